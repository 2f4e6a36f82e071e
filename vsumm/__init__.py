"""Turn any video into a highlight reel within a time budget, offline, scored by arousal.

    summary = vsumm.summarize("input.mp4")
    vsumm.export_reel(summary, "reel.mp4")
    summary.to_frame()

Names are loaded on first use, so that `import vsumm` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from vsumm._version import __version__ as __version__

if TYPE_CHECKING:
    from vsumm.config import SummaryConfig
    from vsumm.errors import (
        InputError,
        ModelError,
        NoSignalError,
        OutputError,
        ScoresError,
        VsummError,
    )
    from vsumm.media.info import MediaInfo
    from vsumm.media.segments import Segment
    from vsumm.pipeline import summarize
    from vsumm.reel.compose.options import Composition
    from vsumm.reel.export import export_reel
    from vsumm.score.model_source import load_model
    from vsumm.summary import ScoredSegment, Summary

_HOME = {
    "Composition": "vsumm.reel.compose.options",
    "InputError": "vsumm.errors",
    "MediaInfo": "vsumm.media.info",
    "ModelError": "vsumm.errors",
    "NoSignalError": "vsumm.errors",
    "OutputError": "vsumm.errors",
    "ScoredSegment": "vsumm.summary",
    "ScoresError": "vsumm.errors",
    "Segment": "vsumm.media.segments",
    "Summary": "vsumm.summary",
    "SummaryConfig": "vsumm.config",
    "VsummError": "vsumm.errors",
    "export_reel": "vsumm.reel.export",
    "load_model": "vsumm.score.model_source",
    "summarize": "vsumm.pipeline",
}

__all__ = [
    "Composition",
    "InputError",
    "MediaInfo",
    "ModelError",
    "NoSignalError",
    "OutputError",
    "ScoredSegment",
    "ScoresError",
    "Segment",
    "Summary",
    "SummaryConfig",
    "VsummError",
    "export_reel",
    "load_model",
    "summarize",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'vsumm' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
