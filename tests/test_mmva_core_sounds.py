"""Soundtracks mixed from made recordings, and a network trained on them."""

import av
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from mmva_core.errors import DataError
from mmva_core.sounds import noises, recordings
from mmva_core.sounds.mix import ABSENT_DB, PRESENT_DB, STEP, STRIP_SECONDS, Mixer, at_level
from mmva_core.sounds.network import SoundKindNet
from mmva_core.sounds.noises import MAKERS, SAMPLE_RATE
from mmva_core.sounds.recordings import SOURCES, Recordings, Source
from mmva_core.sounds.train import (
    NUM_FOLDS,
    SoundKindRecipe,
    deal_groups,
    mix_fold,
    train_sound_kinds,
)
from mmva_core.towers.sound_kind import SOUND_KINDS, load_sound_kinds

SECOND = SAMPLE_RATE
RECIPE = SoundKindRecipe(strips=2, epochs=2, batch_size=8, seed=1)


def made(seed, groups=NUM_FOLDS, seconds=3):
    """Groups of tones in noise, a pitch each."""
    random = np.random.default_rng(seed)
    time = np.arange(seconds * SECOND) / SECOND
    return {
        f"group {number}": [
            (8000 * np.sin(2 * np.pi * (200 + 100 * number) * time)).astype(np.int16)
            + random.integers(-500, 500, len(time), dtype=np.int16)
        ]
        for number in range(groups)
    }


@pytest.fixture
def mixer():
    return Mixer(made(0), made(1), made(2), np.random.default_rng(3))


@pytest.mark.parametrize("maker", MAKERS)
def test_noises_are_sound_of_the_wanted_length(maker):
    for length in (STEP, 3 * SECOND + 17):
        sound = maker(np.random.default_rng(0), length)
        assert sound.shape == (length,)
        assert sound.dtype == np.float32
        assert np.isfinite(sound).all()
        assert sound.std() > 0


def test_a_room_keeps_the_level_and_lengthens_the_sound():
    click = np.zeros(SECOND, np.float32)
    click[100] = 1
    wet = noises.reverberate(np.random.default_rng(0), click)
    assert np.abs(wet[1000:]).max() > 0
    assert np.abs(wet[:100]).max() < 1e-6


def test_level_is_the_root_mean_square():
    sound = at_level(np.random.default_rng(0).normal(size=999).astype(np.float32), -20.0)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(0.1, rel=1e-4)
    assert (at_level(np.zeros(9, np.float32), -20.0) == 0).all()


def test_strips_are_whole_and_labelled_by_half_seconds(mixer):
    strip = mixer.strip()
    assert strip.samples.shape == (STRIP_SECONDS * SECOND,)
    assert np.abs(strip.samples).max() <= 1.2  # a codec may overshoot
    assert strip.labels.shape == strip.weights.shape == (2 * STRIP_SECONDS, len(SOUND_KINDS))
    assert set(np.unique(strip.labels)) <= {0.0, 1.0}
    assert (strip.weights[strip.labels == 1] == 1).all()


def test_the_same_seed_mixes_the_same_strip():
    first, second = (
        Mixer(made(0), made(1), made(2), np.random.default_rng(3)).strip() for _ in range(2)
    )
    assert np.array_equal(first.samples, second.samples)
    assert np.array_equal(first.labels, second.labels)


def test_a_kind_is_there_where_its_layer_is_loud_enough():
    from mmva_core.sounds.mix import _labels

    random = np.random.default_rng(0)
    layers = np.stack([random.normal(size=6 * STEP) for _ in range(4)]).astype(np.float32)
    layers *= np.array([0.1, 0.1, 0.1, 1e-6], np.float32)[:, None]
    layers[0, 2 * STEP : 4 * STEP] *= 10 ** (ABSENT_DB[0] / 20) / 3  # hidden under the others
    layers[0, 4 * STEP :] *= 10 ** (PRESENT_DB[0] / 20) / 2  # neither heard nor hidden
    labels, weights = _labels(layers)
    assert labels[:, 0].tolist() == [1, 1, 0, 0, 0, 0]
    assert weights[:, 0].tolist() == [1, 1, 1, 1, 0, 0]
    assert labels[:, 1].tolist() == [1] * 6


def test_folds_share_no_group():
    folds = deal_groups(made(0, groups=7))
    assert set(folds.values()) == set(range(NUM_FOLDS))
    assert len(folds) == 7


def test_strips_of_a_fold_are_what_the_network_takes():
    table = mix_fold(Recordings(made(0), made(1), made(2)), 0, RECIPE)
    assert table.spectra.shape == (2, 2 * STRIP_SECONDS, 64, 25)
    assert table.labels.shape == table.weights.shape == (2, 2 * STRIP_SECONDS, 3)


def test_training_writes_weights_that_load_and_says_how_good_they_are(tmp_path):
    target = tmp_path / "sound-kinds.safetensors"
    lines = list(train_sound_kinds(Recordings(made(0), made(1), made(2)), target, RECIPE))
    assert [line.split()[0] for line in lines] == [*SOUND_KINDS, "weights:"]
    assert all("level alone" in line for line in lines[:-1])
    load_sound_kinds(target)
    fresh = SoundKindNet().state_dict()
    stored = load_file(target)
    assert stored.keys() == fresh.keys()
    assert not torch.equal(stored["kinds.weight"].float(), fresh["kinds.weight"])
    assert target.stat().st_size < 200_000


def write_wave(path, seconds=1.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=SECOND, layout="mono")
        samples = (8000 * np.sin(np.arange(int(seconds * SECOND)))).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = SECOND
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def test_files_of_a_package_are_grouped_by_folder_and_cut_to_length(tmp_path):
    for name in ("de/a.wav", "de/b.wav", "de_young/c.wav", "fr/d.wav", "fr/music.wav"):
        write_wave(tmp_path / "voices" / "sounds" / name)
    source = Source("voices", "speech", "sounds", "folder", leave_out="music", most_seconds=2.5)
    groups = {}
    recordings._read_source(source, tmp_path, groups, np.random.default_rng(0))
    lengths = {name: sum(map(len, sounds)) / SECOND for name, sounds in groups.items()}
    assert lengths == pytest.approx({"voices/de": 2.5, "voices/fr": 1.0}, abs=0.01)


def test_a_missing_package_is_named(tmp_path):
    with pytest.raises(DataError, match="unpack the Debian package"):
        recordings._read_source(SOURCES[0], tmp_path, {}, np.random.default_rng(0))


def test_a_missing_program_is_named(tmp_path):
    with pytest.raises(DataError, match="no-such-program is missing"):
        recordings._run(["no-such-program"], tmp_path)


def test_sources_hold_every_kind():
    assert {source.kind for source in SOURCES} == set(SOUND_KINDS)
