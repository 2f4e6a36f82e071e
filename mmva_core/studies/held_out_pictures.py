"""Open pictures as picture heads see them that were fitted without the theme.

The published heads are fitted on every picture. Kernel ridge regression says in closed form what a
fit without a theme predicts of it. Augmented views, which take most of the time, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmva_core.data.open import load_oasis
from mmva_core.lite import build_lite, fit_images, load_picture_views

VIEWS = ("whole", "centre")


@dataclass(frozen=True, eq=False)
class HeldOutPicture:
    """A picture of OASIS and what heads that do not know its theme make of it."""

    name: str
    """File in the set."""
    theme: str
    """What it shows; several pictures may show nearly the same."""
    arousal: float
    """Mean of about 100 people's ratings, on the scale of `mmva_core.data.open`."""
    va: NDArray[np.float64]
    """(2,) predicted valence and arousal."""


def held_out_pictures(
    root: Path, cache: Path, *, seed: int = 0, progress: bool = False
) -> list[HeldOutPicture]:
    """Predict each picture of OASIS without its theme.

    Args:
        root: folder of the open sets.
        cache: folder of cached features.
        seed: of the model.
        progress: show progress bars on stderr.

    Raises:
        DataError: the pictures are missing.
    """
    model, items = build_lite(seed), load_oasis(root)
    table = load_picture_views(model, items, cache, views=VIEWS, progress=progress)
    va = fit_images(model, table).double().numpy()
    rows = zip(items.ids, items.groups, items.va[:, 1].tolist(), va, strict=True)
    return [HeldOutPicture(*row) for row in rows]
