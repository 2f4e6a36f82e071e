"""How long training of the heads takes at the paper's sizes, from a measured part of an epoch.

25,000 pictures, 24,000 clips with their captions, features of the paper's towers in memory.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from mmva_core import MMVA
from mmva_core.config import ModelConfig
from mmva_core.towers import tower_feature_shape
from mmva_core.train import (
    FeatureTable,
    Objective,
    TrainConfig,
    TrainingData,
    epoch_batches,
    mean_pair_distance,
    steps_per_epoch,
)

NUM_IMAGES, NUM_CLIPS = 25_000, 24_000
"""Sizes of IMEMNet-C, rounded."""
STRUCTURES = {
    "image": {"model_type": "clip_vision_model", "projection_dim": 512},
    "music": {"model_type": "hubert", "num_hidden_layers": 12, "hidden_size": 768},
    "caption": {"model_type": "roberta", "num_hidden_layers": 12, "hidden_size": 768},
}
"""What the paper's towers give; their weights are not needed."""
WARM_UP_STEPS = 5


@dataclass(frozen=True)
class TrainingSpeed:
    """Seconds of one step, part by part, and what follows from them."""

    draw_seconds: float
    """Drawing a batch from the tables."""
    loss_seconds: float
    """Forward and backward pass."""
    update_seconds: float
    """The optimiser."""
    num_steps: int
    """Steps of an epoch."""
    num_measured: int
    """Steps that were measured."""
    num_threads: int
    """Threads that PyTorch used."""
    num_weights: int
    """Weights that are trained."""
    batch_bytes: int
    """Features that a step reads."""

    @property
    def step_seconds(self) -> float:
        """One step."""
        return self.draw_seconds + self.loss_seconds + self.update_seconds

    def hours(self, epochs: int) -> float:
        """Extrapolate to a number of epochs."""
        return self.step_seconds * self.num_steps * epochs / 3600


def measure_training(
    num_measured: int, *, device: str = "cpu", num_threads: int | None = None, seed: int = 0
) -> TrainingSpeed:
    """Run some steps of training at the paper's sizes on random features.

    Args:
        num_measured: steps to measure; an epoch is started again where it ends.
        device: "cpu" or "cuda".
        num_threads: threads of PyTorch; its own choice if left out.
        seed: of features, labels and weights.
    """
    torch.set_num_threads(num_threads or torch.get_num_threads())
    torch.manual_seed(seed)
    config = TrainConfig(seed=seed)
    with _paper_model() as model:
        model.to(device).train()
        data = _random_data(model).to(device)
        sigma = mean_pair_distance(data.image.va, data.music.va)
        objective = Objective(model, config.loss_weights()).to(device)
        weights = [weight for weight in objective.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(weights, lr=config.learning_rate, fused=True)
        spent = {"draw": 0.0, "loss": 0.0, "update": 0.0}
        clock = _Clock(device, spent)
        batches = epoch_batches(data, config, 0, sigma, slice(0, config.batch_size))
        batch_bytes = epoch = 0
        for step in range(WARM_UP_STEPS + num_measured):
            if step == WARM_UP_STEPS:
                spent.update(dict.fromkeys(spent, 0.0))
            clock.start()
            batch = next(batches, None)
            if batch is None:
                epoch += 1
                batches = epoch_batches(data, config, epoch, sigma, slice(0, config.batch_size))
                batch = next(batches)
            clock.stop("draw")
            optimizer.zero_grad(set_to_none=True)
            loss, _ = objective(batch)
            loss.backward()
            clock.stop("loss")
            optimizer.step()
            clock.stop("update")
            parts = (batch.image, batch.music, batch.caption)
            batch_bytes = sum(part.inputs["features"].nbytes for part in parts)
        return TrainingSpeed(
            draw_seconds=spent["draw"] / num_measured,
            loss_seconds=spent["loss"] / num_measured,
            update_seconds=spent["update"] / num_measured,
            num_steps=steps_per_epoch(data, config),
            num_measured=num_measured,
            num_threads=torch.get_num_threads(),
            num_weights=sum(weight.numel() for weight in weights),
            batch_bytes=batch_bytes,
        )


class _Clock:
    """Adds up what parts of a step take, one after the other."""

    def __init__(self, device: str, spent: dict[str, float]) -> None:
        self._device = device
        self._spent = spent
        self._last = 0.0

    def start(self) -> None:
        self._last = self._now()

    def stop(self, part: str) -> None:
        now = self._now()
        self._spent[part] += now - self._last
        self._last = now

    def _now(self) -> float:
        if self._device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()


@contextmanager
def _paper_model() -> Iterator[MMVA]:
    """Build the heads for the paper's towers, whose structure alone is given."""
    with TemporaryDirectory() as name:
        for modality, structure in STRUCTURES.items():
            folder = Path(name) / modality
            folder.mkdir()
            (folder / "config.json").write_text(json.dumps(structure), encoding="utf-8")
        yield MMVA(
            ModelConfig(
                image_tower="clip-vit-b32",
                music_tower="mert-v1-95m",
                caption_tower="roberta-base",
                image_weights=f"{name}/image",
                music_weights=f"{name}/music",
                caption_weights=f"{name}/caption",
            )
        )


def _random_data(model: MMVA) -> TrainingData:
    def table(modality: str, num_samples: int, va: Tensor) -> FeatureTable:
        shape = tower_feature_shape(model.config, modality)  # type: ignore[arg-type]
        features = torch.randn((num_samples, *shape))
        ids = tuple(str(number) for number in range(num_samples))
        return FeatureTable(va=va, ids=ids, features=features)

    music_va = torch.rand(NUM_CLIPS, 2)
    return TrainingData(
        image=table("image", NUM_IMAGES, torch.rand(NUM_IMAGES, 2)),
        music=table("music", NUM_CLIPS, music_va),
        caption=table("caption", NUM_CLIPS, music_va),
    )
