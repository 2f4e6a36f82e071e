"""Reels that are GIFs: in a palette of their film, and small."""

from fractions import Fraction

import av
import numpy as np
import pytest
from films import make_film
from PIL import Image

from vsumm import palette
from vsumm.animation import BYTES_PER_SECOND, FRAMES_PER_SECOND, WIDTHS
from vsumm.media.info import probe
from vsumm.media.segments import Segment
from vsumm.reel import gif
from vsumm.reel.config import ReelConfig
from vsumm.reel.export import write_reel
from vsumm.reel.formats import FORMATS
from vsumm.reel.plan import plan_reel

MAX_COLOUR_ERROR = 12
"""Mean error of a channel that a palette of 256 colours may leave on smooth pictures, of 255."""


def noise_film(path, *, size, num_frames):
    """Write a film that no GIF can make small: every sample drawn anew."""
    draw = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for _ in range(num_frames):
            pixels = draw.integers(0, 256, (size[1], size[0], 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_reel_is_small_and_slow_enough_whatever_it_shows(tmp_path):
    film = noise_film(tmp_path / "film.mp4", size=(640, 360), num_frames=50)
    reel = write_reel(plan_reel(probe(film), tmp_path / "reel.gif"), [Segment(0.0, 2.0)])
    assert reel.stat().st_size <= 2 * BYTES_PER_SECOND
    with Image.open(reel) as picture:
        assert picture.n_frames == 2 * FRAMES_PER_SECOND
        assert picture.width in WIDTHS
        assert picture.width < max(WIDTHS)
        assert picture.height == round(picture.width * 360 / 640)


@pytest.mark.parametrize("config", [ReelConfig(), ReelConfig(title="T", crossfade_seconds=0.2)])
def test_a_reel_shows_the_colours_of_the_film(tmp_path, config):
    film = make_film(tmp_path / "film.mp4", seconds=6.0, size=(160, 90))
    runs = [Segment(0.0, 1.0), Segment(4.0, 5.0)]
    reel = write_reel(plan_reel(probe(film), tmp_path / "reel.gif", config), runs)
    shown, meant = last_picture(reel, 100.0), last_picture(film, 4.9)
    assert shown.shape == meant.shape
    assert abs(shown - meant).mean() < MAX_COLOUR_ERROR


def last_picture(path, seconds):
    """Return the last picture up to an instant, float (H, W, 3)."""
    with av.open(str(path)) as container:
        frames = [f for f in container.decode(video=0) if f.time <= seconds]
        return frames[-1].to_ndarray(format="rgb24").astype(float)


@pytest.mark.parametrize(
    ("rate", "is_constant", "expected"),
    [
        (Fraction(30000, 1001), False, Fraction(10)),
        (Fraction(25), True, Fraction(10)),
        (Fraction(8), True, Fraction(100, 13)),
        (Fraction(5), False, Fraction(100)),
    ],
)
def test_the_clock_counts_in_hundredths_and_not_faster_than_wanted(rate, is_constant, expected):
    clock = gif.clock_for(rate, is_constant=is_constant)
    assert clock.rate == expected
    assert clock.is_constant == (is_constant or rate > FRAMES_PER_SECOND)


def test_only_a_gif_has_a_limit():
    assert {suffix for suffix, form in FORMATS.items() if form.bytes_per_second} == {".gif"}


def test_pictures_of_several_sizes_share_a_palette():
    red, blue = Image.new("RGB", (200, 40), "red"), Image.new("RGB", (50, 90), "blue")
    common = palette.common_palette([red, blue])
    assert palette.indexed(red, common).convert("RGB").getpixel((5, 5)) == (255, 0, 0)
    assert palette.indexed(blue, common).convert("RGB").getpixel((5, 5)) == (0, 0, 255)
