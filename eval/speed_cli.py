"""Arguments of `python -m eval speed`. Parsing them loads nothing heavy."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_speed_arguments(commands: Commands) -> None:
    """Add the benchmark of speed to the other benchmarks."""
    parser = commands.add_parser(
        "speed",
        help="measure speed beside FFmpeg and other programs",
        description="Run each stage and the whole job several times, in turn with what it is "
        "compared with, and print medians, ratios and peak memory. The films are made once.",
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where films are kept (default: user's cache)"
    )
    parser.add_argument("--film", type=Path, metavar="FILE", help="measure on this film instead")
    parser.add_argument("--only", nargs="+", metavar="STAGE", help="measure these stages only")
    parser.add_argument(
        "--repeats", type=_positive, default=3, metavar="N", help="runs of each (default 3)"
    )
    parser.add_argument("--quick", action="store_true", help="short films: a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there too")
    parser.set_defaults(handler=_run_speed)


def _run_speed(args: argparse.Namespace) -> int:
    from eval.speed import (
        HEADINGS,
        describe,
        describe_machine,
        prepare_films,
        row,
        run_stages,
        to_json,
    )

    films = prepare_films(args.folder, args.film, quick=args.quick)
    print(row(HEADINGS))
    results = []
    for result in run_stages(films, repeats=args.repeats, only=args.only):
        results.append(result)
        print(describe(result), flush=True)
    print("; ".join(f"{name} {value}" for name, value in describe_machine().items()))
    if args.json:
        args.json.write_text(to_json(results), encoding="utf-8")
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number
