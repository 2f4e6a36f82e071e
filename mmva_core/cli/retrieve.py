"""`mmva retrieve`: find the items closest to a picture, a piece of music, a sentence or a point."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from mmva_core.cli.command import (
    Output,
    add_json_option,
    add_model_options,
)
from mmva_core.cli.parser import positive_integer
from mmva_core.clock import clock_text
from mmva_core.config import MODALITIES
from mmva_core.retrieval import By

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers
    from mmva_core.retrieval import Match, Query, RetrievalIndex


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command."""
    parser: ArgumentParser = subparsers.add_parser(
        "retrieve",
        help="find music, pictures or sentences that feel like a query",
        description="Find what lies nearest to a query on the valence/arousal plane. Of long "
        "tracks the best window is named.",
        examples=(
            "mmva retrieve picture.jpg --in music.index --k 5",
            'mmva retrieve "A calm and sad piece of folk, country and blues music with guitar." '
            "--in music.index --by joint",
        ),
    )
    parser.add_argument(
        "query",
        metavar="FILE|TEXT|va:V,A",
        help="a picture, an audio file, a sentence, or a point such as va:0.3,0.8",
    )
    parser.add_argument(
        "--in", dest="index", required=True, metavar="INDEX", help="folder made by mmva index"
    )
    parser.add_argument(
        "--k", type=positive_integer, default=5, help="number of answers (default: 5)"
    )
    parser.add_argument(
        "--by",
        choices=get_args(By),
        default="va",
        help="compare valence and arousal by Eq. 1 of the paper (default), embeddings by angle, or "
        "music and sentences in a joint space, where a sentence of the form of the example finds a "
        "piece and not a mood",
    )
    parser.add_argument("--find", choices=MODALITIES, help="only answers of this kind")
    parser.add_argument(
        "--as", dest="modality", choices=MODALITIES, help="what the query is (default: looked at)"
    )
    add_model_options(parser)
    parser.set_defaults(model=None)
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Search, and print a table."""
    from mmva_core.retrieval import load_index, make_query, search

    index = load_index(args.index)
    query = make_query(
        args.query, index, model_name=args.model, device=args.device, modality=args.modality
    )
    matches = search(index, query, k=args.k, by=args.by, modality=args.find, model_name=args.model)
    if args.json:
        yield json.dumps(as_json(args.query, args.by, index, query, matches), indent=2)
        return
    kind = query.modality or "point"
    yield f"query: {kind}, valence {query.va[0]:.3f}, arousal {query.va[1]:.3f}"
    yield f"{'score':>6} {'valence':>7} {'arousal':>7}  {'window':<13}  name"
    for match in matches:
        yield _table_row(match)


def as_json(
    text: str, by: By, index: RetrievalIndex, query: Query, matches: list[Match]
) -> dict[str, object]:
    """Return the output of `mmva retrieve --json`."""
    root = Path(index.header.root)
    return {
        "query": text,
        "modality": query.modality,
        "valence": float(query.va[0]),
        "arousal": float(query.va[1]),
        "by": by,
        "model": index.header.model,
        "num_items": len(index),
        "matches": [
            asdict(match)
            | {"path": None if match.modality == "caption" else str(root / match.name)}
            for match in matches
        ],
    }


def _table_row(match: Match) -> str:
    window = "-"
    if match.start_seconds is not None and match.end_seconds is not None:
        times = (match.start_seconds, match.end_seconds)
        window = "-".join(clock_text(time, with_tenths=False) for time in times)
    numbers = f"{match.score:6.3f} {match.valence:7.3f} {match.arousal:7.3f}"
    return f"{numbers}  {window:<13}  {match.name}"
