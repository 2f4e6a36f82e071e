"""How little is decoded of pictures that are shrunk; which frames are picked is tested where they
are read."""

from fractions import Fraction

import av
import numpy as np
import pytest
from support.pictures import film_of

from vsumm.decode import read_frames
from vsumm.decode.normalise import PictureFilter
from vsumm.decode.pick_frames import decoder_options
from vsumm.decode.upright import QUICK_SCALER, PictureTarget
from vsumm.media import probe, scaled_size

RATE = 25
LARGEST_ERROR = 3.0
"""Mean difference of a shrunk picture without the loop filter, of 255."""


def moving_texture(num_frames, size=(960, 540)):
    width, height = size
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (height // 20 + 1, width // 20 + 20, 3), np.uint8)
    texture = coarse.repeat(20, axis=0).repeat(20, axis=1)
    for number in range(num_frames):
        yield texture[:height, 5 * number : 5 * number + width]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    return film_of(path, moving_texture(2 * RATE), frame_rate=RATE, crf="34", g="250", bf="2")


def shrunk(path, size):
    """The shrunk pictures of a film by their times, all of it decoded."""
    target = PictureTarget.of_video(
        probe(path).video, size, "rgb24", has_first_field_only=True, scaler=QUICK_SCALER
    )
    normaliser = PictureFilter(target, num_threads=1)
    with av.open(str(path)) as container:
        return {
            Fraction(frame.time).limit_denominator(RATE): normaliser.picture(frame).to_ndarray()
            for frame in container.decode(video=0)
        }


def errors(path, short_side):
    """The mean difference of pictures that are read from those of the whole film, in order."""
    info = probe(path)
    whole = shrunk(path, scaled_size(info.video.width, info.video.height, short_side))
    with read_frames(info, [0.0, 0.5, 1.0, 1.5], short_side=short_side, decoder="pyav") as frames:
        return [
            np.abs(
                frame.pixels
                - whole[Fraction(frame.time_seconds).limit_denominator(RATE)].astype(float)
            ).mean()
            for frame in frames
        ]


def test_shrunk_pictures_hardly_miss_the_loop_filter(film):
    key, *others = errors(film, short_side=256)
    assert key == 0
    assert all(0 < error < LARGEST_ERROR for error in others)


def test_pictures_that_are_hardly_shrunk_are_exact(film):
    assert errors(film, short_side=300) == [0, 0, 0, 0]


def test_the_short_side_decides_on_the_loop_filter_however_a_picture_is_turned(film):
    video = probe(film).video
    assert decoder_options(video, (480, 270))
    assert not decoder_options(video, (482, 272))


def test_key_frames_alone_are_read_without_the_loop_filter(film):
    video = probe(film).video
    assert decoder_options(video, (256, 144), are_keys=True) == {"skip_loop_filter": "all"}
    whole, quick = (
        next(iter(read_frames(probe(film), [0.0], short_side=144, are_keys=are_keys)))
        for are_keys in (False, True)
    )
    assert whole.time_seconds == quick.time_seconds
    assert 0 < np.abs(whole.pixels - quick.pixels.astype(float)).mean() < LARGEST_ERROR
