"""The weights behind `PictureReader`: a card head, and ImageNet's classes among texts.

Letters in shapes: D size of a feature, C classes, E size of an embedding.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from mmva_core.errors import CheckpointError
from mmva_core.store import read_tensors, write_whole

HEADS_PATH = Path(__file__).parent.parent / "weights" / "content" / "heads.safetensors"
"""The weights that come with the package."""


@dataclass(frozen=True)
class ContentHeads:
    """Linear maps from features of one image tower; stored in half precision."""

    tower: str
    """Which features they are for, see `tower_name`."""
    card_weight: Tensor
    """(D,), with `card_bias` the log odds that a picture is a card."""
    card_bias: Tensor
    """(1,)"""
    class_embeds: Tensor
    """(C, E) the class names among texts, from their mean, along the directions of `basis`."""
    basis: Tensor
    """(E, 384) orthonormal directions in MiniLM's space."""

    def save(self, path: Path) -> None:
        """Write the weights at once."""
        tensors = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "tower"}
        halves = {name: tensor.half().contiguous() for name, tensor in tensors.items()}
        metadata = {"format": "pt", "tower": self.tower}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda temporary: save_file(halves, temporary, metadata=metadata))


def load_heads(path: Path = HEADS_PATH) -> ContentHeads:
    """Read weights that `ContentHeads.save` wrote.

    Raises:
        CheckpointError: the file is missing, damaged, or holds something else.
    """
    tensors = read_tensors(path)
    with safe_open(path, framework="pt") as file:
        tower = (file.metadata() or {}).get("tower", "")
    try:
        return ContentHeads(tower=tower, **tensors)
    except TypeError as error:
        raise CheckpointError(f"{path}: these are not the weights of a picture reader") from error
