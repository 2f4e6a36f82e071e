"""Turn any video into a highlight reel within a time budget, offline.

    summary = vsumm.summarize("input.mp4", budget="60s")
    vsumm.export_reel(summary, "reel.mp4")
    summary.to_frame()

Names are loaded on first use, so that `import vsumm` costs next to nothing. Every folder is one
stage of the way from a file to its reel; open `pipeline.py` first.
"""

import lazy_loader

from vsumm._version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
