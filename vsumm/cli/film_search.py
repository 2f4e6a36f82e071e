"""`vsumm library search`: its options, and what it prints."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mmva_core.cli import Parser, Shell, UsageError
from mmva_core.clock import clock_text, parse_seconds
from vsumm.cli.options import add_progress_option
from vsumm.cli.watch import shown_progress
from vsumm.files import shown
from vsumm.mood import MOOD_FORMS, parse_mood
from vsumm.words import counted

if TYPE_CHECKING:
    from vsumm.film_library import Found

    Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def add_search(actions: Commands) -> argparse.ArgumentParser:
    """Add `vsumm library search`."""
    parser = actions.add_parser(
        "search",
        help="find stretches of films",
        description="Find the stretches that fit words, a picture, a sound, a point of the plane "
        "of valence and arousal, or a mood. How well that works is in docs/library.md.",
        examples=(
            "vsumm library search 'a dog on the beach' --mood calm --min 3s --reel found.mp4",
            "vsumm library search va:0.8,0.7 --from 2019 --k 20 --html found.html",
            "vsumm library search --like picture.jpg",
            "vsumm library search --heard 'calm piano' --where 'speech < 0.2'",
        ),
    )
    parser.add_argument(
        "words", nargs="?", metavar="WORDS|va:V,A", help="what is seen, or valence and arousal"
    )
    parser.add_argument("--like", type=Path, metavar="FILE", help="a picture, or a sound file")
    parser.add_argument("--heard", metavar="WORDS", help="music that is heard, like 'calm piano'")
    parser.add_argument("--mood", metavar="MOOD", help=f"{MOOD_FORMS}; beside words or alone")
    parser.add_argument("--k", type=int, default=10, help="how many stretches (default: 10)")
    parser.add_argument(
        "--min", metavar="TIME", default="0s", help="widen stretches to this length, like 3s"
    )
    parser.add_argument(
        "--from", dest="since", metavar="DAY", help="recorded since: 2019, 2019-05, 2019-05-31"
    )
    parser.add_argument("--to", dest="until", metavar="DAY", help="recorded until")
    parser.add_argument(
        "--where",
        metavar="SQL",
        help="a condition on the columns, like 'motion > 1 and speech < 0.2'",
    )
    parser.add_argument("--exact", action="store_true", help="use no index")
    group = parser.add_argument_group("what is written")
    group.add_argument("--reel", type=Path, metavar="FILE", help="a reel of what was found")
    group.add_argument("--html", type=Path, metavar="FILE", help="a page with pictures")
    group.add_argument("--force", action="store_true", help="replace what is there already")
    group.add_argument("--json", action="store_true", help="print JSON")
    group.add_argument("--quiet", action="store_true", help="no progress bar, no table")
    add_progress_option(group)
    return parser


def search_films(args: argparse.Namespace, shell: Shell) -> Iterator[str]:
    """Search a library, and write what was asked for.

    Raises:
        VsummError: see `vsumm.film_library`.
        UsageError: an option is out of range.
    """
    from vsumm.film_library import (
        open_library,
        query_file,
        query_heard,
        query_text,
        search,
        write_found,
        write_page,
    )

    if sum(what is not None for what in (args.words, args.like, args.heard)) > 1:
        raise UsageError("look for what is seen, for what is heard, or for what is like a file")
    if args.k < 1:
        raise UsageError(f"--k must be at least 1, got {args.k}")
    mood, min_seconds = _read(parse_mood, args.mood), _read(parse_seconds, args.min)
    library = open_library(args.store)
    query = None
    if args.words is not None:
        query = query_text(args.words)
    elif args.like is not None:
        query = query_file(args.like, library.header)
    elif args.heard is not None:
        query = query_heard(args.heard, library.header)
    found = search(
        library,
        query,
        k=args.k,
        mood=mood,
        min_seconds=min_seconds or 0.0,
        since=args.since,
        until=args.until,
        where=args.where,
        is_exact=args.exact,
    )
    if args.json:
        yield json.dumps([_plain(one) for one in found], indent=2)
    elif not args.quiet:
        yield from _table(found)
    if args.html is not None:
        title = args.words or args.heard or (args.like and shown(args.like.name)) or args.mood
        write_page(found, args.html, title=title, overwrite=args.force)
        if not args.quiet and not args.json:
            yield f"page     {shown(args.html)}"
    there = [one for one in found if one.film.gone_since is None]
    if args.reel is not None:
        if len(there) < len(found):
            left_out = counted(len(found) - len(there), "stretch", "stretches")
            shell.say(f"{left_out} of films that are gone: left out")
        with shown_progress(args) as watch:
            write_found(there, args.reel, overwrite=args.force, progress=watch)
        if not args.quiet and not args.json:
            yield f"reel     {shown(args.reel)}"


def _read(parse: Callable[[str], Any], text: str | None) -> Any:
    try:
        return None if text is None else parse(text)
    except ValueError as error:
        raise UsageError(error) from error


def _plain(found: Found) -> dict[str, Any]:
    return {
        "film": os.fsencode(found.film.path).decode("utf-8", "replace"),
        "sha256": found.film.sha256,
        "title": found.film.title,
        "recorded": found.film.recorded,
        "gone_since": found.film.gone_since,
        "start_seconds": found.segment.start_seconds,
        "end_seconds": found.segment.end_seconds,
        "closeness": round(found.closeness, 4),
        "valence": found.valence,
        "arousal": found.arousal,
        "why": found.why,
    }


def _table(found: Sequence[Found]) -> Iterator[str]:
    if not found:
        yield "nothing was found"
        return
    yield f"{'from':>10} {'to':>10} {'valence':>7} {'arousal':>7}  film"
    for one in found:
        start, end = clock_text(one.segment.start_seconds), clock_text(one.segment.end_seconds)
        place = " ".join(
            f"{'' if v is None else f'{v:.2f}':>7}" for v in (one.valence, one.arousal)
        )
        gone = " (gone)" if one.film.gone_since else ""
        yield f"{start:>10} {end:>10} {place}  {shown(one.film.path)}{gone}"
        yield f"{'':>38}{one.why}"
