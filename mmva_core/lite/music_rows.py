"""Training rows of music for `mmva-lite`: the windows of clips, encoded by a music tower.

Every window of a clip is a row with the label of the clip, which is also the label of its caption.
Windows of keyboard pieces (VGMIDI) are rows as well, so that the heads learn the tower's
predictions for such music; their labels are those predictions, since the pieces have no tags.

Letters in shapes: M clips, R rows (windows), D size of a feature.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mmva_core.data.open import PLANE_CENTRE, PLANE_DEVIATION
from mmva_core.heads import VA_DIMENSIONS
from mmva_core.lite.music_train import MusicRecipe, train_music_tower
from mmva_core.lite.music_windows import (
    ClipWindows,
    PieceWindows,
    load_clip_windows,
    load_piece_windows,
    render_pieces,
)
from mmva_core.towers import LiteMusicTower
from mmva_core.train import FeatureTable

KEYBOARD_CAPTION = "A piece of solo keyboard music."
"""Caption of every window of VGMIDI; it has no label."""
KEYBOARD_STRIDE = 4
"""Bars of VGMIDI per row."""
ALWAYS = "always"
"""Fold of rows that are never held out."""
HELD_OUT_VA = "held_out_va"
"""Column of the windows: valence and arousal predicted by a tower trained without the window's
fold."""


@dataclass(frozen=True, eq=False)
class Recordings:
    """All training windows of the music tower."""

    clips: ClipWindows
    """4QAED and Emotify."""
    pieces: PieceWindows
    """VGMIDI, rendered."""


@dataclass(frozen=True, eq=False)
class MusicTables:
    """Music for training and for testing."""

    music: FeatureTable
    """(R) windows with the label of their clip; for keyboard music, the tower's prediction."""
    caption: FeatureTable
    """(R) caption of the clip of each window, with the clip's label."""
    folds: tuple[str, ...]
    """(R) fold of each row, or `ALWAYS`."""
    clips: FeatureTable
    """(M) middle window of each clip, with the clip's label."""


def load_recordings(
    root: Path, rendered: Path, *, seed: int = 0, progress: bool = False
) -> Recordings:
    """Render and read the music of the open sets and compute its statistics.

    Args:
        root: folder of the data sets.
        rendered: folder of VGMIDI's sound; fluidsynth renders missing files.
        seed: seed of the augmented versions of windows.
        progress: show progress bars on stderr.

    Raises:
        DataError: data are missing, or fluidsynth is missing and pieces are not rendered.
    """
    render_pieces(root, rendered, progress=progress)
    tower = LiteMusicTower()
    return Recordings(
        load_clip_windows(tower, root, seed=seed, progress=progress),
        load_piece_windows(tower, root, rendered, progress=progress),
    )


@torch.no_grad()
def music_tables(
    tower: LiteMusicTower,
    recordings: Recordings,
    captions: FeatureTable,
    keyboard_caption: Tensor,
    fold_of: Mapping[str, str],
    held_out_towers: Mapping[str, LiteMusicTower],
) -> MusicTables:
    """Encode the windows by one tower.

    Args:
        tower: encodes the windows.
        recordings: the windows.
        captions: (M) captions of the clips with ids "set/file" and the clips' labels.
        keyboard_caption: (D,) feature of `KEYBOARD_CAPTION`.
        fold_of: fold of each clip, by id.
        held_out_towers: by fold, a tower trained without it. Its predictions fill the column
            `HELD_OUT_VA`, which is NaN for rows of other folds and for keyboard music.
    """
    chosen = _windows_of(recordings.clips.clips, captions.ids)
    rows = chosen.flatten()
    features = tower.encode_statistics(recordings.clips.statistics[rows, 0])
    keyboard = tower.encode_statistics(recordings.pieces.centred[::KEYBOARD_STRIDE])
    num_keyboard = len(keyboard)
    clip_of_row = torch.arange(len(captions)).repeat_interleave(chosen.shape[1])
    names = [captions.ids[clip] for clip in clip_of_row.tolist()]
    ids = (
        *(f"{name} window {row}" for name, row in zip(names, rows.tolist(), strict=True)),
        *(f"vgmidi bar {number * KEYBOARD_STRIDE}" for number in range(num_keyboard)),
    )
    joined = torch.cat([features, keyboard])
    folds = (*(fold_of[name] for name in names), *[ALWAYS] * num_keyboard)
    held_out_va = torch.full((len(folds), VA_DIMENSIONS), torch.nan)
    for fold, held_out_tower in held_out_towers.items():
        of_fold = torch.tensor([row for row, name in enumerate(folds) if name == fold])
        raw = recordings.clips.statistics[rows[of_fold], 0]
        held_out_va[of_fold] = tower_va_on_plane(held_out_tower.encode_statistics(raw))
    unlabelled = torch.full((num_keyboard, VA_DIMENSIONS), torch.nan)
    return MusicTables(
        music=FeatureTable(
            features=joined,
            va=torch.cat([captions.va[clip_of_row], tower_va_on_plane(keyboard)]),
            ids=ids,
            extra={HELD_OUT_VA: held_out_va},
        ),
        caption=FeatureTable(
            features=torch.cat(
                [captions.features[clip_of_row], keyboard_caption.expand(num_keyboard, -1)]
            ),
            va=torch.cat([captions.va[clip_of_row], unlabelled]),
            ids=ids,
        ),
        folds=folds,
        clips=FeatureTable(
            features=features.reshape(*chosen.shape, -1)[:, 0],
            va=captions.va,
            ids=captions.ids,
            groups=captions.groups,
        ),
    )


def train_tower_without(
    recordings: Recordings, fold_of: Mapping[str, str], folds: Collection[str], seed: int
) -> LiteMusicTower:
    """Train a music tower on the clips of all other folds, and on all keyboard pieces.

    Args:
        recordings: windows of the music.
        fold_of: fold of each clip, by id.
        folds: folds to train without.
        seed: seed of the training.
    """
    is_training = [fold_of[clip] not in folds for clip in recordings.clips.clips]
    training = recordings.clips.select(is_training)
    return train_music_tower(training, recordings.pieces, MusicRecipe(seed=seed))


def tower_va_on_plane(features: Tensor) -> Tensor:
    """Map the tower's predicted z-scores, its first two features (R, D), to valence and arousal.

    >>> tower_va_on_plane(torch.tensor([[0.0, 1.0, 7.0], [-9.0, 0.0, 7.0]])).round(decimals=3)
    tensor([[0.5000, 0.7000],
            [0.0000, 0.5000]])
    """
    return (PLANE_CENTRE + PLANE_DEVIATION * features[:, :VA_DIMENSIONS]).clamp(0, 1)


def _windows_of(clips: Sequence[str], ids: Sequence[str]) -> Tensor:
    """Return (M, 3) windows of each clip: the middle one, the first and the last."""
    windows: dict[str, list[int]] = {}
    for window, clip in enumerate(clips):
        windows.setdefault(clip, []).append(window)
    return torch.tensor(
        [[own[len(own) // 2], own[0], own[-1]] for own in (windows[name] for name in ids)]
    )
