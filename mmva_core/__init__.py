"""MMVA: images, music and musical captions on one valence/arousal plane."""

from mmva_core.config import ModelConfig
from mmva_core.errors import CheckpointError, DataError, MissingExtraError, MmvaError
from mmva_core.model import MMVA
from mmva_core.outputs import MMVAOutput

__all__ = [
    "MMVA",
    "CheckpointError",
    "DataError",
    "MMVAOutput",
    "MissingExtraError",
    "MmvaError",
    "ModelConfig",
]
