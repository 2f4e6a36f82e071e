"""The weights behind `PictureReader`: a card head, and ImageNet's classes among texts.

Letters in shapes: D size of a feature, C classes, E size of an embedding.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from mmva_core.errors import CheckpointError
from mmva_core.layers import Array
from mmva_core.store import read_arrays, write_whole

HEADS_PATH = Path(__file__).parent.parent / "weights" / "content" / "heads.safetensors"
"""The weights that come with the package."""


@dataclass(frozen=True)
class ContentHeads:
    """Linear maps from features of one image tower; stored in half precision."""

    tower: str
    """Which features they are for, see `mmva_core.towers.image_feature_name`."""
    card_weight: Array
    """(D,), with `card_bias` the log odds that a picture is a card."""
    card_bias: Array
    """(1,)"""
    class_embeds: Array
    """(C, E) the class names among texts, from their mean, along the directions of `basis`."""
    basis: Array
    """(E, 384) orthonormal directions in MiniLM's space."""

    def save(self, path: Path) -> None:
        """Write the weights at once."""
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "tower"}
        halves = {k: np.ascontiguousarray(v, np.float16) for k, v in arrays.items()}
        metadata = {"format": "pt", "tower": self.tower}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda temporary: save_file(halves, temporary, metadata=metadata))


def load_heads(path: Path = HEADS_PATH) -> ContentHeads:
    """Read weights that `ContentHeads.save` wrote.

    Raises:
        CheckpointError: the file is missing, damaged, or holds something else.
    """
    arrays = read_arrays(path)
    with safe_open(path, framework="np") as file:
        tower = (file.metadata() or {}).get("tower", "")
    try:
        return ContentHeads(tower=tower, **arrays)
    except TypeError as error:
        raise CheckpointError(f"{path}: these are not the weights of a picture reader") from error
