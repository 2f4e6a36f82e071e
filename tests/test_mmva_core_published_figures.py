"""The paper's figures and ours: kept apart, complete, and true where they can be recomputed."""

import csv

import numpy as np
import pytest

from mmva_core.published.figures import TABLES, read_table
from mmva_core.retrieval.metrics import chance_metrics

SYSTEMS = {
    1: ["SP-Net", "L3-Net", "ACP-Net", "CDCML", "MMVA"],
    2: ["Class-bin", "Triplet-GloVe", "Triplet-BERT", "Contrastive-BERT", "MMVA"],
    3: ["No Random Matching", "No Similarity Predictor", "MMVA"],
    4: ["random", "DR-DSN", "CSNet", "AC-SUM-GAN", "CA-SUM", "MMVA"],
    5: ["No Random Matching", "No Similarity Predictor", "MMVA"],
}
NUM_FIGURES = {1: 4 * 10 + 14, 2: 5 * 4, 3: 14 + 12 + 14, 4: 6, 5: 3 * 5}
"""Cells of the paper's tables that are not empty."""


@pytest.mark.parametrize("number", TABLES)
def test_every_system_of_the_paper_has_its_row(number):
    figures = read_table(number).of("paper")
    assert list(dict.fromkeys(figure.system for figure in figures)) == SYSTEMS[number]
    assert len({(figure.system, figure.column) for figure in figures}) == NUM_FIGURES[number]
    assert all(figure.source.endswith(f"Table {number}") for figure in figures)


@pytest.mark.parametrize("number", TABLES)
def test_ours_stand_under_the_papers_columns_and_never_under_its_source(number):
    table = read_table(number)
    ours = table.of("ours")
    assert ours
    assert {figure.column for figure in ours} <= {figure.column for figure in table.of("paper")}
    assert not {figure.source for figure in ours} & {figure.source for figure in table.of("paper")}
    assert len(set(ours)) == len(table.figures) - NUM_FIGURES[number]


def test_mmva_is_the_same_in_every_table_of_the_paper():
    for first, second in ((1, 3), (2, 5)):
        one, other = (
            {f.column: f.figure for f in read_table(number).of("paper") if f.system == "MMVA"}
            for number in (first, second)
        )
        assert one.items() <= other.items()


def test_chance_among_the_papers_pairs_is_the_expected_value():
    metrics = chance_metrics(1000)
    expected = (
        metrics.recall_at_1,
        metrics.recall_at_5,
        metrics.recall_at_10,
        metrics.map_at_10,
    )
    figures = [f.figure for f in read_table(2).of("ours") if f.protocol.startswith("1000 pairs")]
    assert figures == pytest.approx([100 * value for value in expected], abs=0.005)


@pytest.mark.dataset
def test_constants_on_the_papers_data_are_those_of_its_labels(data_folder):
    with (data_folder / "imemnet" / "image_va.csv").open(encoding="utf-8") as file:
        labels = list(csv.DictReader(file))
    pairs = (data_folder / "imemnet" / "test_matching.txt").read_text(encoding="utf-8")
    values = {
        "image valence": [float(row["valence"]) for row in labels],
        "image arousal": [float(row["arousal"]) for row in labels],
        "similarity score": [float(line.split()[2]) for line in pairs.splitlines()],
    }
    figures = {
        f.column: f.figure
        for f in read_table(1).of("ours")
        if f.system == "constant" and f.protocol.startswith("IMEMNet")
    }
    assert len(figures) == 2 * len(values)
    for name, own in values.items():
        assert figures[f"{name} MSE"] == pytest.approx(np.var(own), abs=5e-5)
        spread = np.abs(np.array(own) - np.median(own)).mean()
        assert figures[f"{name} MAE"] == pytest.approx(spread, abs=5e-5)


@pytest.mark.parametrize("number", [0, 6])
def test_a_table_that_the_paper_does_not_have_is_refused(number):
    with pytest.raises(ValueError, match="must be one of 1, 2, 3, 4, 5"):
        read_table(number)
