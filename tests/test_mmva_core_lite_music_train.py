import math
import wave
from types import SimpleNamespace

import pytest
import torch

from mmva_core.errors import DataError
from mmva_core.lite import music_windows as music_data
from mmva_core.lite.music_train import (
    MusicRecipe,
    centre_by_piece,
    fit_keyboard_expert,
    train_music_tower,
)
from mmva_core.lite.music_windows import (
    ClipWindows,
    PieceWindows,
    augment_log_mel,
    render_pieces,
)
from mmva_core.towers.music import LiteMusicConfig, LiteMusicTower

CONFIG = LiteMusicConfig(hidden_dim=16)
RECIPE = MusicRecipe(epochs=6, batch_size=64)
NUM_STATISTICS = LiteMusicTower(CONFIG).statistics_mean.numel()
LEVEL = 0  # column of the mean level, which decides whether there is sound


def made_clips(num_windows=256, seed=1):
    """Windows whose valence and arousal each show in thirty statistics."""
    generator = torch.Generator().manual_seed(seed)
    raw = torch.randn(num_windows, 2, NUM_STATISTICS, generator=generator)
    z_scores = torch.randn(num_windows, 2, generator=generator).sign()
    raw[:, :, 30:60] += z_scores[:, None, :1]
    raw[:, :, 60:90] += z_scores[:, None, 1:]
    return ClipWindows(
        statistics=raw,
        z_scores=z_scores,
        tags=raw[:, 0, 4:8] * 2 + 1,
        weights=torch.ones(num_windows),
        clips=tuple(str(n) for n in range(num_windows)),
        groups=tuple(str(n % 7) for n in range(num_windows)),
    )


def made_pieces(num_pieces=6, bars=40, seed=2):
    """Pieces whose arousal follows statistic 9, far from the clips in statistic 20."""
    generator = torch.Generator().manual_seed(seed)
    number = torch.arange(num_pieces).repeat_interleave(bars)
    raw = torch.randn(num_pieces * bars, 3, NUM_STATISTICS, generator=generator)
    raw[:, 1:] = raw[:, :1]
    raw[:, :, 20] += 12
    offsets = torch.randn(num_pieces, 2, generator=generator)
    labels = torch.stack([raw[:, 0, 10], raw[:, 0, 9]], 1) * 0.1 + offsets[number]
    groups = tuple(f"series {int(n) % 3}" for n in number)
    return PieceWindows(raw, raw[:, 0], labels, number, groups)


def correlation(one, other):
    return float(torch.corrcoef(torch.stack([one, other]))[0, 1])


def test_training_learns_valence_and_arousal_of_clips():
    tower = train_music_tower(made_clips(), None, RECIPE, CONFIG)
    unseen = made_clips(seed=9)

    va = tower.encode_statistics(unseen.statistics[:, 0])[:, :2]

    assert correlation(va[:, 0], unseen.z_scores[:, 0]) > 0.4
    assert correlation(va[:, 1], unseen.z_scores[:, 1]) > 0.4


def test_training_is_deterministic_and_leaves_the_random_state_alone():
    before = torch.random.get_rng_state()

    first = train_music_tower(made_clips(), made_pieces(), RECIPE, CONFIG)
    second = train_music_tower(made_clips(), made_pieces(), RECIPE, CONFIG)

    assert all(
        torch.equal(value, second.state_dict()[name]) for name, value in first.state_dict().items()
    )
    assert torch.equal(before, torch.random.get_rng_state())


def test_trained_tower_follows_changes_within_pieces():
    tower = train_music_tower(made_clips(), made_pieces(), RECIPE, CONFIG)
    unseen = made_pieces(seed=5)

    va = centre_by_piece(tower.encode_statistics(unseen.centred)[:, :2], unseen.pieces)
    labels = centre_by_piece(unseen.labels, unseen.pieces)

    assert correlation(va[:, 1], labels[:, 1]) > 0.8
    assert correlation(va[:, 0], labels[:, 0]) > 0.8


def test_gate_opens_for_pieces_only():
    clips, pieces = made_clips(), made_pieces()
    tower = train_music_tower(clips, pieces, RECIPE, CONFIG)

    for_pieces = torch.sigmoid(tower.gate(tower.standardize(pieces.centred)))
    for_clips = torch.sigmoid(tower.gate(tower.standardize(clips.statistics[:, 0])))

    assert float(for_pieces.median()) > 0.9
    assert float(for_clips.median()) < 0.1


def test_gate_stays_shut_without_pieces():
    tower = train_music_tower(made_clips(), None, RECIPE, CONFIG)

    far_away = torch.full((1, NUM_STATISTICS), 100.0)

    assert float(torch.sigmoid(tower.gate(tower.standardize(far_away)))) < 1e-6


def test_keyboard_expert_ignores_what_differs_between_pieces():
    pieces = made_pieces()
    tower = LiteMusicTower(CONFIG)

    fit_keyboard_expert(tower, pieces, RECIPE)

    strongest = tower.keyboard_va.weight.abs().argmax(1)
    assert strongest.tolist() == [10, 9]


def test_centring_by_piece_allows_gaps_in_the_numbers():
    centred = centre_by_piece(torch.tensor([[1.0], [2.0], [6.0]]), torch.tensor([0, 4, 4]))

    assert centred.flatten().tolist() == [0.0, -2.0, 2.0]


def test_altered_spectra_differ_in_gain_within_its_range():
    spectra = torch.full((200, 64, 5), -30.0)

    altered = augment_log_mel(spectra, torch.Generator().manual_seed(0))

    change = (altered - spectra).mean((1, 2))
    assert -24 < float(change.min()) < -10
    assert 3 < float(change.max()) < 12
    assert torch.equal(altered[:, :, 0], altered[:, :, 4])  # nothing moves in time


def test_selected_windows_keep_their_rows_together():
    clips, pieces = made_clips(8), made_pieces(2, 3)

    some = clips.select([group == "3" for group in clips.groups])
    last = pieces.select([int(number) == 1 for number in pieces.pieces])

    assert some.clips == ("3",)
    assert torch.equal(some.statistics[0], clips.statistics[3])
    assert torch.equal(last.labels, pieces.labels[3:])


def test_rendering_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)

    with pytest.raises(DataError, match="fluid-soundfont-gm"):
        render_pieces(tmp_path, tmp_path / "rendered")


def fake_fluidsynth(tmp_path, monkeypatch, body):
    """Put a program in the place of fluidsynth: `body` sees the sound's path as $8."""
    program, font = tmp_path / "fluidsynth", tmp_path / "font.sf2"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    font.touch()
    monkeypatch.setattr("shutil.which", lambda name: str(program))
    monkeypatch.setattr(music_data, "SOUND_FONT", font)
    pieces = SimpleNamespace(paths=(tmp_path / "one.mid", tmp_path / "one.mid"))
    monkeypatch.setattr(music_data, "load_vgmidi", lambda root: pieces)


def test_rendering_makes_one_sound_for_each_piece_and_keeps_it(tmp_path, monkeypatch):
    sound = tmp_path / "made.wav"
    with wave.open(str(sound), "wb") as writer:
        writer.setparams((1, 2, 16000, 0, "NONE", ""))
        writer.writeframes(bytes(3200))
    fake_fluidsynth(tmp_path, monkeypatch, f'cp {sound} "$8"; echo run >> {tmp_path}/runs')

    render_pieces(tmp_path, tmp_path / "rendered")
    render_pieces(tmp_path, tmp_path / "rendered")

    assert [path.name for path in (tmp_path / "rendered").iterdir()] == ["one.wav"]
    assert (tmp_path / "rendered" / "one.wav").read_bytes() == sound.read_bytes()
    assert (tmp_path / "runs").read_text() == "run\n"


@pytest.mark.parametrize("body", ["exit 3", "exit 0", 'echo no sound > "$8"'])
def test_rendering_that_fails_names_the_piece_and_leaves_nothing(tmp_path, monkeypatch, body):
    fake_fluidsynth(tmp_path, monkeypatch, body)

    with pytest.raises(DataError, match=r"one\.mid"):
        render_pieces(tmp_path, tmp_path / "rendered")

    assert list((tmp_path / "rendered").iterdir()) == []


@pytest.mark.dataset
def test_clip_windows_follow_the_tag_table(data_folder):
    from mmva_core.data.open.sets import load_4qaed, subset
    from mmva_core.lite.music_windows import _read_tags, _windows_of_set

    tower = LiteMusicTower()
    tags = _read_tags(data_folder / "music" / "teacher_tags.npz")
    clips = subset(load_4qaed(data_folder), [0, 1])

    windows = _windows_of_set(tower, clips, tags, torch.Generator(), 1, progress=False)

    per_clip = math.floor((15 - tower.window_seconds) / 1.5) + 1
    assert len(windows.clips) == 2 * per_clip
    assert windows.tags.shape == (2 * per_clip, 50)
    assert windows.z_scores.abs().tolist() == [pytest.approx([1.0, 1.0])] * len(windows.clips)
