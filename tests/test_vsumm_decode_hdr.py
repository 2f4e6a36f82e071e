import numpy as np
import pytest

from vsumm.decode.hdr import HLG, PQ, light_of_signal, to_sdr


def grey(signal, transfer):
    pixels = np.full((1, 1, 3), round(signal * 65535), np.uint16)
    return (to_sdr(pixels, transfer)[0, 0] / 257).round().tolist()


@pytest.mark.parametrize(
    ("signal", "nits"), [(0.0, 0), (0.1499, 1), (0.5081, 100), (0.5807, 203), (1.0, 10000)]
)
def test_pq_follows_its_standard(signal, nits):
    light = light_of_signal(PQ)[round(signal * 65535)] * 203
    assert light == pytest.approx(nits, rel=0.005, abs=1e-6)


@pytest.mark.parametrize(("signal", "nits"), [(0.0, 0), (0.75, 203), (1.0, 1000)])
def test_hlg_follows_its_standard(signal, nits):
    light = light_of_signal(HLG)[round(signal * 65535)] * 203
    assert light == pytest.approx(nits, rel=0.02, abs=1e-6)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_greys_stay_grey_and_in_order(transfer):
    greys = [grey(signal, transfer) for signal in np.linspace(0, 1, 20)]
    assert all(max(pixel) - min(pixel) <= 1 for pixel in greys)
    assert [pixel[0] for pixel in greys] == sorted(pixel[0] for pixel in greys)
    assert greys[0] == [0, 0, 0]
    assert min(greys[-1]) >= 254


def test_light_below_the_knee_is_kept():
    assert grey(0.5081, PQ)[0] == pytest.approx(255 * (100 / 203) ** (1 / 2.4), abs=1.5)
