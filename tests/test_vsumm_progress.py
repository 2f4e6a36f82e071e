"""How far the work is: to a function, as lines of JSON, and as bars on a terminal."""

import io
import json
import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from films import make_film
from foretold import BrightLoudModel

import vsumm
from vsumm.cli.program import main
from vsumm.progress import Bars, HoursBar, JsonLines, Progress, StageClock, watching, work_on
from vsumm.progress import bars as bars_module

FILM = Path("film.mp4")
SECONDS_OF_BAR = 0.6
"""How long a bar is watched: some ticks."""


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "film.mp4"
    return make_film(path, seconds=8.0, size=(64, 48), flashes=[3.0])


@pytest.fixture
def model(monkeypatch, tmp_path):
    monkeypatch.setattr("vsumm.score.model_source.load_model", lambda config: BrightLoudModel())
    monkeypatch.setattr("vsumm.score.model_source.model_fingerprint", lambda name: "bright")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


class TestEvents:
    def test_a_stage_tells_its_share_and_its_speed(self):
        told = []
        clock = StageClock(told.append, FILM, "scoring", total_seconds=40.0)
        time.sleep(0.11)
        clock.advance(10.0)
        clock.advance(30.0)
        assert [progress.share for progress in told] == [0.0, 0.25, 1.0]
        assert told[1].speed == pytest.approx(10.0 / told[1].elapsed_seconds)

    def test_a_stage_of_unknown_length_has_no_share(self):
        told = []
        StageClock(told.append, FILM, "loading")
        assert told == [Progress(FILM, "loading", None, told[0].elapsed_seconds)]

    def test_reports_within_a_stage_keep_their_distance(self):
        told = []
        clock = StageClock(told.append, FILM, "reel", total_seconds=1000.0)
        for _ in range(500):
            clock.advance(1.0)
        assert len(told) <= 3

    def test_work_ends_as_done_or_failed(self):
        told = []
        with work_on(told.append, FILM):
            pass
        with pytest.raises(ZeroDivisionError), work_on(told.append, FILM):
            raise ZeroDivisionError("by nothing")
        assert [progress.stage for progress in told] == ["loading", "done", "loading", "failed"]
        assert told[-1].message == "by nothing"


class TestPython:
    def test_a_function_is_told_every_stage_of_several_films(self, film, tmp_path):
        told = []
        films = [film, make_film(tmp_path / "b.mp4", seconds=4.0, size=(64, 48))]
        vsumm.summarize(films, model=BrightLoudModel(), budget="2s", progress=told.append)
        stages = [(progress.film, progress.stage) for progress in told]
        assert list(dict.fromkeys(stages)) == [
            (number, stage) for number in (1, 2) for stage in ("loading", "scoring", "done")
        ]
        assert {progress.num_films for progress in told} == {2}

    def test_other_values_are_refused_by_name(self):
        message = "progress must be True, False or a function; got 1"
        with pytest.raises(TypeError, match=message), watching(1):
            pass


class TestJsonLines:
    def test_the_command_prints_one_object_per_line(self, film, model, tmp_path, capsys):
        output = str(tmp_path / "reel.mp4")
        assert main([str(film), "--budget", "2s", "--progress", "json", "-o", output]) == 0
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        stages = list(dict.fromkeys(line["stage"] for line in lines))
        assert stages == ["loading", "scoring", "reel", "done"]
        assert all(line["path"] == str(film) for line in lines)
        assert [line["share"] for line in lines if line["stage"] == "scoring"][-1] == 1.0

    def test_a_failure_says_why(self, tmp_path, capsys):
        missing = tmp_path / "nope.mp4"
        assert main([str(missing), "--progress", "json"]) == 1
        lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
        assert json.loads(lines[-1])["stage"] == "failed"
        assert "no such file" in json.loads(lines[-1])["message"]

    def test_a_full_stderr_does_not_stop_the_work(self, monkeypatch):
        with (
            Path("/dev/full").open("wb", buffering=0) as full,
            io.TextIOWrapper(full, write_through=True) as stream,
        ):
            monkeypatch.setattr(sys, "stderr", stream)
            JsonLines()(Progress(FILM, "done", 1.0, 0.5))
            with pytest.raises(OSError, match="No space"):
                stream.write("this stream is full")


def test_a_bar_over_many_films_counts_films_and_hours(capsys):
    with HoursBar(4, 3 * 3600) as bar:
        bar.advance(1.5 * 3600)
        err = capsys.readouterr().err
    assert "0 of 4 films" in err
    assert "1 of 4 films  50%" in err
    assert "1.50 of 3.00 h" in err


class TestBars:
    def test_a_bar_moves_while_nothing_is_reported(self, capsys):
        with Bars() as bars:
            StageClock(bars, FILM, "loading")
            time.sleep(SECONDS_OF_BAR)
        shown = set(re.findall(r"film\.mp4: loading (\d\.\d) s", capsys.readouterr().err))
        assert len(shown) >= 2

    def test_a_bar_shows_share_speed_and_number(self, capsys):
        with Bars() as bars:
            bars(Progress(FILM, "scoring", 0.43, 10.0, speed=31.2, film=2, num_films=7))
        printed = capsys.readouterr().err
        assert "film.mp4 (2 of 7): scoring  43%|" in printed
        assert "| 31.2 x real time [" in printed

    def test_a_bar_is_gone_when_the_film_is_done(self, capsys):
        with Bars() as bars:
            bars(Progress(FILM, "scoring", 0.5, 1.0))
            bars(Progress(FILM, "done", 1.0, 2.0))
            assert not bars._bars

    def test_names_stay_on_their_line(self):
        title = bars_module._title(Progress(Path("a\nb" + "c" * 99), "reel", 0.5, 1.0))
        assert title.isprintable()
        assert len(title) <= bars_module.LONGEST_NAME + len(": reel")


class TestCommand:
    def test_a_terminal_shows_a_bar_first_and_no_colour(self, film, tmp_path):
        shown = _in_terminal([str(film), "--no-reel", "-o", f"{tmp_path}/new/"], NO_COLOR="1")
        assert re.match(r"\s*film\.mp4: loading \d\.\d s", shown)
        assert "film.mp4: scoring" in shown
        assert not re.search(r"\x1b\[[\d;]*m", shown)

    @pytest.mark.parametrize("option", ["--quiet", "--progress=none"])
    def test_a_terminal_shows_nothing_that_moves_on_request(self, film, tmp_path, option):
        assert "loading" not in _in_terminal([str(film), "--no-reel", option, "--force"])

    def test_nothing_moves_elsewhere(self, film, model, tmp_path, capsys):
        assert main([str(film), "--no-reel", "-o", str(tmp_path / "x.mp4"), "--budget=4s"]) == 0
        assert capsys.readouterr().err == ""


def _in_terminal(arguments, **environment):
    """Run the command on a terminal of unknown size; return what it shows."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "vsumm", *arguments]
    with subprocess.Popen(
        command, stderr=follower, stdout=subprocess.DEVNULL, env={**os.environ, **environment}
    ) as running:
        os.close(follower)
        shown = b""
        while True:
            try:
                shown += os.read(leader, 4096)
            except OSError:  # the other end was closed
                break
        assert running.wait() == 0
    os.close(leader)
    return shown.decode()
