"""What a lower precision of the image tower gains, and what it does to valence and arousal."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from eval.speed.tasks import some_frames
from mmva_core import MMVA
from mmva_core.errors import MmvaError
from vsumm.errors import ModelError


@dataclass(frozen=True)
class PrecisionEffect:
    """bf16 beside fp32."""

    num_images: int
    """Frames that were predicted."""
    fp32_rate: float
    """Frames per second in fp32."""
    bf16_rate: float
    """Frames per second in bf16."""
    largest: tuple[float, ...]
    """Largest difference of valence and of arousal."""
    mean: tuple[float, ...]
    """Mean difference of valence and of arousal, without sign."""


def compare_precisions(model: str, film: Path, *, device: str = "cpu") -> PrecisionEffect:
    """Predict frames of a film in both precisions.

    Raises:
        ModelError: the model cannot be loaded, its tower or the processor has no bf16, or there is
            no such device.
        InputError: the film cannot be read.
    """
    pictures = [frame.pixels for frame in some_frames(str(film))]
    predictions, rates = [], []
    for precision in ("fp32", "bf16"):
        try:
            loaded = MMVA.from_pretrained(model, device=device, precision=precision)
        except MmvaError as error:
            raise ModelError(str(error)) from error
        loaded.predict_images(pictures[:1])  # loads the tower
        start = time.perf_counter()
        predictions.append(loaded.predict_images(pictures))
        rates.append(len(pictures) / (time.perf_counter() - start))
    difference = (predictions[0] - predictions[1]).abs()
    return PrecisionEffect(
        num_images=len(pictures),
        fp32_rate=rates[0],
        bf16_rate=rates[1],
        largest=tuple(difference.amax(0).tolist()),
        mean=tuple(difference.mean(0).tolist()),
    )
