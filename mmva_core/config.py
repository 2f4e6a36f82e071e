"""The configuration of a model: towers, features and sizes of the heads.

The defaults after the towers are the paper's; the default towers are those of the embedded model
`mmva-lite`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

import msgspec

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

AnyConfig = TypeVar("AnyConfig", bound="DataclassInstance")

Modality = Literal["image", "music", "caption"]
"""The three modalities of the model."""

Precision = Literal["fp32", "bf16"]
"""Arithmetic of a tower; bf16 is less exact, and twice as fast on processors that support it."""

MODALITIES: tuple[Modality, ...] = get_args(Modality)

Pooling = Literal["mean", "max", "std"]
"""Statistics that pool a feature map over space, one number for each channel."""

Geometry = Literal["crop", "rect", "squash"]
"""How a picture is resized for the image tower; see `mmva_core.towers.preprocess`."""

PREPROCESSING_VERSION = 2
"""Raise it whenever pictures, sound or sentences are prepared for the same tower in another way, so
that cached results from before are recomputed (2: FFmpeg's resampler)."""

_TUPLE_FIELDS = ("image_pooling", "image_blocks", "caption_layers", "standardize", "finetune")


@dataclass(frozen=True)
class ModelConfig:
    """Everything needed to rebuild a model; stored as `config.json` beside its weights.

    Raises:
        ValueError: a value cannot be used; the message names the field.
    """

    image_tower: str = "efficientnet-lite0"
    """Name of the image tower, a key of `mmva_core.towers.TOWER_INFO`."""
    music_tower: str = "music-lite"
    """Name of the music tower."""
    caption_tower: str = "minilm-l6"
    """Name of the caption tower."""
    image_weights: str | None = None
    """Local folder or hub id of the image tower's weights; None for the tower's default."""
    music_weights: str | None = None
    """Local folder or hub id of the music tower's weights; None for the tower's default."""
    caption_weights: str | None = None
    """Local folder or hub id of the caption tower's weights; None for the tower's default."""
    image_pooling: tuple[Pooling, ...] = ("mean",)
    """Statistics of EfficientNet-Lite0's last map, concatenated as features."""
    image_blocks: tuple[int, ...] = ()
    """Blocks of EfficientNet-Lite0, from 0, whose channel mean and SD are further features."""
    image_geometry: Geometry = "crop"
    """How a picture is resized for EfficientNet-Lite0."""
    caption_layers: tuple[int, ...] = ()
    """Hidden states of MiniLM, from 0 (word embeddings) to 6, whose means over the words are
    concatenated as features; empty: the mean of the last, scaled to length 1."""
    music_options: dict[str, Any] = field(default_factory=dict)
    """Keyword arguments of the embedded music tower, as JSON values."""
    music_window_seconds: float = 10.0
    """Length of the windows of `predict_music`, seconds."""
    embedding_dim: int = 512
    """Size of the embedding that all modalities share."""
    hidden_dim: int = 512
    """Width of the hidden layers of both predictors."""
    dropout: float = 0.5
    """Dropout probability in both predictors."""
    standardize: tuple[Modality, ...] = ()
    """Modalities whose features buffers standardise before the projection."""
    share_va_predictor: bool = False
    """One VA predictor for all modalities instead of one for each (the paper is silent)."""
    image_va_centres: int = 0
    """Centres of the `KernelPredictor` of pictures; 0 is the paper's VA predictor."""
    image_class_directions: int = 0
    """Directions among texts in which a `ClassKernelPredictor` of pictures compares the names of
    what they show; 0 is a `KernelPredictor`."""
    with_similarity: bool = True
    """Whether there is a similarity predictor; False is the ablation of that name."""
    finetune: tuple[Modality, ...] = ()
    """Modalities whose tower is fine-tuned; its weights then belong to the checkpoint."""
    sigma: float | None = None
    """Scale of Eq. 1, the mean distance over all training pairs; None before training."""

    def __post_init__(self) -> None:
        for name in _TUPLE_FIELDS:
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name, allowed in (
            ("image_pooling", get_args(Pooling)),
            ("image_geometry", get_args(Geometry)),
            ("standardize", MODALITIES),
            ("finetune", MODALITIES),
        ):
            value = getattr(self, name)
            unknown = sorted(set(value if isinstance(value, tuple) else [value]) - set(allowed))
            if unknown:
                raise ValueError(f"{name} must be taken from {', '.join(allowed)}, got {unknown}")
        if not self.image_pooling and not self.image_blocks:
            raise ValueError("image_pooling and image_blocks cannot both be empty")
        for name, least in (
            ("embedding_dim", 1),
            ("hidden_dim", 1),
            ("image_va_centres", 0),
            ("image_class_directions", 0),
        ):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must lie in [0, 1), got {self.dropout}")
        if not self.music_window_seconds > 0:
            raise ValueError(
                f"music_window_seconds must be positive, got {self.music_window_seconds}"
            )
        if self.share_va_predictor and self.image_va_centres:
            raise ValueError("a VA predictor that all modalities share has no centres")
        if self.image_class_directions and not self.image_va_centres:
            raise ValueError("image_class_directions are for a VA predictor with image_va_centres")
        if self.sigma is not None and not self.sigma > 0:
            raise ValueError(f"sigma must be positive, got {self.sigma}")

    def tower_name(self, modality: Modality) -> str:
        """Return the name of one modality's tower."""
        return str(getattr(self, f"{modality}_tower"))

    def tower_weights(self, modality: Modality) -> str | None:
        """Return the source of one modality's tower weights, None for the tower's default."""
        weights = getattr(self, f"{modality}_weights")
        return None if weights is None else str(weights)

    def with_sigma(self, sigma: float) -> ModelConfig:
        """Return a copy with the scale of Eq. 1."""
        return replace(self, sigma=sigma)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, one key per field."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Rebuild a config from `to_dict`.

        Raises:
            ValueError: a key is unknown or a value cannot be used.
        """
        return build_config(cls, values, "model")


def build_config(kind: type[AnyConfig], values: Mapping[str, Any], what: str) -> AnyConfig:
    """Make a config from values by field, which the config checks itself.

    msgspec.convert would ignore unknown keys, and its messages name no field of ours.

    Raises:
        ValueError: a key is unknown or a value cannot be used.
    """
    unknown = sorted(set(values) - {entry.name for entry in fields(kind)})
    if unknown:
        raise ValueError(f"unknown {what} settings: {', '.join(unknown)}")
    return kind(**values)


PAPER_CONFIG = ModelConfig(
    image_tower="clip-vit-b32",
    music_tower="mert-v1-95m",
    caption_tower="roberta-base",
    music_window_seconds=10.0,
)
"""The paper's MMVA (Choi, Kim, Kang 2025): CLIP ViT-B/32, MERT-v1-95M, RoBERTa-base."""
