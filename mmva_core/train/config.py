"""Settings of training; the defaults are the paper's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import msgspec

from mmva_core.config import Precision, build_config
from mmva_core.train.metrics import HIGHER_IS_BETTER

Matching = Literal["random", "paired"]
"""Any picture with any clip, or a fixed list of pairs (the ablation "No Random Matching")."""


@dataclass(frozen=True)
class TrainConfig:
    """Settings of a training run.

    Raises:
        ValueError: a value cannot be used; the message names the field.
    """

    epochs: int = 1000
    """Passes over the larger of the picture and clip tables."""
    batch_size: int = 128
    """Pairs per step, over all processes."""
    learning_rate: float = 3e-4
    """Initial learning rate of AdamW; it falls along a cosine to 0."""
    weight_decay: float = 0.01
    """AdamW's decoupled weight decay."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Decay rates of AdamW's moment averages."""
    matching: Matching = "random"
    """How pictures are paired with clips."""
    image_weight: float = 1.0
    """Weight of L_VA of the pictures in Eq. 4."""
    music_weight: float = 1.0
    """Weight of L_VA of the clips in Eq. 4."""
    caption_weight: float = 1.0
    """Weight of L_VA of captions, and of sentences without a clip, in Eq. 4."""
    similarity_weight: float = 1.0
    """Weight of L_sim in Eq. 4; unused without a similarity predictor."""
    contrastive: float = 0.0
    """Weight of a contrastive term between clips and captions next to Eq. 4, see
    `mmva_core.train.contrastive`; 0 (the paper) leaves it out."""
    mixup: float = 0.0
    """Alpha of mixup's Beta distribution; 0 (the paper) mixes nothing."""
    precision: Precision = "fp32"
    """Arithmetic of the forward pass; weights and optimiser stay float32."""
    gradient_clip: float | None = None
    """Largest norm of the gradient; None does not clip."""
    validate_every: int = 10
    """Epochs between validations; the last epoch is always validated."""
    checkpoint_every: int = 10
    """Epochs between checkpoints; the last epoch always gets one."""
    select_by: str = "loss"
    """Validation figure that selects the best epoch, such as "loss" or
    "image_arousal_pearson"."""
    seed: int = 0
    """Seed; all random numbers are functions of it and the epoch."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "betas", tuple(self.betas))
        for name in ("epochs", "batch_size", "validate_every", "checkpoint_every"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a positive integer, got {value!r}")
        for name, kind in (("matching", Matching), ("precision", Precision)):
            if getattr(self, name) not in get_args(kind):
                allowed = ", ".join(get_args(kind))
                raise ValueError(f"{name} must be one of {allowed}, got {getattr(self, name)!r}")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be positive, got {self.learning_rate}")
        for name in ("weight_decay", "contrastive", "mixup", *self.loss_weight_names()):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if self.gradient_clip is not None and not self.gradient_clip > 0:
            raise ValueError(f"gradient_clip must be positive, got {self.gradient_clip}")

    @staticmethod
    def loss_weight_names() -> tuple[str, ...]:
        """Return the names of the weights of Eq. 4."""
        return ("image_weight", "music_weight", "caption_weight", "similarity_weight")

    def loss_weights(self) -> dict[str, float]:
        """Return the weights of Eq. 4 by the name of the term."""
        return {n.removesuffix("_weight"): getattr(self, n) for n in self.loss_weight_names()}

    def selects_highest(self) -> bool:
        """Return whether a larger `select_by` is better."""
        return self.select_by.rsplit("_", 1)[-1] in HIGHER_IS_BETTER

    def learning_rate_at(self, step: int, num_steps: int) -> float:
        """Return the learning rate of a step: cosine annealing from `learning_rate` to 0."""
        return self.learning_rate * (1 + math.cos(math.pi * step / num_steps)) / 2

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, one key per field."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainConfig:
        """Rebuild a config from `to_dict`.

        Raises:
            ValueError: a key is unknown or a value cannot be used.
        """
        return build_config(cls, values, "training")
