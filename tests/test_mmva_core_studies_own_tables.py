"""From what `mmva evaluate` prints to our side of the paper's tables."""

import csv

import pytest
import torch

from mmva_core.cli.program import main
from mmva_core.errors import DataError
from mmva_core.published.figures import read_table
from mmva_core.studies.folds import ABLATIONS
from mmva_core.studies.lite_folds import SPLIT, baseline_source, copies_of
from mmva_core.studies.own_tables import own_figures
from mmva_core.studies.report import ErrorIntervals, Row, evaluation_text
from mmva_core.studies.retrieval import RetrievalRow, retrieval_text
from mmva_core.studies.tables import render
from mmva_core.train.metrics import regression_metrics

PREDICTED = torch.tensor([0.1, 0.4, 0.6, 0.9])
LABELS = torch.tensor([0.2, 0.4, 0.4, 0.8])


def error_row(source, split=SPLIT, target="image", dimension="arousal"):
    intervals = ErrorIntervals.of(PREDICTED, LABELS, ["a", "a", "b", "b"])
    metrics = regression_metrics(PREDICTED, LABELS)
    return Row.of(source, split, target, dimension, metrics, intervals)


def write(path, rows, text):
    path.write_text(render(rows, "csv", text), encoding="utf-8")
    return path


def test_errors_go_to_tables_1_and_3(tmp_path):
    rows = [error_row(copies_of(ablation)) for ablation in ABLATIONS]
    rows += [error_row(baseline_source("cdcml")), error_row("mmva-lite", "EmoBank")]

    tables = own_figures(write(tmp_path / "errors.csv", rows, evaluation_text))

    first, third = ([(f.system, f.column, f.printed) for f in tables[n]] for n in (1, 3))
    # Errors .1, 0, .2, .1; the mean label is .45.
    assert first == [
        ("mmva-lite", "image arousal MSE", "0.0150"),
        ("mmva-lite", "image arousal MAE", "0.1000"),
        ("cdcml", "image arousal MSE", "0.0150"),
        ("cdcml", "image arousal MAE", "0.1000"),
        ("constant", "image arousal MSE", "0.0475"),
        ("constant", "image arousal MAE", "0.1750"),
    ]
    assert [system for system, _, _ in third][::2] == [
        "mmva-lite",
        "no random matching",
        "no similarity predictor",
        "constant",
    ]


def test_intervals_are_those_of_drawing_whole_groups(tmp_path):
    path = write(tmp_path / "errors.csv", [error_row(copies_of(ABLATIONS[0]))], evaluation_text)
    error = own_figures(path)[1][1]
    # Group a has a mean error of .05, group b of .15: draws are both, twice a, or twice b.
    assert (error.column, error.low, error.high) == ("image arousal MAE", "0.0500", "0.1500")
    assert error.with_interval == "0.1000 (0.0500 to 0.1500)"


def test_retrieval_goes_to_tables_2_and_5(tmp_path):
    def row(source, by, direction="caption to music", interval=(None, None)):
        shares = (0.1, 0.2, 0.3, 0.15)
        return RetrievalRow(source, "8 pairs of a set", direction, by, 8, *shares, *interval)

    rows = [
        row("MMVA", "va", interval=(0.25, 0.35)),
        row("MMVA", "va", "music to caption"),
        row("MMVA", "cosine"),
        row("MMVA, joint space", "joint"),
        row("No Random Matching", "va"),
        row("class-bin (our reading)", None),
        row("chance", None),
    ]

    tables = own_figures(write(tmp_path / "retrieval.csv", rows, retrieval_text))

    second, fifth = (list(dict.fromkeys(f.system for f in tables[n])) for n in (2, 5))
    assert second == [
        "mmva-lite, by valence and arousal",
        "mmva-lite, by cosine",
        "mmva-lite, in the joint space",
        "class-bin",
        "chance",
    ]
    assert fifth == ["mmva-lite", "no random matching", "chance"]
    ten = next(f for f in tables[2] if f.column == "R@10")
    assert (ten.printed, ten.low, ten.high) == ("30.0", "25.0", "35.0")
    assert ten.protocol == "8 pairs of a set, 8 on average"
    assert {f.column for f in tables[2]} <= {f.column for f in read_table(2).of("paper")}


def test_the_command_replaces_what_was_measured_and_keeps_the_rest(tmp_path, capsys):
    figures = write(tmp_path / "e.csv", [error_row(copies_of(ABLATIONS[0]))], evaluation_text)
    folder = tmp_path / "ours"
    folder.mkdir()
    assert main(["build", "paper-tables", str(figures), "-o", str(folder)]) == 0
    assert "table-1.csv: 4 figures" in capsys.readouterr().out

    with (folder / "table-1.csv").open(encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    own = {row["column"]: row["figure"] for row in written if row["system"] == "mmva-lite"}
    assert own["image arousal MSE"] == "0.0150"
    assert own["image arousal MAE"] == "0.1000"
    assert own["image valence MSE"] == next(
        f.printed
        for f in read_table(1).of("ours")
        if (f.system, f.column) == ("mmva-lite", "image valence MSE")
    )
    kept = {(f.system, f.column, f.printed, f.protocol) for f in read_table(1).of("ours")}
    rows = [(row["system"], row["column"], row["figure"], row["protocol"]) for row in written]
    assert {row for row in kept if "IMEMNet" in row[3]} <= set(rows)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", ""])
def test_another_csv_is_refused(tmp_path, text):
    path = tmp_path / "other.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="not what mmva evaluate prints"):
        own_figures(path)


def test_figures_of_something_else_are_refused(tmp_path):
    path = write(tmp_path / "other.csv", [error_row("my-model", "my songs")], evaluation_text)
    with pytest.raises(DataError, match="holds no figures"):
        own_figures(path)
