"""The eighteen numbers of the pixel baseline."""

import numpy as np
import pytest

from mmva_core.studies.pixel_statistics import pixel_statistics


def test_a_plain_picture_has_its_colour_and_nothing_else():
    orange = np.full((40, 60, 3), (255, 102, 0), dtype=np.uint8)

    statistics = pixel_statistics(orange)

    assert len(statistics) == 18
    assert statistics[:5] == pytest.approx([1, 0.4, 0, 1, 1])
    assert statistics[5:10] == pytest.approx([0] * 5)
    assert statistics[10:14] == pytest.approx([1] * 4)
    assert statistics[14:] == pytest.approx([0, 0, 0, 1])


def test_a_bright_middle_and_its_edges_are_seen():
    spot = np.zeros((64, 64, 3), dtype=np.uint8)
    spot[16:48, 16:48] = 255

    across, down, middle = pixel_statistics(spot)[14:17]

    assert across == pytest.approx(down)
    assert across > 0
    assert middle == pytest.approx(0.75)
