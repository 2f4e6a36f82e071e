"""The clips of `mmva-lite` as rows for the trainer, through a trained music tower.

Every window of a clip is a row with the clip's label, which says where it matches, and which its
caption has too. Windows of keyboard pieces (VGMIDI), of which no tags tell, are rows as well, or
the heads would forget what the tower says of such music; their place is the tower's judgement.

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
"""Sentence about every window of VGMIDI; it has no label."""
KEYBOARD_STRIDE = 4
"""Every so many bars of VGMIDI make a row."""
ALWAYS = "always"
"""Fold of rows that are never held out."""
UNSEEN_VA = "unseen_va"
"""Column of the windows: valence and arousal on the plane by a tower that knows no clip of the
window's fold."""


@dataclass(frozen=True, eq=False)
class Recordings:
    """Windows of everything the music tower is trained on."""

    clips: ClipWindows
    """4QAED and Emotify."""
    pieces: PieceWindows
    """VGMIDI, rendered."""


@dataclass(frozen=True, eq=False)
class MusicTables:
    """Rows to train on, and clips to test on."""

    music: FeatureTable
    """(R) windows with their clip's label, or the tower's judgement of keyboard music."""
    caption: FeatureTable
    """(R) the caption of each window's clip with the clip's label."""
    folds: tuple[str, ...]
    """(R) fold of each row, or `ALWAYS`."""
    clips: FeatureTable
    """(M) the middle window of each clip with the clip's label."""


def load_recordings(
    root: Path, rendered: Path, *, seed: int = 0, progress: bool = False
) -> Recordings:
    """Render, read and describe the music of the open sets.

    Args:
        root: folder of the data sets.
        rendered: folder of VGMIDI's sound; what is not there yet is rendered by fluidsynth.
        seed: of the altered versions of windows.
        progress: show progress bars on stderr.

    Raises:
        DataError: data are missing, or pieces are not rendered and fluidsynth is missing.
    """
    render_pieces(root, rendered, progress=progress)
    describing = LiteMusicTower()
    return Recordings(
        load_clip_windows(describing, root, seed=seed, progress=progress),
        load_piece_windows(describing, root, rendered, progress=progress),
    )


@torch.no_grad()
def music_tables(
    tower: LiteMusicTower,
    recordings: Recordings,
    captions: FeatureTable,
    keyboard_caption: Tensor,
    fold_of: Mapping[str, str],
    strangers: Mapping[str, LiteMusicTower],
) -> MusicTables:
    """Make the rows by one tower.

    Args:
        tower: describes and judges the windows.
        recordings: the windows.
        captions: (M) captions of the clips with ids "set/file" and the clips' labels.
        keyboard_caption: (D,) feature of `KEYBOARD_CAPTION`.
        fold_of: fold of each clip, by id.
        strangers: towers that have not heard a fold, by the fold. Their judgement goes into the
            column `UNSEEN_VA`; it is NaN for rows of other folds and for keyboard music.
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
    unseen = torch.full((len(folds), VA_DIMENSIONS), torch.nan)
    for fold, stranger in strangers.items():
        of_fold = torch.tensor([row for row, name in enumerate(folds) if name == fold])
        raw = recordings.clips.statistics[rows[of_fold], 0]
        unseen[of_fold] = judgement_on_plane(stranger.encode_statistics(raw))
    unlabelled = torch.full((num_keyboard, VA_DIMENSIONS), torch.nan)
    return MusicTables(
        music=FeatureTable(
            features=joined,
            va=torch.cat([captions.va[clip_of_row], judgement_on_plane(keyboard)]),
            ids=ids,
            extra={UNSEEN_VA: unseen},
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
        folds: what the tower may not know.
        seed: of its training.
    """
    is_known = [fold_of[clip] not in folds for clip in recordings.clips.clips]
    known = recordings.clips.select(is_known)
    return train_music_tower(known, recordings.pieces, MusicRecipe(seed=seed))


def judgement_on_plane(features: Tensor) -> Tensor:
    """Lay the tower's own valence and arousal, its first two features (R, D), on the plane.

    >>> judgement_on_plane(torch.tensor([[0.0, 1.0, 7.0], [-9.0, 0.0, 7.0]])).round(decimals=3)
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
