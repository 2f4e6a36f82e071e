"""`vsumm batch`: its options, and its work, which is loaded when it is asked for."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mmva_core.cli import Parser, Shell, add_engine_options, check_engine_options
from mmva_core.clock import clock_text
from vsumm.cli.inputs import add_exclude_option, input_path
from vsumm.cli.music import open_music
from vsumm.cli.music_options import add_soundtrack_options
from vsumm.cli.options import add_reel_options, add_summary_options, add_work_options
from vsumm.cli.readers import read_split
from vsumm.cli.settings import open_cache, reel_config, summary_config
from vsumm.cli.watch import has_bars, room_for_text
from vsumm.files import shown
from vsumm.words import counted

if TYPE_CHECKING:
    from vsumm.batch import BatchPlan, FilmRecord

    Commands: TypeAlias = "argparse._SubParsersAction[Parser]"
    Show: TypeAlias = Callable[[FilmRecord], object]

EXIT_SOME_FAILED = 4
"""Exit code where the batch came to its end, but not every film is done."""
SPLIT_SECONDS = 1800.0
"""That of `vsumm.run_batch`, which --help does not load."""
ORDERS = ("name", "newest", "smallest")


def add_batch(commands: Commands) -> argparse.ArgumentParser:
    """Add `vsumm batch`."""
    parser = commands.add_parser(
        "batch",
        help="summarise folders of films, and go on where that was interrupted",
        description="Summarise all films of folders into a folder of results, which remembers by "
        "content and settings what is done. Run it again to go on, or to do what is new. "
        "Exit code 4: some films are not done; manifest.csv says which and why.",
        examples=(
            "vsumm batch archive/ -o reels/ --jobs 2",
            "vsumm batch archive/ -o reels/ --dry-run",
            "vsumm batch films.txt -o reels/ --budget 60s --order newest",
            "vsumm batch archive/ -o reels/ --soundtrack-from music/ --loudness -14",
            "vsumm batch archive/ -o reels/ --engine ray --address auto",
        ),
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        type=input_path,
        metavar="FOLDER|LIST",
        help="folder: the films in it and below; text file (.txt): the films that it lists, one a "
        "line or as find -print0 does; or a film",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER|URL",
        required=True,
        help="folder of results; or where it is on an object store, like s3://bucket/reels",
    )
    add_exclude_option(parser)
    parser.add_argument(
        "--order", choices=ORDERS, default="name", help="which come first (default: %(default)s)"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done and how long it would take"
    )
    parser.add_argument(
        "--retry-broken", action="store_true", help="try films again that could not be summarised"
    )
    add_summary_options(parser)
    group = parser.add_argument_group("what is written")
    group.add_argument("--no-reel", action="store_true", help="score and select only")
    group.add_argument(
        "--report",
        action="store_true",
        dest="with_report",
        help="write a page for every film that shows what was picked and why",
    )
    group.add_argument(
        "--manifest",
        type=Path,
        metavar="FILE",
        help="table of all films, .csv or .parquet (default: manifest.csv among the results)",
    )
    group.add_argument("--quiet", action="store_true", help="no progress bar, no line per film")
    add_soundtrack_options(add_reel_options(parser))
    group = parser.add_argument_group("how the work is done")
    _add_engine_options(group)
    add_work_options(group)
    parser.set_defaults(variants=1)  # checked with the options of music
    return parser


def _add_engine_options(group: argparse._ArgumentGroup) -> None:
    add_engine_options(group, "processes of this machine, as many as --jobs says")
    group.add_argument(
        "--split",
        type=read_split,
        metavar="TIME",
        default=SPLIT_SECONDS,
        help="films of twice this length that others would have to wait for are measured in ranges "
        "of it at the same time, with the same results; never: none is (default: 30m)",
    )


def run(args: argparse.Namespace, shell: Shell) -> Iterator[str]:
    """Do what `vsumm batch` was asked for; yield what is to be printed.

    Raises:
        VsummError: see `vsumm.plan_batch` and `vsumm.run_batch`.
        UsageError: an option is out of range.
    """
    from vsumm.batch import plan_batch, run_batch

    check_engine_options(args)
    if has_bars(args):
        shell.say("looking at the films")  # which takes a while where there are thousands
    summary, reel = summary_config(args), reel_config(args)
    plan = plan_batch(
        args.inputs,
        args.output,
        summary,
        reel=None if args.no_reel else reel,
        with_report=args.with_report,
        music=open_music(args, shell),
        moves_cuts=args.moves_cuts,
        exclude=args.exclude,
        order=args.order,
        retry_broken=args.retry_broken,
    )
    yield from _foretell(plan)
    if args.dry_run:
        yield from (shown(film.path) for film in plan.to_do)
        return
    cache = open_cache(args, shell)
    records = run_batch(
        plan,
        num_jobs=args.jobs,
        engine=args.engine,
        address=args.address,
        cache=cache,
        manifest=args.manifest,
        split_seconds=args.split,
    )
    states = [film.record.state for film in plan.films if film.record]
    with _shown_batch(args, plan) as show, closing(records):
        for record in records:
            states.append(record.state)
            show(record)
            with room_for_text():
                if record.state != "done":
                    shell.complain(record.notes[0])
                elif not args.quiet:
                    yield f"{shown(record.path)}: {record.reel or record.summary}"
    others = [f"{states.count(s)} {s}" for s in ("broken", "failed") if s in states]
    yield ", ".join([f"{counted(states.count('done'), 'film')} done", *others])
    if others:
        shell.exit_code = EXIT_SOME_FAILED


def _foretell(plan: BatchPlan) -> Iterator[str]:
    """Yield what will be done, and how long it will take."""
    to_do = plan.to_do
    num_others = len(plan.films) - len(to_do)
    yield f"{counted(len(plan.films), 'film')}, {num_others} of them done or known to be broken"
    num_bytes = sum(film.facts.num_bytes for film in to_do)
    length = clock_text(plan.film_seconds, with_tenths=False)
    line = f"to do: {counted(len(to_do), 'film')}, {length} long, {num_bytes / 1e9:.2f} GB"
    if to_do and plan.estimate_seconds is not None:
        line += f"; takes about {clock_text(plan.estimate_seconds, with_tenths=False)}, as "
        line += f"{counted(plan.num_measured, 'film')} took that are done"
    yield line


@contextmanager
def _shown_batch(args: argparse.Namespace, plan: BatchPlan) -> Iterator[Show]:
    """Return whom to tell of a film that ended: a bar over films and hours, JSON, or nobody."""
    if args.progress == "json":
        yield _json_lines(len(plan.to_do))
    elif has_bars(args):
        from vsumm.progress import HoursBar

        lengths = {str(film.path): film.film_seconds or 0.0 for film in plan.to_do}
        with HoursBar(len(lengths), plan.film_seconds) as bar:
            yield lambda record: bar.advance(lengths[record.path])
    else:
        yield lambda record: None


def _json_lines(num_films: int) -> Show:
    from vsumm.progress import JsonLines, Progress

    lines, numbers = JsonLines(), itertools.count(1)

    def tell(record: FilmRecord) -> None:
        is_done = record.state == "done"
        lines(
            Progress(
                Path(record.path),
                "done" if is_done else "failed",
                1.0 if is_done else None,
                record.seconds,
                film=next(numbers),
                num_films=num_films,
                message=None if is_done else record.notes[0],
            )
        )

    return tell
