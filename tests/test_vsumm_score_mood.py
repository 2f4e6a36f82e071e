"""Scores that lean towards a mood or along an arc."""

import numpy as np
import pytest

from vsumm.config import SummaryConfig
from vsumm.media import split_into_segments
from vsumm.score.mood import lean
from vsumm.select import select_segments

COUNT = 40
PLACES = (np.arange(COUNT) + 0.5) / COUNT


def columns_of(arousal, valence=None, **others):
    flat = np.full(COUNT, 0.5)
    columns = {"image_valence": flat if valence is None else valence, "image_arousal": arousal}
    return columns | {"motion": flat} | others


def leant(columns, **settings):
    config = SummaryConfig(smoothing_segments=1, **settings)
    return lean(np.full(COUNT, 0.5), columns, config, PLACES)


def test_without_mood_and_arc_scores_stay():
    scores = np.random.default_rng(0).random(COUNT)
    assert lean(scores, columns_of(scores), SummaryConfig(), PLACES) is scores


def test_a_mood_raises_what_is_near_it_and_keeps_the_scale():
    arousal = np.linspace(0.3, 0.7, COUNT)
    calm = leant(columns_of(arousal), mood="calm")
    assert (np.diff(calm) < 0).all()
    assert calm[[0, -1]] == pytest.approx([0.75, 0.25])
    assert (np.diff(leant(columns_of(arousal), mood="0.5,1")) > 0).all()


def test_moods_differ_in_valence():
    valence = np.linspace(0.3, 0.7, COUNT)
    columns = columns_of(np.full(COUNT, 0.5), valence)
    assert (np.diff(leant(columns, mood="happy")) > 0).all()
    assert (np.diff(leant(columns, mood="sad")) < 0).all()


@pytest.mark.parametrize(
    ("arc", "sign"), [("rise", 1), ("fall", -1), ("peak-at-99%", 1), ("peak-at-1%", -1)]
)
def test_picks_of_a_film_of_chance_follow_the_arc(arc, sign):
    rng = np.random.default_rng(0)
    arousal = rng.permutation(np.linspace(0.2, 0.8, COUNT))
    scores = leant(columns_of(arousal), arc=arc)
    segments = split_into_segments(2.0 * COUNT)
    picked = np.flatnonzero(select_segments(segments, scores, budget_seconds=24.0))
    assert sign * np.corrcoef(picked, arousal[picked])[0, 1] > 0.8


def test_title_cards_and_black_pictures_are_close_to_nothing():
    arousal = np.full(COUNT, 0.5)
    arousal[0] = 0.2
    card = np.zeros(COUNT)
    card[0] = 1.0
    assert leant(columns_of(arousal, card=card), mood="calm")[0] == pytest.approx(0.25)
    arousal[0] = np.nan
    assert leant(columns_of(arousal), mood="calm")[0] == pytest.approx(0.25)


def test_what_has_no_score_gets_none():
    scores = np.full(COUNT, 0.5)
    scores[3] = np.nan
    config = SummaryConfig(mood="calm")
    assert np.isnan(lean(scores, columns_of(np.full(COUNT, 0.5)), config, PLACES)[3])
