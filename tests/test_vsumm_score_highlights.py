"""The fused score, on columns made by hand."""

import numpy as np
import pytest

from vsumm.config import SummaryConfig
from vsumm.score.highlights import PARTS, score_highlights, weighted_mean, weights_of

QUIET = np.full(20, 0.3)


def bump(place, height=1.0, base=0.0):
    values = np.full(20, base)
    values[place] = height
    return values


def test_every_part_raises_the_score_where_it_is_high():
    for name in PARTS:
        scores = score_highlights({"motion": QUIET, name: bump(7)}, {name: 1.0}).scores
        assert np.argmax(scores) == 7, name


def test_what_hardly_varies_has_no_say():
    noise = QUIET + bump(3, height=1e-4)
    scores = score_highlights({"motion": bump(12), "image_arousal": noise}).scores
    assert np.argmax(scores) == 12
    contribution = score_highlights({"motion": bump(12), "image_arousal": noise}).contributions
    assert np.abs(contribution["image_arousal"]).max() < 0.01


def test_a_card_beside_a_chase_stays_a_card():
    motion = np.zeros(20)
    motion[8:13] = 1.0
    card = bump(10)
    assert np.argmax(score_highlights({"motion": motion}).scores) == 10
    scores = score_highlights({"motion": motion, "card": card}).scores
    assert np.argmin(scores) == 10
    assert set(np.argsort(scores)[-2:]) == {9, 11}


def test_a_missing_signal_counts_as_average():
    loud = bump(5)
    loud[12] = np.nan
    columns = {"motion": bump(12), "loudness": loud}
    result = score_highlights(columns)
    assert result.contributions["loudness"][12] == 0.0
    assert np.isfinite(result.scores).all()


def test_neither_picture_nor_sound_has_no_score():
    motion, loudness = bump(2), bump(4)
    motion[8] = loudness[8] = np.nan
    scores = score_highlights({"motion": motion, "loudness": loudness, "middle": QUIET}).scores
    assert np.flatnonzero(np.isnan(scores)).tolist() == [8]


def test_weights_change_what_counts():
    columns = {"motion": bump(2), "image_arousal": bump(15)}
    assert np.argmax(score_highlights(columns).scores) == 2
    assert np.argmax(score_highlights(columns, {"motion": 0.0}).scores) == 15


def test_contributions_add_up_to_the_order_of_the_scores():
    rng = np.random.default_rng(0)
    columns = {name: rng.random(20) for name in PARTS}
    result = score_highlights(columns)
    total = np.sum(list(result.contributions.values()), axis=0)
    assert np.argsort(total).tolist() == np.argsort(result.scores).tolist()


def test_a_weight_for_no_signal_is_an_error():
    with pytest.raises(ValueError, match="no signal colour; there are motion"):
        score_highlights({"motion": QUIET}, {"colour": 1.0})


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_short_films_are_averaged_within_their_length(length):
    assert weighted_mean(np.ones(length)).tolist() == [1.0] * length


def test_under_a_still_picture_the_music_counts_for_more_than_the_loudness():
    columns = {"music_arousal": bump(4), "loudness": 30 * bump(15)}
    moving = np.random.default_rng(0).random(20)
    seen = score_highlights(columns | {"motion": moving, "image_arousal": moving})
    still = score_highlights(columns | {"motion": QUIET, "image_arousal": QUIET})
    unseen = score_highlights(columns)
    assert np.ptp(seen.contributions["music_arousal"]) < np.ptp(seen.contributions["loudness"])
    assert np.argmax(still.scores) == np.argmax(unseen.scores) == 4
    unwanted = score_highlights(columns, {"music_arousal": 0.0})
    assert np.argmax(unwanted.scores) == 15


def test_a_query_is_all_that_counts():
    columns = {"motion": bump(2), "card": bump(9), "about": bump(9)}
    weights = weights_of(SummaryConfig(query="a dog"))
    result = score_highlights(columns, weights)
    assert np.argmax(result.scores) == 9
    assert list(result.contributions) == ["about"]
    assert weights_of(SummaryConfig(weights={"motion": 2.0})) == {"motion": 2.0}
