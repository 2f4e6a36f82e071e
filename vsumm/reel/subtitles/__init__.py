"""Cut the subtitles of a film with its reel.

In: `MediaInfo` and placed runs. Out: cut tracks for the reel's container, or files beside it.
Open `plan.py` first (which tracks go where), then `load.py` (their cues) and `cut.py`. In the
encoding process `mux.py` writes them; `embedded.py` reads those inside the film.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
