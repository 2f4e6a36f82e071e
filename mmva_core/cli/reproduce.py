"""`mmva reproduce`: from the folders of IAPS, NAPS, EMOTIC and DEAM to the paper's tables."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mmva_core.cli import build, evaluate, train
from mmva_core.cli.command import Output, add_device_option, add_quiet_option
from mmva_core.cli.parser import Parser, positive_integer
from mmva_core.errors import DataError

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers
    from mmva_core.data.imemnet import RawConfig

VARIANTS = {
    "mmva": (),
    "no-random-matching": ("--matching", "paired"),
    "no-similarity-predictor": ("--no-similarity",),
}
"""The paper's model and its ablations: name of the run, options of `mmva train`."""
NUM_PAIRS = 1000
"""Pairs of music and captions of Table 2."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command."""
    parser: ArgumentParser = subparsers.add_parser(
        "reproduce",
        help="from IAPS, NAPS, EMOTIC and DEAM to the paper's Tables 1, 2, 3 and 5",
        description="Build IMEMNet-C from its sources, train the paper's model and both "
        "ablations, and print their figures beside the baselines', the constant and the paper's. "
        "What is there already is not made again: an interrupted command is given once more.",
        examples=("mmva reproduce examples/paper.toml -o RUN",),
    )
    parser.add_argument(
        "config", metavar="FILE", help="TOML file with the parts raw, model, train and data"
    )
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="for the runs")
    parser.add_argument(
        "--pairs",
        type=positive_integer,
        default=NUM_PAIRS,
        metavar="N",
        help="pairs of music and captions to search among, if there are so many (%(default)s)",
    )
    add_device_option(parser)
    add_quiet_option(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Build, train and measure; print each command before what it prints."""
    from mmva_core.data.imemnet import read_raw_config, read_run_config

    config, raw = read_run_config(args.config), read_raw_config(args.config)
    if config.data.pairs is None:
        raise DataError(f"{args.config}: 'No Random Matching' needs a match list, pairs in [data]")
    common = ["--device", args.device, *(["--quiet"] if args.quiet else [])]
    yield from _build(raw, config.data.image_labels, config.data.music, config.data.music_labels)
    folders = {name: Path(args.output) / name for name in VARIANTS}
    for name, options in VARIANTS.items():
        yield from _command(
            "train", "--config", args.config, "-o", folders[name], "--resume", *options, *common
        )
    for name, folder in folders.items():
        measured = ["--config", args.config, "--model", folder / "model", *common]
        measured += ["--baselines"] if name == "mmva" else []
        yield from _command("evaluate", *measured)
        logs = ["--scratch", folder / "retrievers"]
        yield from _command("evaluate", "retrieval", "--n", args.pairs, *measured, *logs)


def _build(raw: RawConfig, image_labels: str, clips: str, music_labels: str) -> Iterator[Output]:
    """Make what is missing of both label tables and of the clips."""
    if not Path(image_labels).exists():
        pictures = ("--iaps", raw.iaps, "--naps", raw.naps, "--emotic", raw.emotic)
        yield from _command("build", "images", *pictures, "-o", image_labels)
    if Path(music_labels).exists():
        return
    cut = Path(clips) / "music_va.csv"
    if not cut.exists():
        ratings = ("--valence", raw.deam_valence, "--arousal", raw.deam_arousal)
        songs = ("--songs", raw.deam_songs, "--join", raw.join)
        yield from _command("build", "music", *ratings, *songs, "-o", clips)
    captioner = ("--captioner", raw.captioner, "--bart", raw.bart)
    refine = () if raw.refine is None else ("--refine", raw.refine)
    described = ("--labels", cut, "--clips", clips, *captioner, *refine)
    yield from _command("build", "captions", *described, "-o", music_labels)


def _command(*words: object) -> Iterator[Output]:
    """Run another command as from the shell."""
    line = [str(word) for word in words]
    yield f"$ mmva {' '.join(line)}"
    args = _parser().parse_args(line)
    yield from args.run(args)


def _parser() -> ArgumentParser:
    parser = Parser(prog="mmva")
    subparsers = parser.add_subparsers(required=True)
    for command in (build, train, evaluate):
        command.add_parser(subparsers)
    return parser
