"""`mmva paper-tables`: the paper's Tables 1 to 5, ours beside them, and what compares."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmva_core.cli.command import Output

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command."""
    parser: ArgumentParser = subparsers.add_parser(
        "paper-tables",
        help="the paper's Tables 1 to 5, and ours on open data beside them",
        description="Print the figures of the paper's tables, each under its own protocol, then "
        "what this package reaches on open data, with the commands that measured it, and chance "
        "or the constant predictor. Nothing is measured.",
        examples=("mmva paper-tables", "mmva paper-tables 2 --format csv"),
    )
    parser.add_argument(
        "tables",
        nargs="*",
        type=_table_number,
        metavar="NUMBER",
        help="tables to print, 1 to 5 (default: all)",
    )
    parser.add_argument("--format", default="text", choices=("text", "csv", "json"))
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Print the tables."""
    from mmva_core.published import TABLES, read_table
    from mmva_core.studies import paper_tables_text, render

    figures = [figure for number in args.tables or TABLES for figure in read_table(number).figures]
    yield render(figures, args.format, paper_tables_text)


def _table_number(text: str) -> int:
    from mmva_core.published import TABLES

    if text not in map(str, TABLES):
        raise ArgumentTypeError(f"must be one of {', '.join(map(str, TABLES))}, got {text!r}")
    return int(text)
