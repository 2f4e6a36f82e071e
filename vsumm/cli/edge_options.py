"""The options of where a reel is cut."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeAlias, get_args

from vsumm.cli.readers import read_seconds
from vsumm.config import CutAt, SummaryConfig

if TYPE_CHECKING:
    Group: TypeAlias = "argparse._ArgumentGroup"

DEFAULTS = SummaryConfig()


def add_edge_options(group: Group) -> None:
    """Add the options, named after fields of `SummaryConfig`."""
    group.add_argument(
        "--cut-at",
        choices=get_args(CutAt),
        default=DEFAULTS.cut_at,
        help="where runs begin and end: at cuts between shots and in pauses of speech nearby, "
        "or with segments (default: %(default)s)",
    )
    group.add_argument(
        "--min-run",
        type=read_seconds,
        metavar="LENGTH",
        dest="min_run_seconds",
        default=DEFAULTS.min_run_seconds,
        help="runs are no shorter, unless with --cut-at grid (default: %(default)ss)",
    )
