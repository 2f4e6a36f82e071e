"""The options of `vsumm render`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from vsumm.cli.options import add_progress_option, add_reel_options, add_variant_options
from vsumm.cli.readers import read_budget
from vsumm.config import CutAt


def add_render_options(parser: argparse.ArgumentParser) -> None:
    """Add the input and all options; those of the reel are named after `ReelConfig`."""
    parser.add_argument(
        "input",
        type=Path,
        metavar="FILE",
        help="summary (.json) or timeline: .otio, .fcpxml, .xml, .edl, .mlt, .kdenlive, .llc",
    )
    group = parser.add_argument_group("what is changed")
    group.add_argument(
        "--keep", action="append", metavar="FROM-TO", help="show this too, for example 3:10-3:20"
    )
    group.add_argument(
        "--drop", action="append", metavar="N,N", help="numbers of runs to leave out, from 1"
    )
    group.add_argument(
        "--extend",
        action="append",
        metavar="N:+S",
        help="show S seconds more after run N (3:+2s), or before it (3:-2s)",
    )
    group.add_argument(
        "--budget", type=read_budget, help="choose again for this length; what is kept stays"
    )
    group.add_argument(
        "--cut-at",
        choices=get_args(CutAt),
        help="choose again, and where runs then begin and end (default: as the summary says)",
    )
    add_variant_options(group)
    group.add_argument(
        "--audio-track",
        type=int,
        metavar="N",
        help="which audio track is taken, from 0 (default: the summary's, of a timeline the first)",
    )
    group = parser.add_argument_group("what is written")
    group.add_argument(
        "-o",
        "--output",
        action="append",
        type=Path,
        metavar="PATH",
        help="a reel (.mp4, ...), a timeline (.otio, ...) or chapters (.ffmeta, .vtt, .txt); may "
        "be given several times (default: <file stem>.reel.mp4 beside the file)",
    )
    group.add_argument(
        "--chapters-for",
        choices=("reel", "source"),
        default="reel",
        help="mark the clips of the reel, or the highlights in the full film (default: reel)",
    )
    group.add_argument("--media", type=Path, metavar="FILM", help="the film, if it was moved")
    group.add_argument("--force", action="store_true", help="replace what is there already")
    group.add_argument("--quiet", action="store_true", help="no progress bar, no table")
    group.add_argument(
        "--no-cache", action="store_true", help="neither read nor write the cache of cuts"
    )
    add_progress_option(group)
    add_reel_options(parser)
