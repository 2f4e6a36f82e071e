from bisect import bisect_right

import numpy as np
import pytest
from films import BEEP_SECONDS, find_beeps, is_flash, make_film, read_frame_number

from vsumm.decode import read_audio, read_frames
from vsumm.errors import NoSignalError
from vsumm.probe import probe

AUDIO_TOLERANCE_SECONDS = 0.005
"""Codecs smear the beginning of a tone over a few milliseconds."""


def numbers_at(path, times, **options):
    with read_frames(probe(path), times, **options) as reader:
        return [read_frame_number(frame.pixels) for frame in reader]


def sound_of(path, *, track=0):
    with read_audio(probe(path), track=track) as reader:
        return np.concatenate([block.samples for block in reader])


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov", ".avi", ".ts", ".flv", ".gif"])
def test_frames_are_those_on_screen(tmp_path, suffix):
    path = make_film(tmp_path / f"film{suffix}", seconds=4)
    start = probe(path).video.start_seconds
    times = [start + time for time in (0.02, 1.0, 1.99, 3.5)]
    assert numbers_at(path, times) == [0, 25, 49, 87]


def test_frames_of_a_variable_rate_film(tmp_path):
    frame_times = [0, 0.1, 0.5, 2, 2.04, 3, 5.5]
    path = make_film(tmp_path / "film.mp4", frame_times=frame_times)
    times = [0.05, 0.5, 1.9, 2.03, 2.99, 5.4]
    assert numbers_at(path, times) == [bisect_right(frame_times, time) - 1 for time in times]


def test_flash_and_beep_share_one_clock(tmp_path):
    path = make_film(
        tmp_path / "film.ts", flashes=[3], beeps=[3], video_start_seconds=0.6,
        start_offset_seconds=36000,
    )  # fmt: skip
    times = np.arange(0, 5.9, 0.04)
    with read_frames(probe(path), times) as reader:
        flash = next(frame.time_seconds for frame in reader if is_flash(frame.pixels))
    beep = find_beeps(sound_of(path), 16000)[0]
    assert abs(flash - beep) < 0.04 + 0.02


def test_sound_is_the_mean_of_its_channels(tmp_path):
    path = make_film(tmp_path / "film.mkv", layout="5.1", audio_codec="flac", beeps=[2])
    samples = sound_of(path)
    beep = samples[2 * 16000 : int((2 + BEEP_SECONDS) * 16000)]
    assert abs(np.abs(beep[800:-800]).max() - 0.8) < 0.05
    assert find_beeps(samples, 16000) == pytest.approx([2], abs=AUDIO_TOLERANCE_SECONDS)


def test_late_sound_is_preceded_by_silence(tmp_path):
    path = make_film(tmp_path / "film.mp4", audio_start_seconds=1.5, beeps=[3])
    samples = sound_of(path)
    assert np.abs(samples[: int(1.4 * 16000)]).max() == 0
    assert find_beeps(samples, 16000) == pytest.approx([3], abs=AUDIO_TOLERANCE_SECONDS)


def test_missing_track_is_an_error(tmp_path):
    info = probe(make_film(tmp_path / "film.mp4", audio=False))
    with pytest.raises(NoSignalError, match="no audio track 0"):
        read_audio(info)
