"""Towers that hear only artists they do not know."""

from pathlib import Path

import numpy as np
import torch

from mmva_core.lite import ClipWindows
from mmva_core.studies import held_out_music
from mmva_core.towers import LiteMusicTower

NUM_WINDOWS = 7
"""Of a clip of 15 s."""


def windows_of(num_clips):
    size = LiteMusicTower().statistics_mean.shape[0]
    count = num_clips * NUM_WINDOWS
    generator = torch.Generator().manual_seed(0)
    clips = [f"4qaed/{n // NUM_WINDOWS}" for n in range(count)]
    return ClipWindows(
        statistics=torch.randn(count, 2, size, generator=generator),
        z_scores=torch.randn(count, 2, generator=generator),
        tags=torch.randn(count, 5, generator=generator),
        weights=torch.ones(count),
        clips=tuple(clips),
        groups=tuple(f"artist {int(name.partition('/')[2]) // 2}" for name in clips),
    )


def test_no_tower_hears_an_artist_that_it_was_trained_on(monkeypatch):
    windows = windows_of(16)
    trained = []
    train = held_out_music.train_music_tower

    def spy(clips, pieces, recipe):
        trained.append(set(clips.groups))
        return train(clips, pieces, recipe)

    monkeypatch.setattr(held_out_music, "load_clip_windows", lambda *_, **__: windows)
    monkeypatch.setattr(held_out_music, "train_music_tower", spy)
    clips = held_out_music.held_out_clips(Path())
    artists = set(windows.groups)
    left_out = [artists - own for own in trained]
    assert len(left_out) == held_out_music.NUM_FOLDS
    assert set().union(*left_out) == artists
    assert sum(map(len, left_out)) == len(artists)
    assert [clip.name for clip in clips] == list(dict.fromkeys(windows.clips))
    assert clips[3].windows[:, 2:].tolist() == [[0, 6], [6, 12]]
    assert clips[3].arousal == float(windows.z_scores[3 * NUM_WINDOWS, 1])
    assert all(np.isfinite(clip.windows).all() for clip in clips)
