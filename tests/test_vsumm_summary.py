"""The summary: its JSON round trip, its table, and what it refuses."""

import dataclasses
import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from films import make_film
from foretold import BrightLoudModel

import vsumm
from vsumm.config import SummaryConfig
from vsumm.errors import OutputError, ScoresError
from vsumm.media.info import AudioStream, MediaInfo, VideoStream
from vsumm.media.report import DecodeReport
from vsumm.media.segments import Segment
from vsumm.summary import SCHEMA_VERSION, ScoredSegment, Summary


def row(start, end, score, *, selected=False):
    signals = {"image_arousal": score, "motion": 0.1, "music_arousal": None}
    return ScoredSegment(start, end, signals, score, selected)


@pytest.fixture
def summary():
    video = VideoStream(0, "h264", 320, 180, 25.0, 0, 0.0, 7.0, "yuv420p")
    audio = AudioStream(1, "aac", 44100, 2, 0.0, 6.5, "eng")
    media = MediaInfo(Path("a film.mp4"), "mov", 0.0, 7.0, video, (audio,))
    rows = (
        row(0.0, 2.0, 0.5),
        row(2.0, 4.0, 0.9, selected=True),
        row(4.0, 6.0, 0.8, selected=True),
        row(6.0, 7.0, None),
    )
    return Summary(
        schema_version=SCHEMA_VERSION,
        model="mmva-lite",
        by="image",
        budget_seconds=4.5,
        config=SummaryConfig(by="image", budget_seconds=4.5),
        media=media,
        input_sha256="0" * 64,
        segments=rows,
        image_report=DecodeReport("pyav", 7.0, 0.5, ("damaged picture",)),
        notes=("a note",),
    )


def test_json_round_trip_gives_an_equal_summary(summary):
    assert Summary.from_json(summary.to_json()) == summary


def test_a_summary_of_version_1_is_still_read(summary):
    document = json.loads(summary.to_json())
    document["schema_version"] = 1
    for segment in document["segments"]:
        segment |= segment.pop("signals")
    rows = Summary.from_json(json.dumps(document)).segments
    assert rows[1].signals["image_arousal"] == 0.9
    assert rows[1].signals["music_valence"] is None


def test_a_summary_of_version_2_has_the_runs_of_its_segments(summary):
    document = json.loads(summary.to_json())
    document["schema_version"] = 2
    del document["pieces"]
    assert Summary.from_json(json.dumps(document)).runs == [Segment(2.0, 6.0)]


def test_pieces_are_what_the_reel_consists_of(summary):
    pieces = (Segment(1.5, 3.2), Segment(4.0, 6.5))
    moved = dataclasses.replace(summary, pieces=pieces)
    assert moved.runs == list(pieces)
    assert moved.selected_seconds == pytest.approx(4.2)
    assert Summary.from_json(moved.to_json()) == moved


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([(1.0, 3.0), (2.0, 4.0)], "overlap"),
        ([(5.0, 7.5)], "after the film"),
        ([(0.0, 5.0)], "more than the budget"),
    ],
)
def test_impossible_pieces_are_refused(summary, pieces, said):
    with pytest.raises(ValueError, match=said):
        dataclasses.replace(summary, pieces=tuple(Segment(*piece) for piece in pieces))


def test_rows_with_other_signals_are_refused(summary):
    other = dataclasses.replace(summary.segments[1], signals={"motion": 0.1})
    with pytest.raises(ValueError, match=r"signals at 2\.0 s"):
        dataclasses.replace(summary, segments=(summary.segments[0], other))


def test_json_is_plain_and_versioned(summary):
    document = json.loads(summary.to_json())
    assert document["schema_version"] == SCHEMA_VERSION
    assert document["media"]["path"] == "a film.mp4"
    assert document["segments"][3]["score"] is None


def test_selected_neighbours_form_one_run(summary):
    assert summary.runs == [Segment(2.0, 6.0)]
    assert summary.selected_seconds == 4.0


def test_the_table_has_one_row_per_segment(summary):
    frame = summary.to_frame()
    assert list(frame.columns) == [
        "start_seconds",
        "end_seconds",
        "image_arousal",
        "motion",
        "music_arousal",
        "score",
        "selected",
    ]
    assert frame["selected"].tolist() == [False, True, True, False]
    assert frame["score"].isna().tolist() == [False, False, False, True]
    assert frame["music_arousal"].isna().all()


def test_a_selection_longer_than_the_budget_is_refused(summary):
    with pytest.raises(ValueError, match="more than the budget"):
        dataclasses.replace(summary, budget_seconds=3.0)


def test_overlapping_segments_are_refused(summary):
    with pytest.raises(ValueError, match="overlap"):
        dataclasses.replace(summary, segments=(row(0.0, 2.0, 0.1), row(1.0, 3.0, 0.1)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 99),
        (("by",), "smell"),
        (("budget_seconds",), "long"),
        (("budget_seconds",), 1.0),
        (("segments", 1, "start_seconds"), -5),
        (("segments", 1, "end_seconds"), 1.0),
        (("segments", 1, "score"), "high"),
        (("config", "smoothing_segments"), 4),
        (("media",), None),
    ],
)
def test_a_foreign_summary_is_believed_in_nothing(summary, path, value):
    document = json.loads(summary.to_json())
    target = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(ScoresError):
        Summary.from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "{}", "not json", '{"schema_version": 1}', "\x00"])
def test_what_is_no_summary_is_refused(text):
    with pytest.raises(ScoresError):
        Summary.from_json(text)


def test_a_notebook_shows_the_curve_and_the_picks(summary):
    page = summary._repr_html_()
    svg = ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    shapes = [shape.tag.rpartition("}")[2] for shape in svg]
    assert shapes == ["title", *["rect"] * len(summary.runs), "path"]
    number_of_scores = sum(row.score is not None for row in summary.segments)
    assert sum(svg[-1].get("d").count(letter) for letter in "ML") == number_of_scores


def test_the_table_is_written_as_csv(summary, tmp_path):
    path = tmp_path / "table.csv"
    summary.write_table(path)
    pd.testing.assert_frame_equal(pd.read_csv(path), summary.to_frame())
    with pytest.raises(OutputError, match="exists already"):
        summary.write_table(path)
    with pytest.raises(OutputError, match=r"\.csv or \.parquet"):
        summary.write_table(tmp_path / "table.xls")


def test_the_table_is_written_as_parquet_where_that_is_installed(summary, tmp_path):
    path = tmp_path / "table.parquet"
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        with pytest.raises(OutputError, match="pip install pyarrow"):
            summary.write_table(path)
        return
    summary.write_table(path)
    pd.testing.assert_frame_equal(pd.read_parquet(path), summary.to_frame())


def test_without_matplotlib_a_plot_says_what_it_needs(summary, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        summary.plot()


def test_a_plot_has_a_curve_and_a_bar_for_every_run(summary):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    axes = summary.plot()  # its film is not there: no pictures
    assert len(axes.lines) == 1
    assert len(axes.patches) == len(summary.runs)


def test_a_plot_shows_picks_as_pictures_of_the_film(tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    film = make_film(tmp_path / "film.mp4", seconds=8.0, size=(64, 48))
    made = vsumm.summarize(film, by="image", model=BrightLoudModel(), budget="4s")
    axes = made.plot()
    assert len(axes.child_axes) == len(made.runs)
    assert all(box.images[0].get_array().shape == (48, 64, 3) for box in axes.child_axes)
    assert not made.plot(with_thumbnails=False).child_axes
