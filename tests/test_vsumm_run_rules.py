"""How long runs are, what is shown around them, and what cannot be had together."""

import pytest
from shots import make_shots
from test_vsumm_edges import LENGTHS, summarized

from vsumm.cli import main
from vsumm.config import SummaryConfig
from vsumm.media import Segment


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_shots(tmp_path_factory.mktemp("film") / "film.mp4", LENGTHS, bright=[4, 7, 9])


@pytest.mark.parametrize("cut_at", ["grid", "shots"])
def test_runs_are_no_longer_than_asked_and_the_budget_holds(film, cut_at):
    free = summarized(film, budget="14s", cut_at=cut_at)
    assert max(run.duration_seconds for run in free.runs) > 5
    summary = summarized(film, budget="14s", cut_at=cut_at, max_run_seconds=5)
    assert max(run.duration_seconds for run in summary.runs) <= 5 + 1e-6
    assert 10 < summary.selected_seconds <= 14 + 1e-6


@pytest.mark.parametrize("cut_at", ["grid", "shots"])
def test_padding_is_exact_and_within_the_budget(film, cut_at):
    bare = summarized(film, budget="6s", cut_at=cut_at)
    summary = summarized(film, budget="6s", cut_at=cut_at, padding_seconds=(0.3, 0.5))
    assert summary.selected_seconds <= 6 + 1e-6
    assert summary.runs != bare.runs
    if cut_at == "grid":
        (run,) = summary.runs
        assert run.start_seconds % 2 == pytest.approx(1.7)
        assert run.end_seconds % 2 == pytest.approx(0.5)


def test_what_is_kept_has_no_padding_and_no_run_beside_it_makes_it_longer(film):
    summary = summarized(
        film, budget="16s", keep=[(20, 24)], max_run_seconds=5, padding_seconds=(0.2, 0.2)
    )
    assert Segment(20, 24) in summary.runs
    assert max(run.duration_seconds for run in summary.runs) <= 5 + 1e-6
    assert summary.selected_seconds <= 16 + 1e-6


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--keep", "0:10-0:16", "--max-run", "5s"], "cannot keep 0:10.0-0:16.0 with runs of 5 s"),
        (
            ["--padding", "4s,5s"],
            "a budget of 8 s has no room for a run of 1.5 s with a pad",
        ),
    ],
)
def test_what_cannot_be_had_together_is_one_line(film, tmp_path, capsys, options, problem):
    target = tmp_path / "reel.mp4"
    arguments = [str(film), "-o", str(target), "--budget", "8s", "--quiet", *options]
    assert main(["summarize", *arguments, "--by", "image", "--no-cache"]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert problem in line
    assert not target.exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"max_run_seconds": 1.0},
        {"max_run_seconds": 3.0, "min_run_seconds": 4.0},
        {"max_run_seconds": 2.5, "padding_seconds": (0.3, 0.5)},
        {"padding_seconds": (-0.1, 0.5)},
    ],
)
def test_settings_that_exclude_each_other_are_refused(settings):
    with pytest.raises(ValueError, match="_seconds must be at least"):
        SummaryConfig(**settings)


@pytest.mark.parametrize("value", ["0.3s,0.5s,1s", "a", "-1s"])
def test_paddings_that_cannot_be_read_are_wrong_usage(film, capsys, value):
    with pytest.raises(SystemExit, match="2"):
        main(["summarize", str(film), f"--padding={value}"])
    assert "--padding" in capsys.readouterr().err
