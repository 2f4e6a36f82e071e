"""Listening to a part of a file: times count from the beginning of its sound."""

import numpy as np
import pytest
from speech import SAMPLE_RATE, write_sound
from test_vsumm_soundtrack_beats import times_of

from vsumm.soundtrack.rhythm import listen


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    rng = np.random.default_rng(0)
    true = times_of(100, 30)
    samples = 0.002 * rng.standard_normal(30 * SAMPLE_RATE)
    for time in true:
        first = round(time * SAMPLE_RATE)
        part = samples[first : first + 1000]
        part += 0.4 * rng.standard_normal(len(part)) * np.exp(-np.arange(len(part)) / 200)
    path = tmp_path_factory.mktemp("song") / "song.wav"
    return write_sound(path, np.clip(samples, -1, 1)), true


@pytest.mark.parametrize("part", [(0, 30), (11.3, 24.9), (20, 99)])
def test_beats_of_a_part_are_those_of_the_whole(song, part):
    path, true = song
    beats = listen(path, *part)
    inside = [time for time in true if part[0] + 1 < time < min(part[1], 30) - 1]
    distances = [np.abs(beats.seconds - time).min() for time in inside]
    assert max(distances) < 0.03
    assert beats.tempo == pytest.approx(100, rel=0.01)


def test_a_file_that_cannot_be_read_has_no_beats(tmp_path):
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"no music" * 100)
    assert len(listen(broken, 0, 10).seconds) == 0
    assert len(listen(tmp_path / "missing.mp3", 0, 10).seconds) == 0
