"""Find where a film can be cut: borders of shots, to the frame, and pauses in speech.

In: `MediaInfo`, the pieces of the film where cuts matter, and what was seen of it already.
Out: the first instants of shots, and phrases.
Open `shots.py` first: it asks a worker process, whose side is `shots_job.py`; `detect.py` tells
cuts from motion, and `seen.py` where one may be at all. So do `speech.py` and `speech_job.py`;
`voice.py` is the network.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
