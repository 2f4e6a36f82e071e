"""`mmva index`: encode a folder or a table of files once, to search it later."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from mmva_core.cli.command import (
    Output,
    Problem,
    add_model_options,
    add_quiet_option,
    shows_progress,
)
from mmva_core.cli.engines import add_engine_options, check_engine_options
from mmva_core.config import Modality

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers

INDEXED: tuple[Modality, ...] = ("music", "image")
"""Modalities that are searched for in a folder."""
MOST_NAMED = 3
"""Recordings that a line names."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command."""
    parser: ArgumentParser = subparsers.add_parser(
        "index",
        help="encode a folder of music and pictures once, to search it with mmva retrieve",
        description="Encode music and pictures and write an index. Run again, it encodes only what "
        "is new or has changed. A table is a CSV file with a column 'file' (names relative to the "
        "table) or 'text' (sentences).",
        examples=(
            "mmva index music/ -o music.index",
            "mmva index music/ -o music.index --engine ray --address auto",
        ),
    )
    parser.add_argument("source", metavar="FOLDER|TABLE.csv", help="what to index")
    parser.add_argument(
        "-o", "--output", metavar="INDEX", help="folder to write (default: SOURCE.index)"
    )
    parser.add_argument("--only", choices=INDEXED, help="only the music, or only the pictures")
    add_model_options(parser)
    group = parser.add_argument_group("how the work is done")
    add_engine_options(group, "this process")
    add_quiet_option(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Index, and report what was encoded."""
    from mmva_core.engines import Cluster
    from mmva_core.retrieval import build_index, closed_folders, find_sources, read_sources

    check_engine_options(args)
    source = Path(args.source)
    if source.is_file():
        sources, root = read_sources(source), source.parent
        sources = [entry for entry in sources if args.only in (None, entry.modality)]
    else:
        sources, root = find_sources(source, INDEXED if args.only is None else (args.only,)), source
        for name in closed_folders(source):
            yield Problem(f"{name}: this folder cannot be read")
    output = Path(args.output or f"{source.resolve()}.index")
    with Cluster(args.address) if args.engine == "ray" else nullcontext() as engine:
        report = build_index(
            sources,
            output,
            args.model,
            root=root,
            device=args.device,
            engine=engine,
            progress=shows_progress(args),
        )
    for problem in report.problems:
        yield Problem(problem)
    index = report.index
    spoken = [item.name for item in index.items if item.is_speech]
    if spoken:
        named = ", ".join(spoken[:MOST_NAMED]) + ", ..." * (len(spoken) > MOST_NAMED)
        yield f"{len(spoken)} of them are speech and will not be chosen as music: {named}"
    yield (
        f"{output}: {len(index)} items, {len(index.va)} windows; "
        f"{report.num_encoded} encoded, {report.num_reused} known already"
    )
