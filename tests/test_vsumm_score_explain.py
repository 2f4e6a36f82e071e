"""What a score is made of, and in words."""

import numpy as np
import pytest

from vsumm.config import SummaryConfig
from vsumm.score.arousal import arousal_score
from vsumm.score.explain import MOST_PHRASES, contributions, reasons
from vsumm.score.highlights import score_highlights


def noise(seed, num=40):
    return np.random.default_rng(seed).uniform(0.3, 0.6, num)


def test_by_highlights_the_contributions_are_the_terms_of_the_score():
    columns = {"motion": noise(0), "image_arousal": noise(1), "middle": noise(2)}
    config = SummaryConfig(weights={"motion": 3.0})
    parts = contributions(columns, config, by="highlights")
    total = np.sum(list(parts.values()), axis=0)
    scores = score_highlights(columns, config.weights).scores
    assert np.corrcoef(total, scores)[0, 1] == pytest.approx(1)
    assert parts["motion"].std() > 3 * parts["image_arousal"].std()


@pytest.mark.parametrize("by", ["image", "music"])
def test_by_one_modality_the_contributions_add_up_to_the_deviation_of_the_score(by):
    columns = {"image_arousal": noise(0), "motion": noise(1), "music_arousal": noise(2)}
    everywhere = np.ones_like(noise(2))
    columns |= {"music": everywhere, "speech": 0 * everywhere, "loudness": noise(3)}
    config = SummaryConfig(by=by, smoothing_segments=3)
    parts = contributions(columns, config, by=by)
    assert set(parts) == ({"image_arousal", "motion"} if by == "image" else {"music_arousal"})
    scores = arousal_score(columns, config, by=by)
    total = np.sum(list(parts.values()), axis=0)
    assert np.corrcoef(total, scores)[0, 1] > 0.95  # smoothing comes before or after the weighting


def test_by_both_each_side_has_half_a_say():
    columns = {"image_arousal": noise(0), "music_arousal": noise(0)}
    both = contributions(columns, SummaryConfig(by="both", motion_weight=0), by="both")
    assert np.array_equal(both["image_arousal"], both["music_arousal"])
    alone = contributions(columns, SummaryConfig(by="music"), by="music")
    assert both["music_arousal"] == pytest.approx(alone["music_arousal"] / 2)


def test_what_has_no_value_and_what_does_not_vary_contribute_nothing():
    columns = {"image_arousal": np.array([np.nan, 0.2, 0.8]), "motion": np.full(3, 0.1)}
    config = SummaryConfig(by="image", smoothing_segments=1)
    parts = contributions(columns, config, by="image")
    assert parts["image_arousal"] == pytest.approx([0.0, -1.0, 1.0])
    assert not parts["motion"].any()


def test_reasons_name_the_strongest_signals_first_and_nothing_below_average():
    parts = {
        "motion": np.array([0.5, 0.5]),
        "image_arousal": np.array([3.0, 1.0]),
        "music_arousal": np.array([0.2, 0.2]),
        "middle": np.array([-2.0, -2.0]),
    }
    assert reasons(parts, [0, 1]) == ["intense pictures", "much motion"]


def test_reasons_are_few():
    names = ("motion", "image_arousal", "music_arousal", "middle")
    assert len(reasons({name: np.ones(1) for name in names}, [0])) == MOST_PHRASES
