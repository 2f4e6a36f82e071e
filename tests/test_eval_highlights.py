"""Figures on labelled films, by hand and on a made film."""

import json

import numpy as np
import pytest
from films import make_film

from eval.__main__ import main
from eval.highlights.chance import shuffled_selections
from eval.highlights.figures import area_under_curve, measure_figures
from eval.highlights.labels import find_labelled_films, read_labels
from vsumm.errors import InputError
from vsumm.media.segments import Segment, split_into_segments


def label(path, **content):
    path.with_suffix(".json").write_text(json.dumps(content))
    return path


@pytest.fixture
def labelled(tmp_path):
    path = tmp_path / "film.mp4"
    path.touch()
    label(
        path,
        zones=[
            [0, 4, "calm"],
            [4, 8, "intense", "drums"],
            [8, 10, "unclear"],
            [10, 12, "credits"],
        ],
        moments=[[5, 5.5, "the hit"], [9.5, 9.9, "the fall"]],
    )
    return read_labels(path)


def test_segments_are_labelled_by_their_centre(labelled):
    labels = labelled.is_intense(split_into_segments(14.0))
    np.testing.assert_array_equal(labels, [0, 0, 1, 1, np.nan, 0, np.nan])


def test_figures_of_a_reel_worked_out_by_hand(labelled):
    segments = split_into_segments(12.0)
    scores = np.array([0.1, 0.9, 0.5, 0.95, 0.0, 0.7])
    runs = [Segment(2.0, 6.0), Segment(10.0, 12.0)]
    figures = measure_figures(labelled, segments, scores, runs)
    # intense: .5, .95; others: .1, .9, .7: of six pairs four are in order
    assert figures.auc == pytest.approx(4 / 6)
    assert figures.share == pytest.approx(1 / 3)
    assert (figures.moments_hit, figures.num_moments) == (1, 2)
    assert (figures.num_runs, figures.credits_seconds) == (2, 2.0)


def test_what_cannot_be_picked_counts_as_lowest():
    assert area_under_curve(np.array([np.nan, 0.1]), np.array([1.0, 0.0])) == 0.0


def test_without_both_kinds_of_zone_there_is_no_curve():
    assert np.isnan(area_under_curve(np.array([0.1, 0.2]), np.array([1.0, np.nan])))


def test_shuffled_selections_keep_number_and_lengths_of_runs():
    selected = [True, True, False, False, True, False, True, True, True, False]
    for chosen in shuffled_selections(selected, 20, seed=1):
        lengths = sorted(map(len, "".join("x" if c else " " for c in chosen).split()))
        assert lengths == [1, 2, 3]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"zones": [[3, 1, "calm"]]}', '{"zones": 4}'])
def test_other_label_files_are_refused_in_one_line(tmp_path, content):
    path = tmp_path / "film.mp4"
    path.with_suffix(".json").write_text(content)
    with pytest.raises(InputError, match=r"film\.json: not labels"):
        read_labels(path)


def test_a_folder_without_labels_says_how_to_write_them(tmp_path):
    (tmp_path / "film.mp4").touch()
    with pytest.raises(InputError, match=r"no film has labels; write NAME\.json"):
        find_labelled_films(tmp_path)


def test_the_command_prints_modes_signals_and_chance(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("a", "b"):
        path = make_film(
            tmp_path / f"{name}.mp4", seconds=16.0, size=(160, 90), flashes=[6.8], beeps=[6.5]
        )
        label(
            path, zones=[[0, 6, "calm"], [6, 8, "intense"], [8, 16, "mild"]], moments=[[6, 8, "x"]]
        )
    assert main(["highlights", str(tmp_path), "--csv", str(tmp_path / "all.csv")]) == 0
    printed = capsys.readouterr().out
    for scorer in (
        "highlights",
        "both",
        "signal: motion",
        "motion over 5",
        "highlights without motion",
    ):
        assert f"\n{scorer} " in printed
    assert "random, runs of the first mode" in printed
    assert "2 films, means with 95 % intervals" in printed
    assert (tmp_path / "all.csv").read_text().startswith("film,scorer,auc,share")
