import csv
import io
import json
import math

import numpy as np
import pytest
from benchmarks import make_video

from eval.datasets.benchmark import Benchmark
from eval.output.frame import COLUMNS, to_csv
from eval.output.records import to_record
from eval.output.text import format_evaluation
from eval.protocol.evaluate import evaluate
from eval.protocol.published import published_figures
from eval.protocol.results import EvaluationSettings
from eval.protocol.shots import PROTOCOLS


@pytest.fixture(scope="module")
def result():
    videos = tuple(make_video(f"v{n}", seed=n, category="AB"[n % 2]) for n in range(3))
    scores = {v.video_id: np.random.default_rng(n).random(300) for n, v in enumerate(videos)}
    data = Benchmark("tvsum", videos, 50, notes=("3 of 50 videos: a test",))
    return evaluate(data, scores, EvaluationSettings(num_seeds=2), method="mine")


@pytest.fixture(scope="module")
def with_cue():
    """A cue that one of three videos has, the only one of its category."""
    videos = tuple(make_video(f"v{n}", seed=n, category="AB"[n == 0]) for n in range(3))
    scores = {v.video_id: np.random.default_rng(n).random(300) for n, v in enumerate(videos)}
    data = Benchmark("tvsum", videos, 50)
    settings = EvaluationSettings(num_seeds=2)
    return evaluate(data, scores, settings, cues={"loudness": {"v0": scores["v1"]}})


def test_a_cue_says_of_how_many_videos_it_is(with_cue):
    text = format_evaluation(with_cue)
    line = next(line for line in text.splitlines() if line.startswith("loudness"))
    mean = with_cue.values("loudness", "tau").mean()
    assert line.startswith("loudness (1 video) ")
    assert f" {mean:.3f} [" in line
    assert "loudness" not in text.partition("per category")[2]


def test_a_cue_is_missing_from_the_records_of_videos_without_it(with_cue):
    record = json.loads(json.dumps(to_record(with_cue), allow_nan=False))
    assert ["loudness" in video["measures"] for video in record["videos"]] == [True, False, False]
    assert "loudness" not in record["categories"]["A"]
    rows = list(csv.DictReader(io.StringIO(to_csv([with_cue]))))
    of_cue = [row["video"] for row in rows if row["scorer"].startswith("loudness")]
    assert of_cue == ["v0", "mean", "low", "high"]


def test_the_text_names_protocol_tie_rule_notes_and_all_rows(result):
    text = format_evaluation(result)
    for told in ("protocol: uniform-2s", "ties: ", "note: 3 of 50", "mine", "random (2 seeds)"):
        assert told in text
    for row in ("uniform", "human", "oracle", "SD over seeds", "per category", "v0", "v1", "v2"):
        assert row in text


def test_the_text_shows_the_means_in_percent(result):
    line = next(line for line in format_evaluation(result).splitlines() if line.startswith("mine"))
    assert f"{100 * result.values('method', 'f_mean').mean():.1f} [" in line


def test_the_method_less_random_is_paired_by_video(result):
    difference = result.values("method", "tau") - result.values("random", "tau")
    record = to_record(result)["method_less_random"]["tau"]
    assert record["mean"] == pytest.approx(difference.mean())
    line = next(line for line in format_evaluation(result).splitlines() if "less random" in line)
    assert f"{difference.mean():.3f}" in line


def test_the_table_per_video_can_be_left_out(result):
    assert "per video" not in format_evaluation(result, with_videos=False)


def test_the_text_has_no_negative_zero(result):
    assert "-0.000" not in format_evaluation(result)


def test_columns_are_as_wide_in_every_row(result):
    block = format_evaluation(result).split("\n\n")[-2].splitlines()[1:]
    assert len({len(line) for line in block}) == 1


def test_published_figures_stand_under_their_protocol_only():
    values = {f.scorer: f.value for f in published_figures("tvsum", "kts")}
    assert values == {
        "random": 54.4,
        "DR-DSN": 57.6,
        "CSNet": 58.8,
        "AC-SUM-GAN": 60.6,
        "CA-SUM": 61.4,
        "MMVA": 58.2,
    }
    assert {f.measure for f in published_figures("summe", "kts")} == {"f_max"}
    for protocol in set(PROTOCOLS) - {"kts"}:
        assert published_figures("summe", protocol) == published_figures("tvsum", protocol) == ()


def test_json_holds_the_same_numbers(result):
    record = json.loads(json.dumps(to_record(result), allow_nan=False))
    assert record["protocol"] == "uniform-2s"
    assert record["overall"]["method"]["f_mean"]["mean"] == pytest.approx(
        result.values("method", "f_mean").mean()
    )
    assert record["overall"]["uniform"]["tau"] is None
    assert record["overall"]["random"]["tau"]["sd_over_seeds"] >= 0
    assert set(record["categories"]) == {"A", "B"}
    assert [video["video"] for video in record["videos"]] == ["v0", "v1", "v2"]


def test_csv_holds_every_video_and_scorer_and_their_means(result):
    rows = list(csv.DictReader(io.StringIO(to_csv([result]))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == (3 + 3) * 5
    of_method = [r for r in rows if r["scorer"] == "mine"]
    mean = next(float(r["f_mean"]) for r in of_method if r["video"] == "mean")
    videos = [float(r["f_mean"]) for r in of_method if r["video"].startswith("v")]
    assert math.isclose(mean, sum(videos) / 3)
    assert next(r for r in rows if r["scorer"] == "uniform")["tau"] == ""
