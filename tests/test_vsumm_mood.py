"""Moods and arcs by name."""

import numpy as np
import pytest
from films import make_film

from vsumm.cli.program import main
from vsumm.config import SummaryConfig
from vsumm.mood import MOODS, arc_course, parse_mood


def test_every_arc_stays_in_range():
    places = np.linspace(0, 1, 101)
    for arc in ("rise", "fall", "wave", "flat", "peak-at-80%", "peak-at-1%", "peak-at-99"):
        assert all(0 <= arc_course(arc, place) <= 1 for place in places), arc
    assert max(places, key=lambda place: arc_course("peak-at-80%", place)) == 0.8


@pytest.mark.parametrize("mood", ["", "angry", "0.5", "0.5,1.5", "nan,0.5", "a,b"])
def test_moods_that_are_none_are_refused(mood):
    with pytest.raises(ValueError, match="mood must be calm, tense"):
        SummaryConfig(mood=mood)


@pytest.mark.parametrize("arc", ["", "up", "peak-at-0%", "peak-at-100%", "peak-at-"])
def test_arcs_that_are_none_are_refused(arc):
    with pytest.raises(ValueError, match="arc must be rise"):
        SummaryConfig(arc=arc)


def test_moods_lie_on_the_plane():
    assert all(parse_mood(name) == point for name, point in MOODS.items())
    assert all(0 <= number <= 1 for point in MOODS.values() for number in point)


def test_the_command_line_takes_both_and_refuses_others(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    film = make_film(tmp_path / "film.mp4", seconds=12, size=(192, 96))
    options = ["--no-reel", "--quiet", "--budget", "4s"]
    assert main(["summarize", str(film), "--mood", "calm", "--arc", "rise", *options]) == 0
    said = capsys.readouterr().err
    assert "mood calm and arc rise: the selection is exact (gap 0)" in said
    assert "trust arousal more than valence" in said
    assert main(["summarize", str(film), "--mood", "angry", *options]) == 2
    assert "mood must be" in capsys.readouterr().err
    sound = make_film(tmp_path / "sound.wav", seconds=12, video=False)
    assert main(["summarize", str(sound), "--arc", "rise", *options]) == 1
    assert "needs a picture" in capsys.readouterr().err
