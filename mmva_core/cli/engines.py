"""Options that say who works on many files: this machine, or a Ray cluster."""

from __future__ import annotations

from argparse import Namespace, _ArgumentGroup

from mmva_core.cli.shell import UsageError
from mmva_core.engines import ENGINES


def add_engine_options(group: _ArgumentGroup, local: str) -> None:
    """Add --engine and --address.

    Args:
        group: where to.
        local: who works without a cluster, for the help.
    """
    group.add_argument(
        "--engine",
        choices=ENGINES,
        default=ENGINES[0],
        help=f"{local}, or a Ray cluster, which decides itself how many at the same time; needs "
        "the extra cluster (default: %(default)s)",
    )
    group.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="of the Ray cluster; auto: the one that this machine belongs to (default: one that is "
        "started on this machine)",
    )


def check_engine_options(args: Namespace) -> None:
    """Check what `add_engine_options` has parsed.

    Raises:
        UsageError: there is an address, but no cluster.
    """
    if args.address is not None and args.engine != "ray":
        raise UsageError("--address is that of a Ray cluster: it needs --engine ray")
