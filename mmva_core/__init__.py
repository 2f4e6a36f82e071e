"""MMVA: images, music and musical captions on one valence/arousal plane.

Names are loaded when they are first used, so that `import mmva_core` does not bring torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmva_core.config import ModelConfig as ModelConfig
    from mmva_core.errors import CheckpointError as CheckpointError
    from mmva_core.errors import DataError as DataError
    from mmva_core.errors import MissingExtraError as MissingExtraError
    from mmva_core.errors import MmvaError as MmvaError
    from mmva_core.model import MMVA as MMVA
    from mmva_core.outputs import MMVAOutput as MMVAOutput
    from mmva_core.train.config import TrainConfig as TrainConfig
    from mmva_core.train.loop import train as train_model

__all__ = [
    "MMVA",
    "CheckpointError",
    "DataError",
    "MMVAOutput",
    "MissingExtraError",
    "MmvaError",
    "ModelConfig",
    "TrainConfig",
    "train_model",
]

_HOMES = {
    "MMVA": ("mmva_core.model", "MMVA"),
    "CheckpointError": ("mmva_core.errors", "CheckpointError"),
    "DataError": ("mmva_core.errors", "DataError"),
    "MMVAOutput": ("mmva_core.outputs", "MMVAOutput"),
    "MissingExtraError": ("mmva_core.errors", "MissingExtraError"),
    "MmvaError": ("mmva_core.errors", "MmvaError"),
    "ModelConfig": ("mmva_core.config", "ModelConfig"),
    "TrainConfig": ("mmva_core.train.config", "TrainConfig"),
    # Not "train": the module of that name is a part of the package and would hide it.
    "train_model": ("mmva_core.train.loop", "train"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
