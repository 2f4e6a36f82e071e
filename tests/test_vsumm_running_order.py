"""Reels whose runs are shown in the order of an arc or of a song."""

import json
from dataclasses import replace
from itertools import pairwise

import av
import numpy as np
import pytest
from films import make_film
from music import make_index
from summaries import make_summary

from vsumm.cli.program import main
from vsumm.config import SummaryConfig
from vsumm.errors import NoSignalError
from vsumm.media import Segment
from vsumm.running_order import order_by_arc
from vsumm.soundtrack import choose_soundtrack, order_by_track
from vsumm.summary import Summary

AROUSAL = [0.9, 0.5, 0.1, 0.5, 0.7, 0.5, 0.3, 0.5]
PICKED = [0, 2, 4, 6]


def summary_of(arousal=AROUSAL, picked=PICKED, **settings):
    flat = [0.5] * len(arousal)
    signals = {"image_valence": flat, "image_arousal": arousal, "motion": flat}
    settings = {"smoothing_segments": 1, "cut_at": "grid", "reorder": True} | settings
    return make_summary(flat, picked, signals=signals, **settings)


def starts_of(summary):
    return [run.start_seconds for run in summary.runs]


def test_runs_follow_the_arc_and_nothing_else_changes():
    summary = summary_of(arc="rise")
    ordered = order_by_arc(summary)
    assert starts_of(ordered) == [4.0, 12.0, 8.0, 0.0]
    assert ordered.order == (1, 3, 2, 0)
    assert ordered.runs_by_time == summary.runs
    assert ordered.notes[-1].startswith("reordered: arousal of the reel follows arc rise with")
    assert starts_of(
        order_by_arc(replace(summary, config=replace(summary.config, arc="fall")))
    ) == [
        0.0,
        8.0,
        12.0,
        4.0,
    ]


def test_runs_that_lie_well_keep_the_order_of_the_film():
    ordered = order_by_arc(summary_of([0.1, 0.5, 0.3, 0.5, 0.7, 0.5, 0.9, 0.5], arc="rise"))
    assert ordered.order == ()
    assert "rank r 0.9" in ordered.notes[-1]


def test_runs_follow_the_soundtrack_that_is_chosen_or_named(tmp_path):
    root = tmp_path / "music"
    root.mkdir()
    (root / "rising.flac").touch()
    index = make_index(tmp_path / "index", root, {"rising.flac": [0.3, 0.6]})
    ordered = order_by_track(summary_of(), index)
    assert starts_of(ordered) == [4.0, 12.0, 8.0, 0.0]
    choice = choose_soundtrack(summary_of(), index)
    assert choice.summary.order == ordered.order
    assert choice.best[0].correlation > 0.9
    kept = choose_soundtrack(summary_of(reorder=False), index)
    assert kept.summary.order == ()


def test_a_reel_without_a_picture_is_refused():
    summary = make_summary([0.5] * 4, [0, 2], reorder=True, arc="rise")
    with pytest.raises(NoSignalError, match="no picture"):
        order_by_arc(summary)


def test_no_arc_that_any_order_follows():
    with pytest.raises(ValueError, match="arc must be one that changes"):
        SummaryConfig(arc="flat", reorder=True)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film whose pictures get faster and slower, with a sound."""
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4", seconds=24, size=(192, 96))


def summarised(film, tmp_path, *options):
    common = ["--no-cache", "--quiet", "--keep", "2-4", "--keep", "10-12", "--keep", "20-22"]
    target = tmp_path / "reel.mp4"
    code = main(["summarize", str(film), *common, "--budget", "6s", "-o", str(target), *options])
    assert code == 0
    return Summary.from_json(target.with_suffix(".json").read_text(encoding="utf-8"))


def test_reel_chapters_and_timelines_obey_the_order(film, tmp_path, capsys):
    summary = summarised(film, tmp_path, "--arc", "rise", "--reorder", "--chapters")
    arousal = [row.signals["image_arousal"] for row in summary.segments]
    assert sorted(summary.order) == [0, 1, 2]
    reordered = replace(summary, order=(2, 0, 1))
    (tmp_path / "reel.json").write_text(reordered.to_json(), encoding="utf-8")
    assert len({*arousal}) > 1
    for name in ("again.mp4", "cut.edl", "cut.otio"):
        assert main(["render", str(tmp_path / "reel.json"), "-o", str(tmp_path / name)]) == 0
    with av.open(str(tmp_path / "again.mp4")) as reel:
        titles = [chapter["metadata"]["title"] for chapter in reel.chapters()]
        assert float(reel.duration / av.time_base) == pytest.approx(6.0, abs=0.05)
    assert [title.split()[0] for title in titles] == ["0:20.0", "0:02.0", "0:10.0"]
    capsys.readouterr()
    for name in ("cut.edl", "cut.otio"):
        assert main(["render", str(tmp_path / name), "-o", str(tmp_path / f"{name}.fcpxml")]) == 0
        lines = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert [line[1] for line in lines if line[:1] in (["1"], ["2"], ["3"])] == [
            "0:20.0",
            "0:02.0",
            "0:10.0",
        ]


def pictures_of(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def test_frames_of_the_reel_are_those_of_the_film_in_its_order(film, tmp_path):
    summary = summarised(film, tmp_path)
    (tmp_path / "reel.json").write_text(replace(summary, order=(1, 2, 0)).to_json())
    assert main(["render", str(tmp_path / "reel.json"), "-o", str(tmp_path / "a.mp4")]) == 0
    source, reel = pictures_of(film), pictures_of(tmp_path / "a.mp4")
    rate = len(source) / 24
    for place, start in enumerate((10, 20, 2)):
        first = round(place * 2 * rate)
        for offset in (0, round(rate), round(2 * rate) - 1):
            shown = reel[first + offset].astype(float)
            near = source[round(start * rate) + offset].astype(float)
            far = source[(round(start * rate) + offset + round(6 * rate)) % len(source)]
            assert np.abs(shown - near).mean() < 6
            assert np.abs(shown - near).mean() < np.abs(shown - far).mean()


def test_an_edit_keeps_the_places_of_what_was_shown(film, tmp_path, capsys):
    summary = summarised(film, tmp_path)
    (tmp_path / "reel.json").write_text(replace(summary, order=(2, 0, 1)).to_json())
    options = ["--drop", "2", "--keep", "5-6", "-o", str(tmp_path / "cut.edl")]
    assert main(["render", str(tmp_path / "reel.json"), *options]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[1] for row in rows if row[0].isdigit()] == ["0:05.0", "0:20.0", "0:10.0"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--reorder"], "--reorder needs --arc, --soundtrack, --soundtrack-from or --to"),
        (["--reorder", "--mood", "calm"], "--reorder needs --arc"),
        (["--reorder", "--arc", "flat"], "arc must be one that changes"),
        (["--reorder", "--arc", "rise", "--variants", "2"], "leave out --reorder"),
    ],
)
def test_options_that_do_not_fit_are_one_line(film, capsys, options, said):
    assert main(["summarize", str(film), *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_an_order_goes_through_json_and_is_checked():
    summary = replace(summary_of(), order=(2, 0, 1, 3))
    document = json.loads(summary.to_json())
    assert Summary.from_json(summary.to_json()) == summary
    assert summary.runs == [Segment(8, 10), Segment(0, 2), Segment(4, 6), Segment(12, 14)]
    del document["order"]
    document["schema_version"] = 3
    old = Summary.from_json(json.dumps(document))
    assert all(a.start_seconds < b.start_seconds for a, b in pairwise(old.runs))
    for wrong in ((0, 1, 2), (0, 1, 2, 2), (1, 2, 3, 4)):
        with pytest.raises(ValueError, match="each of 4 runs once"):
            replace(summary, order=wrong)
