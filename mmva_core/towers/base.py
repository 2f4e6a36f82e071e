"""Base classes of the towers: frozen encoders whose features enter the model.

A tower maps preprocessed input to features of fixed shape. The classes with weights are in
`lite.py` (weights from pip packages), `paper.py` (the paper's towers) and `music.py` (our music
network).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from mmva_core.config import Precision
from mmva_core.errors import PrecisionError
from mmva_core.towers.geometry import ImageArray


class Tower(nn.Module):
    """Base of the towers: features of fixed shape from preprocessed input.

    Subclasses implement `forward` and the preparation of their modality's raw input: `preprocess`
    for pictures, `sample_rate` for music, `tokenize` for captions.
    """

    feature_shape: tuple[int, ...]
    """Shape of one feature: (D,), or (L, D) for L hidden states."""

    def save_structure(self, folder: Path) -> None:
        """Write the files that rebuild the tower without its source, weights excluded.

        No file if an installed package and the config suffice.
        """

    def fingerprint(self) -> str:
        """Hash everything that decides the features: class, settings and weights."""
        digest = hashlib.sha256(f"{type(self).__name__} {self.extra_repr()}".encode())
        for name, tensor in sorted(self.state_dict().items()):
            digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            values = tensor.detach().cpu().contiguous()
            if values.dtype == torch.bfloat16:  # NumPy has none
                values = values.float()
            digest.update(values.numpy().tobytes())
        return digest.hexdigest()


class ImageTower(Tower):
    """A tower for pictures."""

    def preprocess(self, images: Sequence[ImageArray]) -> Tensor:
        """Convert uint8 RGB arrays (H, W, 3) to `pixel_values` (N, 3, S, T) of one shape."""
        raise NotImplementedError

    def output_shape(self, image: ImageArray) -> tuple[int, int]:
        """Return the size (height, width) of a picture after `preprocess`."""
        raise NotImplementedError

    def use_precision(self, precision: Precision) -> None:
        """Compute in another precision from now on.

        Raises:
            PrecisionError: the tower or the processor lacks it.
        """
        if precision != "fp32":
            raise PrecisionError(
                f"precision {precision} is for the image tower clip-vit-b32 only; use fp32"
            )


class WaveformTower(Tower):
    """A tower for windows of sound, `input_values` (B, T) float32 at `sample_rate`."""

    sample_rate: int
    """Sample rate of the input, Hz."""
    windows_at_once: int | None = None
    """Windows of one recording that a CPU takes together; None: as many as separate ones."""

    def encode_windows(self, samples: Tensor, starts: Sequence[int], length: int) -> Tensor:
        """Encode windows of one recording, which may overlap.

        Args:
            samples: (T,) float32 at `sample_rate`.
            starts: first samples of B windows.
            length: samples of a window.

        Returns:
            (B, *feature_shape).
        """
        encoded: Tensor = self(torch.stack([samples[start : start + length] for start in starts]))
        return encoded


class CaptionTower(Tower):
    """A tower for sentences."""

    def tokenize(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """Convert sentences to `input_ids` and `attention_mask`, both (N, T) int64."""
        raise NotImplementedError
