"""Open music as a music tower hears it that was trained without the artist.

The published tower is trained on every clip. So copies are trained by its recipe, each without the
artists of one fold, and hear that fold. They have no keyboard expert, since the clips are
recordings, and are trained without augmented versions, which take most of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mmva_core.lite import (
    HOP_SECONDS,
    MusicRecipe,
    load_clip_windows,
    tower_va_on_plane,
    train_music_tower,
)
from mmva_core.studies.music_folds import LEVEL_COLUMN, deal_groups
from mmva_core.towers import LiteMusicTower

NUM_FOLDS = 4


@dataclass(frozen=True, eq=False)
class HeldOutClip:
    """A clip of 4QAED or Emotify and what a tower that does not know its artist makes of it."""

    name: str
    """`set/file`."""
    group: str
    """Artist."""
    arousal: float
    """Labelled arousal, in standard deviations of the set."""
    level: float
    """Mean level of its windows, dB."""
    windows: NDArray[np.float32]
    """(W, 4) predicted valence and arousal, start and end in seconds, as in an index."""


def held_out_clips(root: Path, *, seed: int = 0, progress: bool = False) -> list[HeldOutClip]:
    """Train copies of the music tower and let each hear the artists that it does not know.

    Args:
        root: folder of the open sets.
        seed: of the training.
        progress: show progress bars on stderr.

    Raises:
        DataError: data are missing.
    """
    length = LiteMusicTower().window_seconds
    windows = load_clip_windows(LiteMusicTower(), root, num_altered=0, progress=progress)
    folds = deal_groups(windows.groups, NUM_FOLDS)
    va = torch.zeros(len(folds), 2)
    for fold in range(NUM_FOLDS):
        is_held_out = folds == fold
        training = windows.select((~is_held_out).tolist())
        tower = train_music_tower(training, None, MusicRecipe(seed=seed))
        raw = windows.statistics[torch.from_numpy(is_held_out), 0]
        va[torch.from_numpy(is_held_out)] = tower_va_on_plane(tower.encode_statistics(raw))
    rows_of: dict[str, list[int]] = {}
    for row, name in enumerate(windows.clips):
        rows_of.setdefault(name, []).append(row)
    step = round(length / HOP_SECONDS)
    clips = []
    for name, rows in rows_of.items():
        starts = HOP_SECONDS * step * np.arange(len(rows[::step]))
        times = np.stack([starts, starts + length], axis=1)
        clips.append(
            HeldOutClip(
                name=name,
                group=windows.groups[rows[0]],
                arousal=float(windows.z_scores[rows[0], 1]),
                level=float(windows.statistics[rows, 0, LEVEL_COLUMN].mean()),
                windows=np.concatenate([va[rows[::step]].numpy(), times], axis=1).astype(
                    np.float32
                ),
            )
        )
    return clips
