"""`mmva evaluate music`: figures of the music tower on held-out artists and game series."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mmva_core.cli.command import (
    Output,
    add_data_option,
    add_quiet_option,
    shows_progress,
)
from mmva_core.cli.parser import positive_integer

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command of `mmva evaluate`."""
    parser: ArgumentParser = subparsers.add_parser(
        "music",
        help="the music tower on held-out artists and game series, beside simple predictors",
        description="Train the music tower again for every fold of artists and series and measure "
        "it on the fold: AUC on 4QAED, Pearson's r on Emotify, Spearman's rho within the pieces "
        "of VGMIDI, with 95 % bootstrap intervals. Takes minutes.",
        examples=("mmva evaluate music --data DATA",),
    )
    add_data_option(parser)
    parser.add_argument(
        "--rendered",
        metavar="FOLDER",
        help="sound of VGMIDI's pieces, <piece>.wav; missing ones are rendered by fluidsynth",
    )
    parser.add_argument("--folds", type=positive_integer, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", default="text", choices=("text", "csv"))
    add_quiet_option(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Measure, and print a table."""
    from tempfile import TemporaryDirectory

    from mmva_core.lite import MusicRecipe, find_data, load_recordings
    from mmva_core.studies import evaluate_folds, music_text, render

    progress = shows_progress(args)
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
    yield render(figures, args.format, music_text, decimals=4)
