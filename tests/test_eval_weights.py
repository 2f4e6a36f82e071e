"""Choosing weights without the film that is measured."""

import json
from fractions import Fraction

import numpy as np
import pytest
from films import make_film

from eval.__main__ import main
from eval.datasets import BenchmarkVideo
from eval.highlights.labels import LabelledFilm, Span
from eval.weights import (
    JudgedFilm,
    LeftOut,
    draw_weights,
    format_left_out,
    judge_labelled,
    judge_scored,
    leave_one_out,
)
from eval.weights.choose import LEVELS
from vsumm.pipeline import summarize
from vsumm.score import score_highlights

MOTION_ONLY = {"motion": 1.0, "loudness": 0.0}
LOUDNESS_ONLY = {"motion": 0.0, "loudness": 1.0}
COLUMNS = {"motion": np.arange(9.0), "loudness": np.arange(9.0)[::-1].copy()}


def film_where(name, truth, columns=COLUMNS):
    """Return a film judged by the correlation of its scores with `truth`."""
    return JudgedFilm(
        name, columns, lambda rows: np.array([np.corrcoef(truth, r)[0, 1] for r in rows])
    )


def test_a_film_has_no_part_in_its_own_weights():
    films = [film_where(f"motion {n}", COLUMNS["motion"]) for n in range(3)]
    films.append(film_where("loudness", COLUMNS["loudness"]))
    found = leave_one_out(films, [LOUDNESS_ONLY, MOTION_ONLY])
    assert [row.weights for row in found] == [MOTION_ONLY] * 4
    odd = found[-1]
    assert odd.film == "loudness"
    assert odd.by_itself > 0.4
    assert odd.by_others == pytest.approx(-odd.by_itself, abs=0.7)
    assert odd.by_others < 0 < found[0].by_others
    assert odd.by_chance == pytest.approx((odd.by_others + odd.by_itself) / 2)


def test_the_figure_of_the_default_is_that_of_score_highlights():
    truth = np.sin(np.arange(9.0))
    found = leave_one_out([film_where("a", truth), film_where("b", truth)], [MOTION_ONLY])
    scores = score_highlights(COLUMNS).scores
    assert found[0].by_default == pytest.approx(np.corrcoef(truth, scores)[0, 1])


def test_drawn_weights_repeat_with_the_seed_and_are_never_all_zero():
    drawn = draw_weights(300, seed=3)
    assert drawn == draw_weights(300, seed=3)
    assert drawn != draw_weights(300, seed=4)
    assert {weight for row in drawn for weight in row.values()} == set(LEVELS)
    assert all(any(row.values()) for row in drawn)


def test_one_film_or_no_weights_is_an_error():
    film = film_where("a", COLUMNS["motion"])
    with pytest.raises(ValueError, match="two films"):
        leave_one_out([film], [MOTION_ONLY])
    with pytest.raises(ValueError, match="one set of weights"):
        leave_one_out([film, film], [])


def test_the_table_has_a_row_for_each_film_and_means():
    rows = [LeftOut(f"film {n}", 0.1, 0.2, 0.3, 0.0, MOTION_ONLY) for n in range(2)]
    text = format_left_out(rows)
    assert "film 1" in text
    assert "motion=1 loudness=0" in text
    assert "chosen on the others: 0.200 (0.200 to 0.200)" in text


def test_zones_judge_by_the_order_of_segments(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=20)
    film = LabelledFilm(path, (Span(0, 10, "calm"), Span(10, 20, "intense")))
    judged = judge_labelled(film, summarize(path))
    rising = np.arange(10.0)
    assert judged.judge(np.stack([rising, -rising])).tolist() == [1.0, -1.0]


def test_users_judge_by_kendalls_tau(tmp_path):
    summary = summarize(make_film(tmp_path / "film.mp4", seconds=20))
    rising = np.repeat(np.arange(10.0), 50)
    users = np.stack([rising, -rising, rising])
    video = BenchmarkVideo("film", 500, frame_rate=Fraction(25), user_importance=users)
    judged = judge_scored(video, summary)
    np.testing.assert_allclose(judged.judge(np.arange(10.0)[None]), [1 / 3])


def test_the_command_measures_made_films(tmp_path, capsys):
    for name in ("a", "b"):
        path = make_film(tmp_path / f"{name}.mp4", seconds=12)
        zones = [[0, 6, "calm"], [6, 12, "intense"]]
        path.with_suffix(".json").write_text(json.dumps({"zones": zones}))
    arguments = ["weights", "--films", str(tmp_path), "--drawn", "5", "--no-cache"]
    assert main(arguments) == 0
    assert "means over 2 films" in capsys.readouterr().out


def test_the_command_needs_two_films(capsys):
    assert main(["weights"]) != 0
    assert "leaving one out needs two" in capsys.readouterr().err
