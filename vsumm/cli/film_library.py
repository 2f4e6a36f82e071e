"""`vsumm library`: its options, and its work, which is loaded when it is asked for."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mmva_core.cli import (
    EXIT_FAILED,
    Parser,
    Shell,
    UsageError,
    add_engine_options,
    check_engine_options,
    positive_integer,
)
from mmva_core.clock import clock_text
from vsumm.cli.film_search import add_search, search_films
from vsumm.cli.inputs import add_exclude_option, find_films, input_path
from vsumm.cli.options import add_progress_option
from vsumm.cli.settings import open_cache
from vsumm.cli.watch import room_for_text, shown_progress
from vsumm.files import shown
from vsumm.words import counted

if TYPE_CHECKING:
    from mmva_core.engines import Engine

    Commands: TypeAlias = "argparse._SubParsersAction[Parser]"

LIBRARY_VARIABLE = "VSUMM_LIBRARY"
"""Environment variable that names the library where `--library` does not."""


def add_library(commands: Commands) -> argparse.ArgumentParser:
    """Add `vsumm library`."""
    parser = commands.add_parser(
        "library",
        help="keep the segments of many films in a store, and search them",
        description="Keep valence, arousal, signals and embeddings of every segment of many films "
        "in an embedded store, and find stretches by words, by a picture, by a sound or by mood. "
        "Needs the extra library.",
        examples=(
            "vsumm library add archive/",
            "vsumm library search 'a dog on the beach' --mood calm --min 3s --reel found.mp4",
            "vsumm library search va:0.8,0.7 --from 2019 --k 20 --html found.html",
            "vsumm library status",
        ),
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for add in (_add_add, add_search, _add_status, _add_export, _add_vacuum, _add_verify):
        action = add(actions)
        action.add_argument(
            "--library",
            dest="store",
            type=Path,
            metavar="FOLDER",
            help=f"the store (default: ${LIBRARY_VARIABLE}, or vsumm/library in the folder for "
            "data of the user)",
        )
        action.add_argument(
            "-v",
            "--verbose",
            action="store_true",
            default=argparse.SUPPRESS,
            help="say on stderr what is done and how",
        )
    return parser


def run(args: argparse.Namespace, shell: Shell) -> Iterator[str]:
    """Do what `vsumm library` was asked for; yield what is to be printed.

    Raises:
        VsummError: see `vsumm.film_library`.
        UsageError: an option is out of range.
    """
    args.store = args.store or _usual_library()
    return _ACTIONS[args.action](args, shell)


def _usual_library() -> Path:
    if named := os.environ.get(LIBRARY_VARIABLE):
        return Path(named)
    try:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    except RuntimeError as error:
        raise UsageError("there is no home folder: name the library with --library") from error
    return data / "vsumm" / "library"


def _add_add(actions: Commands) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        "add",
        help="add films",
        description="Measure films as vsumm summarize does, and keep their segments. What is in "
        "the library is known by its content and not measured again; a film that was moved gets "
        "its new path. Exit code 1: some could not be read.",
        examples=("vsumm library add archive/", "vsumm library add *.mp4 --library films.lib"),
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        type=input_path,
        metavar="FOLDER|FILM",
        help="folder: the films in it and below; or a film",
    )
    add_exclude_option(parser)
    parser.add_argument("--model", default="mmva-lite", help="of a new library: %(default)s")
    parser.add_argument("--no-cache", action="store_true", help="measure anew, and cache nothing")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no line per film")
    add_progress_option(parser)
    group = parser.add_argument_group("how the work is done")
    group.add_argument(
        "--jobs",
        type=positive_integer,
        default=1,
        metavar="N",
        help="films to measure at the same time (default: 1)",
    )
    add_engine_options(group, "processes of this machine, as many as --jobs says")
    group.add_argument(
        "--retry-broken", action="store_true", help="try files again that could not be read before"
    )
    return parser


_UNREAD = {"broken", "failed"}
"""States of films that were not added."""


def _add(args: argparse.Namespace, shell: Shell) -> Iterator[str]:
    from vsumm.film_library import add_films, create

    check_engine_options(args)
    films = find_films(args.inputs, exclude=args.exclude)
    library = create(args.store, args.model)
    states = []
    with shown_progress(args) as watch, _engine(args) as engine:
        cache = open_cache(args, shell)
        for added in add_films(
            library,
            films,
            cache=cache,
            progress=watch,
            engine=engine,
            retry_broken=args.retry_broken,
        ):
            states.append(added.state)
            with room_for_text():
                if added.state in _UNREAD:
                    shell.complain(added.note)
                elif not args.quiet:
                    note = f" ({added.note})" if added.note else ""
                    yield f"{added.state:6} {shown(added.path)}{note}"
    counts = {state: states.count(state) for state in dict.fromkeys(states)}
    yield ", ".join(f"{number} {state}" for state, number in counts.items())
    if _UNREAD & counts.keys():
        shell.exit_code = EXIT_FAILED


def _engine(args: argparse.Namespace) -> AbstractContextManager[Engine | None]:
    """Return who measures films; None: this process, one after another."""
    if args.engine == "local" and args.jobs == 1:
        return nullcontext()
    from vsumm.engines import open_engine

    return open_engine(args.engine, num_jobs=args.jobs, address=args.address)


def _add_status(actions: Commands) -> argparse.ArgumentParser:
    return actions.add_parser(
        "status",
        help="say what is in it, and mark films that are gone",
        examples=("vsumm library status",),
    )


def _status(args: argparse.Namespace, shell: Shell) -> Iterator[str]:
    from vsumm.film_library import mark_gone, open_library

    library = open_library(args.store)
    gone = mark_gone(library)
    films = library.films().values()
    seconds = sum(film.duration_seconds for film in films)
    num_segments = sum(film.num_segments for film in films)
    length = clock_text(seconds, with_tenths=False)
    yield f"{shown(library.folder)}: {counted(len(films), 'film')}, {length}"
    yield f"{counted(num_segments, 'segment')}, {library.num_bytes / 2**20:.1f} MiB"
    for film in gone:
        yield f"gone since {film.gone_since}: {shown(film.path)}"


def _add_export(actions: Commands) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        "export",
        help="write all segments to a Parquet file",
        examples=("vsumm library export segments.parquet",),
    )
    parser.add_argument("output", type=Path, metavar="FILE", help="the file, .parquet")
    parser.add_argument("--force", action="store_true", help="replace what is there already")
    return parser


def _export(args: argparse.Namespace, shell: Shell) -> Iterator[str]:
    from vsumm.film_library import export, open_library

    num_rows = export(open_library(args.store), args.output, overwrite=args.force)
    yield f"{counted(num_rows, 'segment')} written to {shown(args.output)}"


def _add_vacuum(actions: Commands) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        "vacuum",
        help="remove what is no longer needed, join small files, make the indexes",
        examples=("vsumm library vacuum --gone",),
    )
    parser.add_argument("--gone", action="store_true", help="forget films that are gone")
    return parser


def _vacuum(args: argparse.Namespace, shell: Shell) -> Iterator[str]:
    from vsumm.film_library import mark_gone, open_library, vacuum

    library = open_library(args.store)
    before = library.num_bytes
    gone = mark_gone(library) if args.gone else []
    library.remove([film.sha256 for film in gone])
    vacuum(library)
    after = library.num_bytes
    yield f"{counted(len(gone), 'film')} forgotten"
    yield f"{before / 2**20:.1f} MiB before, {after / 2**20:.1f} MiB now"


def _add_verify(actions: Commands) -> argparse.ArgumentParser:
    return actions.add_parser(
        "verify",
        help="read everything, and say what is wrong",
        examples=("vsumm library verify",),
    )


def _verify(args: argparse.Namespace, shell: Shell) -> Iterator[str]:
    from vsumm.film_library import open_library, verify

    library = open_library(args.store)
    problems = verify(library)
    for problem in problems:
        shell.complain(problem)
    if problems:
        shell.exit_code = EXIT_FAILED
    else:
        yield f"{shown(library.folder)}: {counted(len(library.films()), 'film')}, all in order"


_ACTIONS: dict[str, Callable[[argparse.Namespace, Shell], Iterator[str]]] = {
    "add": _add,
    "search": search_films,
    "status": _status,
    "export": _export,
    "vacuum": _vacuum,
    "verify": _verify,
}
