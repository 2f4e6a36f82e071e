"""Pictures come out upright, even, progressive, opaque, and as bright as they went in."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from av.codec.context import Flags

from vsumm.reel.filter import PictureFilter, PictureTarget, black_picture, output_matrix

WIDTH, HEIGHT = 64, 32
TARGET = PictureTarget(WIDTH, HEIGHT, "yuv420p", 0, WIDTH, HEIGHT)
LIMITED, FULL = 1, 2
PQ, BT2020, BT709 = 16, 9, 1


def plane_frame(pixel_format: str, luma: np.ndarray, *, color_range: int = 0, **tags: int):
    """A frame with this luma (H, W) and, where it has chroma, none of it."""
    frame = av.VideoFrame(luma.shape[1], luma.shape[0], pixel_format)
    for number, plane in enumerate(frame.planes):
        item = luma.dtype
        values = np.full((plane.height, plane.line_size // item.itemsize), 128, item)
        if item == np.uint16:
            values[:] = 512
        if number == 0:
            values[:, : luma.shape[1]] = luma
        plane.update(values.tobytes())
    frame.color_range = color_range
    for name, value in tags.items():
        setattr(frame, name, value)
    frame.pts, frame.time_base = 0, Fraction(1, 25)
    return frame


def rgb_frame(pixels: np.ndarray, pixel_format: str = "rgb24"):
    frame = av.VideoFrame.from_ndarray(pixels, pixel_format)
    frame.pts, frame.time_base = 0, Fraction(1, 25)
    return frame


def filtered(frame, target: PictureTarget = TARGET):
    ((time, result),) = PictureFilter(target).apply([(Fraction(3), frame)])
    assert time == 3
    return result


def luma_of(frame) -> np.ndarray:
    plane = frame.planes[0]
    item = np.uint16 if "10" in frame.format.name else np.uint8
    return np.frombuffer(plane, item).reshape(plane.height, -1)[:, : plane.width]


def ramp(low: int, high: int, dtype=np.uint8) -> np.ndarray:
    return np.tile(np.linspace(low, high, WIDTH).astype(dtype), (HEIGHT, 1))


def test_full_range_is_made_limited():
    frame = plane_frame("yuv420p", ramp(0, 255), color_range=FULL)
    assert np.abs(luma_of(filtered(frame)).astype(int) - ramp(16, 235)).max() <= 2


def test_a_frame_without_a_clock_passes():
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv444p")
    assert frame.time_base is None
    assert filtered(frame).format.name == "yuv420p"


@pytest.mark.parametrize("size", [(32, 64), (16, 32), (128, 256)])
def test_a_picture_of_another_shape_gets_bars(size):
    luma = luma_of(filtered(plane_frame("yuv420p", np.full(size[::-1], 200, np.uint8))))
    assert luma.shape == (HEIGHT, WIDTH)
    columns = luma.mean(axis=0)
    assert np.flatnonzero(columns > 100).tolist() == list(range(24, 40))
    assert columns[:20].max() <= 17


def test_a_picture_with_other_samples_gets_bars():
    frame = plane_frame("yuv420p", np.full((HEIGHT, WIDTH), 200, np.uint8))
    frame.opaque = Fraction(1, 2)
    columns = luma_of(filtered(frame)).mean(axis=0)
    assert np.flatnonzero(columns > 100).tolist() == list(range(16, 48))


def test_a_picture_that_fits_is_not_touched():
    frame = plane_frame("yuv420p", ramp(16, 235))
    assert filtered(frame) is frame


@pytest.mark.parametrize(
    ("pixel_format", "color_range", "luma"),
    [
        ("yuvj420p", FULL, ramp(0, 255)),
        ("gray", FULL, ramp(0, 255)),
        ("gray", 0, ramp(0, 255)),
        ("gray", LIMITED, ramp(16, 235)),
        ("gray10le", LIMITED, ramp(64, 940, np.uint16)),
        ("yuv444p", LIMITED, ramp(16, 235)),
        ("yuv420p10le", LIMITED, ramp(64, 940, np.uint16)),
    ],
)
def test_black_stays_black_and_white_white(pixel_format, color_range, luma):
    frame = plane_frame(pixel_format, luma, color_range=color_range)
    found = luma_of(filtered(frame)).astype(int)
    np.testing.assert_allclose(found, ramp(16, 235), atol=2)


def test_full_range_is_kept_for_an_encoder_that_has_it():
    frame = plane_frame("yuvj444p", ramp(0, 255), color_range=FULL)
    result = filtered(frame, replace(TARGET, pixel_format="yuvj420p"))
    assert result.format.name == "yuvj420p"
    np.testing.assert_allclose(luma_of(result).astype(int), ramp(0, 255), atol=1)


@pytest.mark.parametrize(("rotation", "corner"), [(90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_rotation_is_clockwise(rotation, corner):
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:8, :8] = 255
    size = (HEIGHT, WIDTH) if rotation % 180 else (WIDTH, HEIGHT)
    target = PictureTarget(*size, "yuv420p", rotation, *size)
    found = luma_of(filtered(rgb_frame(pixels), target))
    assert found.shape == size[::-1]
    assert found[corner] > 200
    assert (found > 128).sum() == pytest.approx(64, abs=16)


def test_an_odd_line_is_cropped_without_scaling():
    luma = np.random.default_rng(0).integers(16, 236, (HEIGHT + 1, WIDTH + 1), np.uint8)
    frame = plane_frame("yuv420p", luma, color_range=LIMITED)
    target = replace(TARGET, display_width=WIDTH + 1, display_height=HEIGHT + 1)
    np.testing.assert_array_equal(luma_of(filtered(frame, target)), luma[:-1, :-1])


def test_a_picture_of_another_size_is_scaled_to_the_reels():
    frame = plane_frame("yuv420p", np.full((40, 100), 90, np.uint8))
    result = filtered(frame)
    assert (result.width, result.height) == (WIDTH, HEIGHT)


def test_a_single_dot_becomes_the_smallest_even_picture():
    target = PictureTarget(2, 2, "yuv420p", 0, 1, 1)
    result = filtered(plane_frame("yuv420p", np.full((1, 1), 90, np.uint8)), target)
    assert (result.width, result.height) == (2, 2)


def test_transparent_parts_are_black():
    pixels = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    pixels[:, : WIDTH // 2, 3] = 0
    found = luma_of(filtered(rgb_frame(pixels, "rgba")))
    assert found[:, : WIDTH // 2 - 2].max() <= 17
    assert found[:, WIDTH // 2 + 2 :].min() >= 233


@pytest.mark.parametrize(("height", "expected"), [(480, 6), (720, BT709)])
def test_colours_of_computers_get_the_matrix_of_their_size(height, expected):
    target = replace(TARGET, height=height)
    assert output_matrix(0, "rgb24", target) == expected
    assert output_matrix(BT2020, "yuv420p", target) == BT2020


@pytest.mark.slow
def test_a_high_dynamic_range_is_mapped_where_it_cannot_be_kept():
    tags = {"color_trc": PQ, "color_primaries": BT2020, "colorspace": BT2020}
    frame = plane_frame("yuv420p10le", ramp(64, 940, np.uint16), color_range=LIMITED, **tags)
    result = filtered(frame, replace(TARGET, is_tone_mapped=True))
    assert (result.color_trc, result.color_primaries, result.colorspace) == (BT709,) * 3
    found = luma_of(result)[0].astype(int)
    washed_out = ramp(16, 235)[0].astype(int)
    assert (np.diff(found) >= 0).all()
    # PQ spends half its code values on what is darker than a page: these become darker.
    assert (found[8:24] < washed_out[8:24] - 8).all()
    assert found[-1] > 220


def test_interlaced_pictures_lose_their_combs(tmp_path):
    path = tmp_path / "film.mpg"
    with av.open(str(path), "w", format="mpeg") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        stream.codec_context.bit_rate = 2_000_000
        for number in range(5):
            frame = plane_frame("yuv420p", comb(4 * number))
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        frames = [(frame.pts * frame.time_base, frame) for frame in container.decode(video=0)]
    assert frames[2][1].interlaced_frame
    results = [frame for _, frame in PictureFilter(TARGET).apply(frames)]
    assert len(results) == len(frames)
    assert combing(luma_of(results[2])) < combing(luma_of(frames[2][1])) / 3


def comb(shift: int) -> np.ndarray:
    """The two fields of a bar that moves on by two columns from one to the next."""
    luma = np.full((HEIGHT, WIDTH), 16, np.uint8)
    luma[0::2, 8 + shift : 24 + shift] = 235
    luma[1::2, 10 + shift : 26 + shift] = 235
    return luma


def combing(luma: np.ndarray) -> float:
    """How much neighbouring lines differ, in the middle of the picture."""
    return float(np.abs(np.diff(luma[8:-8].astype(int), axis=0)).mean())


def test_a_black_picture_is_black_in_every_range():
    assert luma_of(black_picture(TARGET)).max() == 16
    assert luma_of(black_picture(replace(TARGET, pixel_format="yuvj420p"))).max() == 0
    assert luma_of(black_picture(replace(TARGET, pixel_format="yuv420p10le"))).max() == 64


def test_every_picture_keeps_its_time():
    frames = []
    for number in range(5):
        frame = plane_frame("yuv422p", ramp(16, 235))
        frame.pts = number
        frames.append((Fraction(number, 25), frame))
    times = [time for time, _ in PictureFilter(TARGET).apply(frames)]
    assert times == [time for time, _ in frames]


def test_a_change_of_size_in_the_middle_is_followed():
    small = plane_frame("yuv420p", np.full((16, 32), 90, np.uint8))
    frames = [(Fraction(0), plane_frame("yuv422p", ramp(16, 235))), (Fraction(1), small)]
    sizes = [(f.width, f.height) for _, f in PictureFilter(TARGET).apply(frames)]
    assert sizes == [(WIDTH, HEIGHT)] * 2
