"""`vsumm render --variants`: several reels that differ."""

from dataclasses import replace
from itertools import combinations

import av
import numpy as np
import pytest
from films import make_film
from timelines import summary_of_runs

from vsumm.cli import main
from vsumm.media import probe
from vsumm.summary import Summary

SMALL = {"seconds": 60.0, "size": (64, 36), "frame_rate": 5}
FAST = ["--preset", "ultrafast"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A film of 60 s and its summary of 10 s, in segments of a second with scores that wander."""
    folder = tmp_path_factory.mktemp("made")
    info = probe(make_film(folder / "film.mp4", **SMALL))
    summary = summary_of_runs(info, [(20.0, 30.0)])
    row = summary.segments[0]
    scores = 0.6 + 0.3 * np.sin(np.arange(60) / 4)
    best = set(np.argsort(-scores)[:10].tolist())
    rows = tuple(
        replace(
            row, start_seconds=k * 1.0, end_seconds=k + 1.0, score=float(score), selected=k in best
        )
        for k, score in enumerate(scores)
    )
    config = replace(summary.config, cut_at="grid")
    summary = replace(summary, segments=rows, budget_seconds=10.0, config=config)
    (folder / "film.summary.json").write_text(summary.to_json(), encoding="utf-8")
    return folder


def shared(one: Summary, other: Summary) -> float:
    pairs = zip(one.segments, other.segments, strict=True)
    return sum(a.segment.duration_seconds for a, b in pairs if a.selected and b.selected)


def test_each_variant_is_a_reel_with_its_summary(made, tmp_path, capsys):
    reel = tmp_path / "reel.mp4"
    arguments = ["render", str(made / "film.summary.json"), "-o", str(reel), *FAST]
    assert main([*arguments, "--variants", "3", "--max-overlap", "30%"]) == 0
    out = capsys.readouterr().out
    names = ["reel.mp4", "reel.2.mp4", "reel.3.mp4"]
    summaries = []
    for name in names:
        summary = Summary.from_json((tmp_path / name).with_suffix(".json").read_text())
        summaries.append(summary)
        with av.open(str(tmp_path / name)) as container:
            assert container.duration / av.time_base == pytest.approx(10.0, abs=0.3)
        assert f"written  {tmp_path / name}" in out
    for one, other in combinations(summaries, 2):
        assert shared(one, other) <= 3.0
    values = [sum(r.score for r in s.segments if r.selected) for s in summaries]
    assert values == sorted(values, reverse=True)
    assert f"variant 2: worth {values[1] / values[0]:.1%} of the first" in out
    assert summaries[1].notes[-1] in out


def test_the_summary_of_a_variant_makes_the_same_reel_again(made, tmp_path):
    reel = tmp_path / "reel.mp4"
    arguments = ["render", str(made / "film.summary.json"), "-o", str(reel), *FAST, "--quiet"]
    assert main([*arguments, "--variants", "2"]) == 0
    again = tmp_path / "again.mp4"
    json = str(tmp_path / "reel.2.json")
    assert (
        main(["render", json, "-o", str(again), "--media", str(made / "film.mp4"), "--quiet"]) == 0
    )
    assert again.read_bytes() == (tmp_path / "reel.2.mp4").read_bytes()


def test_the_summary_that_was_read_is_left_alone(made, tmp_path):
    for name in ("film.mp4", "film.summary.json"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    source = tmp_path / "film.summary.json"
    before = source.read_bytes()
    target = tmp_path / "film.summary.mp4"
    arguments = ["render", str(source), "-o", str(target), *FAST, "--quiet", "--variants", "2"]
    assert main(arguments) == 0
    assert source.read_bytes() == before
    assert (tmp_path / "film.summary.2.json").exists()


def test_timelines_of_variants_are_numbered_too(made, tmp_path):
    arguments = ["render", str(made / "film.summary.json"), "-o", str(tmp_path / "cut.edl")]
    assert main([*arguments, "--variants", "2", "--quiet"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.2.edl", "cut.edl"]


def test_a_new_budget_counts_for_all(made, tmp_path):
    arguments = ["render", str(made / "film.summary.json"), "-o", str(tmp_path / "reel.mp4")]
    assert main([*arguments, *FAST, "--variants", "2", "--budget", "6s", "--quiet"]) == 0
    for name in ("reel.json", "reel.2.json"):
        summary = Summary.from_json((tmp_path / name).read_text())
        if name == "reel.2.json":
            assert summary.selected_seconds == pytest.approx(6.0)


def test_fewer_variants_than_wanted_are_said(made, tmp_path, capsys):
    arguments = ["render", str(made / "film.summary.json"), "-o", str(tmp_path / "cut.edl")]
    assert main([*arguments, "--variants", "9", "--max-overlap", "0", "--quiet"]) == 0
    assert "only 6 of 9 variants: nothing else differs enough" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--variants", "2", "--drop", "1"], "leave out --keep, --drop and --extend"),
        (["--variants", "0"], "whole number from 1"),
        (["--variants", "2", "--max-overlap", "100%"], "must be below 100%"),
    ],
)
def test_wrong_usage_is_refused(made, capsys, arguments, message):
    try:
        code = main(["render", str(made / "film.summary.json"), *arguments])
    except SystemExit as error:  # argparse's way
        code = error.code
    assert code == 2
    assert message in capsys.readouterr().err


def test_a_timeline_has_nothing_to_vary(made, tmp_path, capsys):
    edl = tmp_path / "cut.edl"
    assert main(["render", str(made / "film.summary.json"), "-o", str(edl), "--quiet"]) == 0
    assert main(["render", str(edl), "--variants", "2"]) == 1
    assert "vary the summary (.json)" in capsys.readouterr().err


def test_nothing_is_written_where_one_file_is_in_the_way(made, tmp_path, capsys):
    (tmp_path / "reel.2.json").write_text("mine")
    arguments = ["render", str(made / "film.summary.json"), "-o", str(tmp_path / "reel.mp4")]
    assert main([*arguments, "--variants", "2"]) == 1
    assert "reel.2.json: exists already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["reel.2.json"]
