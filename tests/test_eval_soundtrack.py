"""The study of chosen music, on films and clips whose labels are known to be right or wrong."""

import numpy as np
import pytest
from summaries import make_info, make_summary

from eval.highlights.labels import LabelledFilm, Span
from eval.soundtrack.pieces import Piece, is_still, pieces_of
from eval.soundtrack.slides import slides_of
from eval.soundtrack.study import format_study, match_levels, match_places
from mmva_core.retrieval import Curve
from mmva_core.studies import HeldOutClip, HeldOutPicture
from vsumm.media import Segment

SIGMA = 0.25


def piece_of(number, level, film="film"):
    times = 2.0 * np.arange(6) + 1
    va = np.stack([np.full(6, 0.5), np.full(6, 0.3 + 0.4 * level)], axis=1)
    segment = Segment(12.0 * number, 12.0 * number + 12)
    curve = Curve(times, va, 12.0)
    return Piece(film, f"{film} {number}", level, segment, curve, loudness=0.0)


def clip_of(number, arousal, *, heard=None, level=-20.0):
    told = 0.5 + 0.2 * (arousal if heard is None else heard)
    windows = np.array([[0.5, told, 6.0 * k, 6.0 * k + 6] for k in range(2)], np.float32)
    return HeldOutClip(f"4qaed/{number}", f"artist {number}", arousal, level, windows)


PIECES = [piece_of(number, level) for number, level in enumerate([0, 1, 0.5, 1, 0, 0.5, 0, 1])]
CLIPS = [clip_of(n, (-1.0, 1.0)[n % 2], level=-20.0 + n % 3) for n in range(24)]


def values(figures):
    return {figure.chosen_by: figure.value for figure in figures}


def test_music_that_is_heard_as_it_is_labelled_follows_the_film():
    figures = match_levels(PIECES, CLIPS, SIGMA, seed=0)
    found = values(figures)
    assert found["the rule, first clip"] > 0.8
    assert abs(found["shuffled pairs"]) < 0.05
    assert found["(the picture's arousal itself)"] == pytest.approx(1)
    places = values(match_places(PIECES, CLIPS, SIGMA, num_draws=60, seed=0))
    assert places["the rule"] > 0.7
    assert abs(places["a random place of the track"]) < 0.05
    gain = places["the rule"] - places["a random place of the track"]
    assert places["the rule less a random place"] == pytest.approx(gain)
    assert places["the rule"] <= places["(the best place by the labels)"]


def test_music_that_is_heard_the_wrong_way_round_follows_it_the_wrong_way_round():
    clips = [clip_of(n, c.arousal, heard=-c.arousal) for n, c in enumerate(CLIPS)]
    assert values(match_levels(PIECES, clips, SIGMA, seed=0))["the rule, first clip"] < -0.8
    assert values(match_places(PIECES, clips, SIGMA, num_draws=60, seed=0))["the rule"] < -0.7


def test_the_same_seed_gives_the_same_figures():
    first, second = (match_places(PIECES, CLIPS, SIGMA, num_draws=20, seed=3) for _ in range(2))
    assert first == second


def test_intervals_hold_their_figure_and_the_text_all_of_them():
    figures = match_levels(PIECES, CLIPS, SIGMA, seed=0)
    assert all(figure.low <= figure.value <= figure.high for figure in figures)
    text = format_study(figures)
    assert text.count("levels, films:") == 1
    assert all(figure.chosen_by in text for figure in figures)


@pytest.fixture
def summary():
    count = 40
    signals = {
        "image_valence": [0.5] * count,
        "image_arousal": [0.02 * k for k in range(count)],
        "motion": [0.1] * count,
        "loudness": [float(k) for k in range(count)],
    }
    return make_summary([0.5] * count, [0], info=make_info(seconds=80), signals=signals)


def test_pieces_lie_in_zones_of_known_labels(summary):
    zones = (Span(30, 55, "intense"), Span(0, 25, "calm"), Span(55, 80, "credits"))
    pieces = list(pieces_of(LabelledFilm(summary.media.path, zones), summary))
    assert [(p.segment.start_seconds, p.level) for p in pieces] == [
        (0, 0.0),
        (12, 0.0),
        (30, 1.0),
        (42, 1.0),
    ]
    assert pieces[0].loudness == pytest.approx(2.5)
    assert pieces[2].curve.va[1, 1] == pytest.approx(0.02 * 16)


def test_a_still_picture_is_known(summary):
    assert not is_still(summary)
    flat = [0.5] * 4
    signals = {"image_valence": flat, "image_arousal": flat, "motion": [0.0] * 4, "loudness": flat}
    assert is_still(make_summary(flat, [0], signals=signals))


def pictures_of(count=60, theme_size=4):
    rng = np.random.default_rng(0)
    levels = np.repeat(rng.uniform(0.2, 0.8, count // theme_size), theme_size)
    return [
        HeldOutPicture(f"{k}.jpg", f"theme {k // theme_size}", level, np.array([0.5, level]))
        for k, level in enumerate(levels.tolist())
    ]


def test_slides_show_themes_once_and_follow_their_ratings():
    slides = slides_of(pictures_of(), seed=0)
    assert len(slides) == 7  # two themes of four for each six pictures, one left over
    assert len({piece.zone for piece in slides}) == 7
    found = values(match_levels(slides, CLIPS, SIGMA, seed=0, of="slides"))
    assert found["the rule, first clip"] > 0.8
    assert "loudness of the film's own sound" not in found
    places = values(match_places(slides, CLIPS, SIGMA, num_draws=20, seed=0, of="slides"))
    assert places["the rule"] > 0.5
    assert "loudness over time" not in places
    levels = [piece.level for piece in slides]
    assert levels != sorted(levels)
