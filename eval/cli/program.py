"""Arguments of `vsumm eval`, the same as of `python -m eval`. Parsing them loads nothing heavy."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from eval.speed import add_speed_arguments
from mmva_core.cli import Parser, UsageError, add_engine_options, positive_integer
from vsumm.config import By, SummaryConfig

PROTOCOL_NAMES = ("kts", "uniform-2s", "uniform-60", "two-peak", "one-peak")
METHOD_NAMES = ("dr-dsn", "csnet", "ac-sum-gan", "ca-sum")
TOPIC_SOURCES = ("title", "other", "none")
TOPIC_HELP = (
    "what a video is said to be about: its title in the data set (default), the title of another "
    "video, or none"
)


def add_arguments(parser: Parser) -> None:
    """Add the benchmarks to a parser as sub-commands."""
    commands = parser.add_subparsers(dest="benchmark", metavar="BENCHMARK", required=True)
    for name, title in (("tvsum", "TVSum, 50 videos"), ("summe", "SumMe, 25 videos")):
        command = commands.add_parser(
            name,
            help=f"evaluate summaries on {title}",
            description=f"Evaluate frame scores on {title}, beside random scores and the users.",
            examples=(
                f"vsumm eval {name} --annotations PATH --scores mine.json",
                f"vsumm eval {name} --data {name}/ --protocol all",
            ),
        )
        _add_sources(command)
        _add_protocol(command)
        _add_training(command)
        _add_output(command)
        command.set_defaults(handler=_run_benchmark)
    _add_highlights(commands)
    _add_weights(commands)
    _add_cuts(commands)
    _add_soundtrack(commands)
    _add_beats(commands)
    _add_ducking(commands)
    add_speed_arguments(commands)


def run(args: argparse.Namespace) -> int:
    """Carry out what `add_arguments` has parsed.

    Returns:
        0, or 1 if a video could not be evaluated.

    Raises:
        VsummError: with one line that says what to do.
    """
    handler: Callable[[argparse.Namespace], int] = args.handler
    return handler(args)


def _run_benchmark(args: argparse.Namespace) -> int:
    # Videos are evaluated by threads already: those of OpenBLAS would wait for each other, busily.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from eval.cli.command import run_benchmark  # here, since it loads h5py

    result = run_benchmark(args)
    print(result.text)
    for failure in result.failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if result.failures else 0


def _add_highlights(commands: argparse._SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "highlights",
        help="evaluate highlights on films with labelled zones and moments",
        description="Measure every mode and every signal on the films of a folder that have a "
        "label file NAME.json beside them, next to simple cues and chance.",
        examples=("vsumm eval highlights films/ --csv figures.csv",),
    )
    command.add_argument("folder", type=Path, metavar="FOLDER", help="films and their labels")
    command.add_argument("--csv", type=Path, metavar="FILE", help="write all figures here as well")
    command.add_argument("--seed", type=int, default=0, help="of random scores (default: 0)")
    command.add_argument("--no-cache", action="store_true", help="measure everything again")
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    command.set_defaults(handler=_run_highlights)


def _add_weights(commands: argparse._SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "weights",
        help="choose the weights of highlights on all films but one, and measure on that one",
        description="Draw weights at random, choose the best on all films but one, and measure "
        "them on that one: what another film may expect, without a part in the choice.",
        examples=("vsumm eval weights --films films/ --tvsum tvsum/ --summe summe/",),
    )
    command.add_argument("--films", type=Path, metavar="DIR", help="films and their labels")
    command.add_argument("--tvsum", type=Path, metavar="DIR", help="videos and annotation of TVSum")
    command.add_argument("--summe", type=Path, metavar="DIR", help="videos and annotation of SumMe")
    command.add_argument(
        "--drawn",
        type=positive_integer,
        default=500,
        metavar="N",
        help="weights to choose from (default 500)",
    )
    command.add_argument("--seed", type=int, default=0, help="of the drawn weights (default: 0)")
    command.add_argument("--topic", choices=TOPIC_SOURCES, default="title", help=TOPIC_HELP)
    command.add_argument("--no-cache", action="store_true", help="measure everything again")
    command.set_defaults(handler=_run_weights)


def _add_cuts(commands: argparse._SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "cuts",
        help="measure where reels of a film are cut",
        description="Decode a film once, find its cuts and phrases, and count for every reel the "
        "edges inside shots and speech, and the stubs of shots that they leave; where the reel "
        "lies beside its summary, measure its loudness and the steps of its level at the cuts.",
        examples=(
            "vsumm eval cuts film.mp4 film.summary.json other.json",
            "vsumm eval cuts film.mp4 film.summary.json --sheet edges.jpg",
        ),
    )
    command.add_argument("film", type=Path, metavar="FILM", help="the film")
    command.add_argument(
        "summaries", type=Path, nargs="+", metavar="SUMMARY", help="JSON of a reel, or a timeline"
    )
    command.add_argument("--json", action="store_true", help="print all figures as JSON")
    command.add_argument(
        "--sheet",
        type=Path,
        metavar="FILE",
        help="write a picture of the frames before and after each edge of the first reel instead",
    )
    command.add_argument("--force", action="store_true", help="replace that picture")
    command.set_defaults(handler=_run_cuts)


def _run_cuts(args: argparse.Namespace) -> int:
    from eval.cli.cuts import run_cuts  # here, since it loads torch

    print(run_cuts(args))
    return 0


def _add_soundtrack(commands: argparse._SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "soundtrack",
        help="measure how chosen music follows films with labelled zones",
        description="Choose music for pieces of films with labelled zones among open music with "
        "labels of arousal, as copies of the music tower hear it that do not know the artist, and "
        "compare the labels; beside loudness, random places and shuffled pairs.",
        examples=("vsumm eval soundtrack --films videos/ --data data/",),
    )
    command.add_argument(
        "--films", type=Path, required=True, metavar="DIR", help="films and their labels"
    )
    command.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="the open sets; music/ is read"
    )
    command.add_argument(
        "--draws", type=positive_integer, default=500, metavar="N", help="made reels (default 500)"
    )
    command.add_argument("--seed", type=int, default=0, help="of all draws (default: 0)")
    command.add_argument("--no-cache", action="store_true", help="measure every film again")
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    command.set_defaults(handler=_run_soundtrack)


def _run_soundtrack(args: argparse.Namespace) -> int:
    from eval.cli.soundtrack import run_soundtrack  # here, since it loads torch

    print(run_soundtrack(args))
    return 0


def _add_beats(commands: argparse._SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "beats",
        help="measure beats, and cuts that are on them",
        description="Measure beats on clicks that are made here, and on MIDI files rendered by "
        "FluidSynth; with films and music, how many cuts of their reels are on beats, from random "
        "starts of the music to moved cuts.",
        examples=(
            "vsumm eval beats --midi data/music/vgmidi/midi",
            "vsumm eval beats --films film.mp4 --music music/",
        ),
    )
    command.add_argument("--midi", type=Path, metavar="DIR", help="folder of MIDI files")
    command.add_argument(
        "--pieces", type=positive_integer, default=40, metavar="N", help="of them (default: 40)"
    )
    _add_films_and_music(command, is_needed=False)
    command.set_defaults(handler=_run_beats)


def _add_ducking(commands: argparse._SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "ducking",
        help="measure how much speech a soundtrack masks",
        description="Write reels of films with a ducked soundtrack and measure for how much of "
        "what is spoken the music is less than 18 LU below the voice, beside no ducking and "
        "ducking by level.",
        examples=("vsumm eval ducking --films film.mp4 --music music/",),
    )
    _add_films_and_music(command, is_needed=True)
    command.set_defaults(handler=_run_ducking)


def _add_films_and_music(command: argparse.ArgumentParser, *, is_needed: bool) -> None:
    command.add_argument(
        "--films", type=Path, nargs="+", required=is_needed, metavar="FILE", help="the films"
    )
    command.add_argument(
        "--music", type=Path, required=is_needed, metavar="DIR", help="folder of music"
    )
    command.add_argument(
        "--tracks", type=positive_integer, default=10, metavar="N", help="for a film (default: 10)"
    )
    command.add_argument("--seed", type=int, default=0, help="of all draws (default: 0)")


def _run_beats(args: argparse.Namespace) -> int:
    from eval.cli.rhythm import run_beats  # here, since it loads torch

    if bool(args.films) != (args.music is not None):
        raise UsageError("--films and --music go together")
    print(run_beats(args))
    return 0


def _run_ducking(args: argparse.Namespace) -> int:
    from eval.cli.rhythm import run_ducking  # here, since it loads torch

    print(run_ducking(args))
    return 0


def _run_weights(args: argparse.Namespace) -> int:
    from eval.cli.weights import run_weights  # here, since it loads torch and pandas

    print(run_weights(args))
    return 0


def _run_highlights(args: argparse.Namespace) -> int:
    from eval.cli.highlights import run_highlights  # here, since it loads pandas

    print(run_highlights(args))
    return 0


def _add_sources(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("what to evaluate")
    group.add_argument(
        "--data", type=Path, metavar="DIR", help="folder with the videos and the annotation"
    )
    group.add_argument(
        "--annotations", type=Path, metavar="PATH", help="the annotation, if it is elsewhere"
    )
    group.add_argument("--h5", type=Path, metavar="FILE", help="h5 file of the eccv16 schema")
    scorer = group.add_mutually_exclusive_group()
    scorer.add_argument(
        "--scores", type=Path, metavar="FILE", help="JSON or CSV of scores from any method"
    )
    scorer.add_argument(
        "--captions",
        type=Path,
        metavar="FILE",
        help="JSON of video id -> one sentence for every 15 frames, by any captioner; scored "
        "without training (extra 'text')",
    )
    scorer.add_argument(
        "--method", choices=METHOD_NAMES, help="train this summariser on the h5 file's features"
    )
    group.add_argument(
        "--scores-unit",
        choices=("auto", "frame", "pick", "clip", "segment"),
        default="auto",
        help="what one score stands for (default: told by their number)",
    )
    default = SummaryConfig()
    group.add_argument(
        "--by",
        choices=get_args(By),
        default=default.by,
        help=f"what the videos are scored by (default: {default.by})",
    )
    group.add_argument(
        "--topic",
        choices=TOPIC_SOURCES,
        default="title",
        help=TOPIC_HELP,
    )
    group.add_argument("--model", default=default.model, help="model that scores the videos")


def _add_protocol(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("how to evaluate")
    group.add_argument(
        "--protocol",
        choices=(*PROTOCOL_NAMES, "all"),
        nargs="+",
        metavar="NAME",
        help=f"{', '.join(PROTOCOL_NAMES)} or all "
        "(default: kts with --h5, else uniform-2s); each has a table of its own",
    )
    group.add_argument(
        "--rank-order",
        choices=("each-user", "mean-user"),
        default="each-user",
        help="correlate with each user and average, or with the users' mean",
    )
    group.add_argument(
        "--ties",
        choices=("earlier", "later"),
        default="earlier",
        help="which of equally good shots are taken (default: earlier, as published)",
    )
    group.add_argument(
        "--seeds",
        type=positive_integer,
        default=20,
        metavar="N",
        help="random scorings (default 20)",
    )
    group.add_argument("--seed", type=int, default=0, help="first seed (default 0)")
    group.add_argument(
        "--jobs", type=positive_integer, default=2, metavar="N", help="threads (default 2)"
    )
    add_engine_options(group, "who scores the videos of --data: this process")


def _add_training(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("training (with --method)")
    group.add_argument(
        "--splits",
        type=Path,
        metavar="FILE",
        help="JSON of train_keys and test_keys (default: 5 folds)",
    )
    group.add_argument(
        "--runs", type=positive_integer, default=1, metavar="N", help="seeds per split (default 1)"
    )
    group.add_argument(
        "--epochs", type=positive_integer, metavar="N", help="epochs (default: the method's own)"
    )


def _add_output(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("output")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print everything as JSON")
    form.add_argument("--csv", action="store_true", help="print everything as CSV")
    group.add_argument(
        "--brief", action="store_true", help="leave out the table per video (text only)"
    )
    group.add_argument("--cache", type=Path, metavar="DIR", help="where to keep the model's scores")
    group.add_argument("--no-cache", action="store_true", help="score every video anew")
    group.add_argument("-q", "--quiet", action="store_true", help="no progress bar")
