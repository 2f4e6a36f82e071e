"""Key frames are found in any container, on the presentation clock."""

import numpy as np
import pytest
from films import make_film

from vsumm.decode import find_key_frames, read_frames
from vsumm.errors import InputError, NoSignalError
from vsumm.media import probe


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts"])
def test_key_frames_lie_where_the_encoder_put_them(tmp_path, name):
    options = {"seconds": 6.0, "size": (64, 48), "audio": False, "start_offset_seconds": 3.0}
    film = make_film(tmp_path / name, gop_seconds=1.2, **options)
    assert find_key_frames(probe(film)) == pytest.approx([0, 1.2, 2.4, 3.6, 4.8], abs=1e-3)


def test_the_frames_read_at_their_times_are_the_key_frames(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=6.0, size=(64, 48), gop_seconds=1.2)
    info = probe(film)
    times = find_key_frames(info)
    with read_frames(info, times.tolist()) as frames:
        np.testing.assert_allclose([frame.time_seconds for frame in frames], times, atol=1e-6)


def test_a_sound_has_none(tmp_path):
    with pytest.raises(NoSignalError, match="no picture"):
        find_key_frames(probe(make_film(tmp_path / "sound.m4a", seconds=2.0, video=False)))


def test_a_film_that_is_gone_is_an_error(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=2.0, size=(64, 48))
    info = probe(film)
    film.unlink()
    with pytest.raises(InputError, match="cannot read the picture of"):
        find_key_frames(info)
