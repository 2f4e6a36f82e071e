"""Write the reel: cut, compose, encode.

In: a `Summary`, or runs of films. Out: a video file, written whole or not at all.

    export.py   -> plan.py (checks) -> layout.py (places) -> encoding process: job.py -> write.py
    write.py    -> picture_track.py, sound_track.py -> place_*.py

Open `export.py` first. `config.py` holds the settings, `compose/` adds cross-fades, titles and
soundtracks, `copy/` copies H.264 without encoding, `joined/` takes several films.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
