"""Pictures come out upright, even, progressive, opaque, and as bright as they went in."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from av.codec.context import Flags

from vsumm.decode.hdr import to_sdr
from vsumm.decode.normalise import PictureFilter, black_picture
from vsumm.decode.upright import QUICK_SCALER, SHRUNK_FIRST, PictureTarget, output_matrix

WIDTH, HEIGHT = 64, 32
TARGET = PictureTarget(WIDTH, HEIGHT, "yuv420p", 0, WIDTH, HEIGHT)
LIMITED, FULL = 1, 2
PQ, BT2020, BT709, UNKNOWN = 16, 9, 1, 2
SCORED = PictureTarget(
    WIDTH,
    HEIGHT,
    "rgb24",
    0,
    WIDTH,
    HEIGHT,
    has_first_field_only=True,
    scaler=QUICK_SCALER,
)
"""The form of pictures that are scored."""


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
    assert output_matrix("rgb24", 0, UNKNOWN, target) == expected
    assert output_matrix("yuv420p", BT2020, UNKNOWN, target) == BT2020
    assert output_matrix("yuv420p10le", BT2020, PQ, target) == BT709


def test_a_high_dynamic_range_is_mapped_where_it_cannot_be_kept():
    tags = {"color_trc": PQ, "color_primaries": BT2020, "colorspace": BT2020}
    luma = ramp(64, 940, np.uint16)
    frame = plane_frame("yuv420p10le", luma, color_range=LIMITED, **tags)
    result = filtered(frame)
    assert (result.color_trc, result.color_primaries, result.colorspace) == (BT709,) * 3
    signal = np.rint((luma[0].astype(float) - 64) / 876 * 65535).astype(np.uint16)
    expected = to_sdr(np.stack([signal] * 3, axis=-1), PQ)[:, 0] / 65535
    np.testing.assert_allclose(luma_of(result)[0], 16 + 219 * expected, atol=3)
    scored = filtered(frame, SCORED).to_ndarray()
    np.testing.assert_allclose(scored[0, :, 1], 255 * expected, atol=4)


@pytest.fixture
def interlaced_frames(tmp_path):
    """Frames of a bar that moves, whose fields are of different instants, with their times."""
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
    return frames


def test_interlaced_pictures_lose_their_combs(interlaced_frames):
    results = [frame for _, frame in PictureFilter(TARGET).apply(interlaced_frames)]
    assert len(results) == len(interlaced_frames)
    assert combing(luma_of(results[2])) < combing(luma_of(interlaced_frames[2][1])) / 3


def test_a_lone_interlaced_frame_is_scored_by_its_first_field(interlaced_frames):
    _, frame = interlaced_frames[2]
    grey = filtered(frame, SCORED).to_ndarray()[..., 1]
    assert combing(grey) < combing(luma_of(frame)) / 3
    upper, lower = (luma_of(frame)[first::2].astype(int).repeat(2, axis=0) for first in (0, 1))
    assert np.abs(grey - upper).mean() < np.abs(grey - lower).mean()


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


def coloured_frame(pixel_format, *, is_full_range=False, size=(640, 360)):
    """A frame of smooth colours, with the matrix of its size, untagged."""
    small = np.random.default_rng(0).integers(16, 236, (9, 16, 3), dtype=np.uint8)
    rgb = np.kron(small, np.ones((size[1] // 9, size[0] // 16, 1), np.uint8))
    frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(
        format=pixel_format,
        dst_colorspace="ITU709" if size[0] >= 1280 else "ITU601",
        dst_color_range="JPEG" if is_full_range else "MPEG",
    )
    frame.colorspace = UNKNOWN
    return frame, small


@pytest.mark.parametrize("size", [(640, 360), (1280, 720)])
@pytest.mark.parametrize("is_full_range", [False, True])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p10le"])
def test_scored_colours_are_those_of_the_film(pixel_format, is_full_range, size):
    frame, small = coloured_frame(pixel_format, is_full_range=is_full_range, size=size)
    target = replace(SCORED, width=160, height=90, display_width=size[0], display_height=size[1])
    pixels = filtered(frame, target).to_ndarray()
    np.testing.assert_allclose(pixels[5::10, 5::10].astype(int), small, atol=5)


@pytest.mark.parametrize("is_full_range", [False, True])
@pytest.mark.parametrize("pixel_format", SHRUNK_FIRST)
def test_shrinking_first_changes_next_to_nothing(pixel_format, is_full_range, monkeypatch):
    frame, _ = coloured_frame(pixel_format, is_full_range=is_full_range)
    target = replace(SCORED, width=227, height=128, display_width=640, display_height=360)
    in_two = filtered(frame, target).to_ndarray().astype(int)
    monkeypatch.setattr("vsumm.decode.upright.SHRUNK_FIRST", ())
    in_one = filtered(frame, target).to_ndarray().astype(int)
    assert in_two.shape == (128, 227, 3)
    assert in_one.std() > 30
    assert np.abs(in_two - in_one).max() <= 3
    assert not np.array_equal(in_two, in_one)


def test_limited_grey_is_scored_from_black_to_white():
    frame = plane_frame("gray", ramp(16, 235), color_range=LIMITED)
    pixels = filtered(frame, SCORED).to_ndarray()
    np.testing.assert_allclose(pixels[..., 0].astype(int), ramp(0, 255), atol=2)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_what_is_scored_is_what_the_reel_shows(rotation, is_mirrored):
    """The same place, at half the size, of a cropped film with wide samples."""
    frame, _ = coloured_frame("yuv420p", size=(640, 360))
    shown = (360, 1080) if rotation % 180 else (1080, 360)
    facts = {
        "rotation_degrees": rotation,
        "is_mirrored": is_mirrored,
        "crop": (40, 0, 60, 0),
        "sample_aspect_ratio": 2.0,
        "display_width": shown[0],
        "display_height": shown[1],
    }
    reel = replace(TARGET, width=shown[0], height=shown[1], **facts)
    scored = replace(SCORED, width=shown[0] // 2, height=shown[1] // 2, **facts)
    large = filtered(frame, reel).reformat(format="rgb24").to_ndarray().astype(float)
    small = filtered(frame, scored).to_ndarray().astype(float)
    halved = large.reshape(small.shape[0], 2, small.shape[1], 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - small).mean() < 4
    assert np.corrcoef(halved.ravel(), small.ravel())[0, 1] > 0.99
