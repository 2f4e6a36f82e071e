"""The options of where a reel is cut."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeAlias, get_args

from vsumm.cli.readers import read_keep, read_padding, read_seconds, read_skip
from vsumm.config import CutAt, SummaryConfig

if TYPE_CHECKING:
    Group: TypeAlias = "argparse._ArgumentGroup"

DEFAULTS = SummaryConfig()


def add_edge_options(group: Group) -> None:
    """Add the options, named after fields of `SummaryConfig`."""
    group.add_argument(
        "--cut-at",
        choices=get_args(CutAt),
        help="where runs begin and end: at cuts between shots and in pauses of speech nearby, "
        f"or with segments (default: {DEFAULTS.cut_at}, with --quick grid)",
    )
    group.add_argument(
        "--min-run",
        type=read_seconds,
        metavar="LENGTH",
        dest="min_run_seconds",
        default=DEFAULTS.min_run_seconds,
        help="runs are no shorter, unless with --cut-at grid (default: %(default)ss)",
    )
    group.add_argument(
        "--max-run",
        type=read_seconds,
        metavar="LENGTH",
        dest="max_run_seconds",
        default=DEFAULTS.max_run_seconds,
        help="runs are no longer (default: as long as they come)",
    )
    group.add_argument(
        "--padding",
        type=read_padding,
        metavar="BEFORE,AFTER",
        dest="padding_seconds",
        default=DEFAULTS.padding_seconds,
        help="show so much more before and after each run, for example 0.3s,0.5s",
    )
    group.add_argument(
        "--keep",
        action="append",
        type=read_keep,
        metavar="FROM-TO",
        help="show this in any case, exactly, for example 3:10-3:20; may be given several times",
    )
    group.add_argument(
        "--skip",
        action="extend",
        type=read_skip,
        metavar="FROM-TO,...",
        help="never show this, for example 0:00-0:30,8:05- (to the end), or credits: title cards "
        "at the beginning and the end",
    )
