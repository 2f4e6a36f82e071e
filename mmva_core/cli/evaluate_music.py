"""`mmva evaluate music`: how the music tower judges artists and series it has never heard."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mmva_core.cli.arguments import positive_integer
from mmva_core.cli.commands import Output

if TYPE_CHECKING:
    from mmva_core.cli.commands import Subparsers
    from mmva_core.studies import MusicFigure


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command of `mmva evaluate`."""
    parser: ArgumentParser = subparsers.add_parser(
        "music",
        help="the music tower on artists and game series never heard, beside simple predictors",
        description="Train the music tower again for every fold of artists and series and judge "
        "it on the fold: AUC on 4QAED, Pearson's r on Emotify, Spearman's rho within the pieces "
        "of VGMIDI, with 95 % bootstrap intervals. Takes minutes.",
    )
    parser.add_argument("--data", metavar="FOLDER", help="open data sets (default: VSUMM_DATA)")
    parser.add_argument(
        "--rendered",
        metavar="FOLDER",
        help="sound of VGMIDI's pieces, <piece>.wav; missing ones are rendered by fluidsynth",
    )
    parser.add_argument("--folds", type=positive_integer, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", default="text", choices=("text", "csv"))
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Measure, and print a table."""
    from tempfile import TemporaryDirectory

    from mmva_core.lite import MusicRecipe, find_data, load_recordings
    from mmva_core.studies import evaluate_folds

    progress = not args.quiet and sys.stderr.isatty()
    root = find_data(None if args.data is None else Path(args.data))
    with TemporaryDirectory() as temporary:
        rendered = Path(args.rendered or temporary)
        recordings = load_recordings(root, rendered, seed=args.seed, progress=progress)
    figures = evaluate_folds(
        recordings.clips,
        recordings.pieces,
        MusicRecipe(seed=args.seed),
        num_folds=args.folds,
        progress=progress,
    )
    yield as_csv(figures) if args.format == "csv" else as_text(figures)


def as_text(figures: list[MusicFigure]) -> str:
    """Write a table for people, predictors of one set together."""
    lines = [
        f"{figure.judged_on:<34}{figure.dimension:<9}{figure.measure:<18}{figure.predictor:<24}"
        f"{figure.value:6.3f}  [{figure.low:.3f}, {figure.high:.3f}]"
        for figure in _sorted(figures)
    ]
    return "\n".join(lines)


def as_csv(figures: list[MusicFigure]) -> str:
    """Write a table for programs."""
    lines = [
        f'"{figure.judged_on}",{figure.dimension},{figure.measure},{figure.predictor},'
        f"{figure.value:.4f},{figure.low:.4f},{figure.high:.4f}"
        for figure in _sorted(figures)
    ]
    return "\n".join(["judged_on,dimension,measure,predictor,value,low,high", *lines])


def _sorted(figures: list[MusicFigure]) -> list[MusicFigure]:
    return sorted(figures, key=lambda figure: (figure.judged_on, figure.dimension))
