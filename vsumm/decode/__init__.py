"""From a file to frames and sound on the presentation clock.

In: `MediaInfo` and wanted times. Out: `Frame` and `AudioBlock`, and a `DecodeReport`.
Open `readers.py` first: it asks worker processes, whose side begins in `jobs.py`
(`pick_frames.py` for frames, `sound.py` for sound, `probe.py` for the streams).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
