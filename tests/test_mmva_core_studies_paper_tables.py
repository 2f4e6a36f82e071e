"""The paper's tables as printed: marked, by protocol, with what makes them comparable."""

import csv
import json

import pytest

from mmva_core.cli.program import main
from mmva_core.published.figures import TABLES, Figure, read_table
from mmva_core.studies import paper_tables
from mmva_core.studies.paper_tables import MARKS, paper_tables_text


@pytest.mark.parametrize("number", TABLES)
def test_a_table_holds_both_origins_and_says_what_compares(number):
    text = paper_tables_text(read_table(number).figures)
    assert text.startswith(f"Table {number}: ")
    assert text.index(MARKS["paper"]) < text.index(MARKS["ours"]) < text.index("comparable? ")


def test_figures_of_two_protocols_never_share_a_block(monkeypatch):
    figures = (
        Figure(2, "paper", "a", "R@1", 1.5, "1.50", "these pairs", "somebody"),
        Figure(2, "paper", "b", "R@1", 12.25, "12.25", "these pairs", "somebody"),
        Figure(2, "paper", "c", "R@1", 3.0, "3.0", "other pairs", "somebody"),
    )
    table = read_table(2)
    monkeypatch.setattr(
        paper_tables, "read_table", lambda number: type(table)(number, "title", "no", figures)
    )
    assert paper_tables_text(figures).splitlines() == [
        "Table 2: title",
        "",
        "  the paper's, not measured here: these pairs",
        "  (somebody)",
        "         R@1",
        "    a   1.50",
        "    b  12.25",
        "",
        "  the paper's, not measured here: other pairs",
        "  (somebody)",
        "       R@1",
        "    c  3.0",
        "",
        "  comparable? no",
    ]


def test_wide_tables_stand_on_their_side():
    lines = paper_tables_text(read_table(1).figures).splitlines()
    assert lines[4].split() == ["SP-Net", "L3-Net", "ACP-Net", "CDCML"]
    assert lines[5].split() == ["similarity", "score", "MSE", "0.135", "0.095", "0.086", "0.067"]


def test_the_command_prints_all_tables(capsys):
    assert main(["paper-tables"]) == 0
    text = capsys.readouterr().out
    assert [f"\nTable {number}: " in f"\n{text}" for number in TABLES] == [True] * 5


def test_the_command_prints_one_table_as_data(capsys):
    assert main(["paper-tables", "4", "--format", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert {row["table"] for row in rows} == {"4"}
    assert {row["origin"] for row in rows} == {"paper", "ours"}
    assert main(["paper-tables", "4", "2", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [entry["table"] for entry in found] == sorted(
        (entry["table"] for entry in found), reverse=True
    )


def test_a_table_that_is_not_there_is_wrong_usage(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["paper-tables", "6"])
    assert "must be one of 1, 2, 3, 4, 5, got '6'" in capsys.readouterr().err
