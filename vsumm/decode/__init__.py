"""From a file to frames and sound on the presentation clock.

In: `MediaInfo` and wanted times. Out: `Frame` and `AudioBlock`, and a `DecodeReport`.
Open `frame_reader.py` first: it asks worker processes, whose side begins in `pick_frames.py`.
Likewise `audio_reader.py` asks `sound.py`, and `vsumm/media/info.py` asks `probe.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
