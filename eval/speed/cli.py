"""Arguments of `python -m eval speed`. Parsing them loads nothing heavy."""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mmva_core.cli import positive_integer

if TYPE_CHECKING:
    Commands: TypeAlias = "argparse._SubParsersAction[Any]"


def add_speed_arguments(commands: Commands) -> None:
    """Add the benchmark of speed to the other benchmarks."""
    parser = commands.add_parser(
        "speed",
        help="measure speed beside FFmpeg and other programs",
        description="Run each stage and the whole job several times, in turn with what it is "
        "compared with, and print medians, ratios and peak memory. The films are made once.",
        examples=("vsumm eval speed --quick", "vsumm eval speed --film film.mp4 --json speed.json"),
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where films are kept (default: user's cache)"
    )
    parser.add_argument("--film", type=Path, metavar="FILE", help="measure on this film instead")
    parser.add_argument("--only", nargs="+", metavar="STAGE", help="measure these stages only")
    parser.add_argument(
        "--repeats", type=positive_integer, default=3, metavar="N", help="runs of each (default 3)"
    )
    parser.add_argument("--quick", action="store_true", help="short films: a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there too")
    parser.set_defaults(handler=_run_speed)
    _add_parts(parser.add_subparsers(dest="part", metavar="PART"))


def _add_parts(parts: Commands) -> None:
    """Add what is measured apart from the stages."""
    growth = parts.add_parser(
        "growth",
        help="time and memory of films from a minute to ten hours, by copied minutes",
        examples=("vsumm eval speed growth --minutes 1 10",),
    )
    growth.add_argument("--folder", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    growth.add_argument(
        "--minutes", type=positive_integer, nargs="+", metavar="N", help="lengths (1 10 60 600)"
    )
    growth.set_defaults(handler=_run_growth)
    _add_precision(parts)
    music = parts.add_parser(
        "music",
        help="index music, and choose from a thousand tracks",
        examples=("vsumm eval speed music --music songs/",),
    )
    music.add_argument("--folder", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    music.add_argument(
        "--music", type=Path, required=True, metavar="DIR", help="recordings of one codec and rate"
    )
    music.add_argument(
        "--tracks",
        type=positive_integer,
        default=20,
        metavar="N",
        help="tracks that are joined of them, ten recordings each (default 20)",
    )
    music.set_defaults(handler=_run_music)
    profile = parts.add_parser(
        "profile",
        help="where the CPU time of an analysis goes, part by part, beside the least it can take",
        examples=("vsumm eval speed profile --film film.mp4 --flame film.svg",),
    )
    profile.add_argument(
        "--film", type=Path, required=True, metavar="FILE", help="what is analysed"
    )
    profile.add_argument(
        "--flame",
        type=Path,
        metavar="FILE",
        help="write a flame graph too: .svg, .json for speedscope.app, .txt for folded stacks; "
        "needs py-spy",
    )
    profile.set_defaults(handler=_run_profile)
    agreement = parts.add_parser(
        "agreement",
        help="how many picks vsumm --quick shares with the full analysis",
        examples=("vsumm eval speed agreement film.mp4 other.mp4",),
    )
    agreement.add_argument("films", type=Path, nargs="+", metavar="FILM")
    agreement.set_defaults(handler=_run_agreement)
    train = parts.add_parser(
        "train",
        help="1000 epochs of the heads at the paper's sizes, extrapolated",
        examples=("vsumm eval speed train --threads 1 --steps 10",),
    )
    train.add_argument(
        "--steps",
        type=positive_integer,
        default=100,
        metavar="N",
        help="steps to measure (default 100)",
    )
    train.add_argument("--epochs", type=positive_integer, default=1000, metavar="N")
    train.add_argument(
        "--threads",
        type=positive_integer,
        metavar="N",
        help="threads of PyTorch (default: its own)",
    )
    train.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    train.set_defaults(handler=_run_train)


def _add_precision(parts: Commands) -> None:
    precision = parts.add_parser(
        "precision",
        help="speed and predictions of a model's image tower in bf16 and in fp32",
        examples=("vsumm eval speed precision --model DIR --film film.mp4",),
    )
    precision.add_argument("--model", required=True, help="folder or hub id of a model with CLIP")
    precision.add_argument("--film", type=Path, required=True, help="whose frames are predicted")
    precision.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    precision.set_defaults(handler=_run_precision)


def _run_speed(args: argparse.Namespace) -> int:
    from eval.speed.report import (
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


def _run_growth(args: argparse.Namespace) -> int:
    from eval.speed.growth import LENGTHS_MINUTES, measure_growth
    from vsumm.files import default_cache_folder

    folder = args.folder or default_cache_folder() / "speed"
    print(f"{'minutes':>8} {'wall s':>8} {'CPU s':>8} {'CPU s/h':>8} {'peak MiB':>9}")
    for found in measure_growth(folder, args.minutes or LENGTHS_MINUTES):
        times = f"{found.wall_seconds:8.1f} {found.cpu_seconds:8.1f} {found.cpu_per_hour:8.0f}"
        print(f"{found.minutes:8d} {times} {found.peak_mib:9.0f}", flush=True)
    return 0


def _run_precision(args: argparse.Namespace) -> int:
    from eval.speed.precision import compare_precisions

    found = compare_precisions(args.model, args.film, device=args.device)
    print(
        f"{found.num_images} frames on {args.device}; fp32 {found.fp32_rate:.1f}/s, "
        f"bf16 {found.bf16_rate:.1f}/s"
    )
    for name, most, mean in zip(("valence", "arousal"), found.largest, found.mean, strict=True):
        print(f"{name}: largest difference {most:.5f}, mean {mean:.5f}")
    return 0


def _run_music(args: argparse.Namespace) -> int:
    from eval.speed.music import measure_music
    from eval.speed.report import describe_machine
    from vsumm.files import default_cache_folder

    found = measure_music(args.music, args.folder or default_cache_folder() / "speed", args.tracks)
    print(
        f"{found.num_tracks} tracks, {found.music_seconds / 60:.1f} minutes of music; CPU seconds"
    )
    print(f"index all of them           {found.first:8.1f}")
    print(f"again, nothing new          {found.again:8.1f}")
    print(f"again, all of them renamed  {found.renamed:8.1f}")
    print(f"1,000 such tracks would take {found.minutes_per_thousand:.0f} CPU minutes")
    print(
        f"choose among {found.num_choices} tracks: {found.choose_cpu:.2f} s of CPU, "
        f"{found.choose_seconds:.2f} s of wall time"
    )
    print(
        f"a whole run: track named {found.named:.1f}, chosen {found.chosen:.1f} "
        f"({found.chosen / found.named - 1:+.1%}), cuts moved {found.moved:.1f} "
        f"({found.moved / found.named - 1:+.1%})"
    )
    print("; ".join(f"{name} {value}" for name, value in describe_machine().items()))
    return 0


def _run_profile(args: argparse.Namespace) -> int:
    from eval.speed.profile import measure_profile, write_flame_graph
    from eval.speed.report import describe_machine

    print(f"{'CPU s':>7}  part, and below it the least that it can take")
    for row in measure_profile(args.film):
        indent = "    " if row.is_floor else ""
        print(f"{indent}{row.cpu_seconds:7.2f}  {row.name}", flush=True)
    print("; ".join(f"{name} {value}" for name, value in describe_machine().items()))
    if args.flame:
        write_flame_graph(args.film, args.flame)
    return 0


def _run_agreement(args: argparse.Namespace) -> int:
    from eval.speed.agreement import compare_quick

    print(f"{'in common':>9} {'by chance':>9}  film")
    found = []
    for each in compare_quick(args.films):
        found.append(each)
        print(f"{each.share:9.2f} {each.chance:9.2f}  {each.film.name}", flush=True)
    share = statistics.mean(each.share for each in found)
    chance = statistics.mean(each.chance for each in found)
    print(f"{share:9.2f} {chance:9.2f}  mean of {len(found)}")
    return 0


def _run_train(args: argparse.Namespace) -> int:
    from eval.speed.report import describe_machine
    from eval.speed.training import NUM_CLIPS, NUM_IMAGES, measure_training

    found = measure_training(args.steps, device=args.device, num_threads=args.threads)
    print(
        f"{NUM_IMAGES} pictures, {NUM_CLIPS} clips with captions; {found.num_steps} steps of an "
        f"epoch, {found.num_weights / 1e6:.1f} million weights; "
        f"{found.num_measured} steps measured on {args.device}, "
        f"{found.num_threads} threads"
    )
    for name, seconds in (
        ("draw the batch", found.draw_seconds),
        ("forward and backward", found.loss_seconds),
        ("optimiser", found.update_seconds),
    ):
        print(f"{name:22s} {1e3 * seconds:7.2f} ms  {seconds / found.step_seconds:4.0%}")
    print(f"a step reads {found.batch_bytes / 2**20:.1f} MiB of features")
    print(f"{args.epochs} epochs would take {found.hours(args.epochs):.1f} h")
    print("; ".join(f"{name} {value}" for name, value in describe_machine().items()))
    return 0
