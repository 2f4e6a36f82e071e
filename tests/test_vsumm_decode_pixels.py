"""Pixels of decoded frames."""

import av
import numpy as np
import pytest

from vsumm.decode.pixels import IN_TWO_STEPS, PixelConverter
from vsumm.decode.size import Geometry


def textured_frame(pixel_format, *, is_full_range):
    rng = np.random.default_rng(0)
    small = rng.integers(16, 236, (12, 16, 3), dtype=np.uint8)
    rgb = np.kron(small, np.ones((30, 40, 1), np.uint8))
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    return frame.reformat(format=pixel_format, dst_color_range=2 if is_full_range else 1)


@pytest.mark.parametrize("pixel_format", IN_TWO_STEPS)
@pytest.mark.parametrize("is_full_range", [False, True])
def test_shrinking_first_changes_next_to_nothing(pixel_format, is_full_range, monkeypatch):
    frame = textured_frame(pixel_format, is_full_range=is_full_range)
    geometry = Geometry(227, 128, 0, False)
    in_two = PixelConverter(geometry).convert(frame).astype(int)
    monkeypatch.setattr("vsumm.decode.pixels.IN_TWO_STEPS", ())
    in_one = PixelConverter(geometry).convert(frame).astype(int)
    assert in_two.shape == (128, 227, 3)
    assert in_one.std() > 30
    assert np.abs(in_two - in_one).max() <= 3
    assert not np.array_equal(in_two, in_one)
