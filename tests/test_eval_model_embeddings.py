import numpy as np
import pytest

from eval.model.embeddings import SCATTER, scale_scatter
from eval.protocol.kts import segment_features


def scenes(contrast, *, noise=0.0, seed=0):
    """Ten samples each of four scenes around one common picture."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=16)
    each = np.repeat(rng.normal(size=(4, 16)), 10, axis=0)
    return common + contrast * each + noise * rng.normal(size=each.shape)


@pytest.mark.parametrize("contrast", [0.3, 3.0])
def test_the_scale_of_the_model_does_not_decide_the_shots(contrast):
    embeds = scale_scatter(scenes(contrast, noise=0.05 * contrast))
    assert segment_features(embeds).tolist() == [10, 20, 30]
    assert (embeds**2).sum(axis=1).mean() == pytest.approx(SCATTER)


def test_noise_is_left_in_one_piece():
    noise = np.random.default_rng(0).normal(size=(60, 64))
    assert segment_features(scale_scatter(noise)).tolist() == []


def test_a_still_picture_is_left_in_one_piece():
    assert segment_features(scale_scatter(scenes(0.001))).tolist() == []
    assert segment_features(scale_scatter(np.ones((20, 4)))).tolist() == []
