"""Where the results of `vsumm summarize` go, by its options."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmva_core.cli import UsageError
from vsumm.cli.options import fields_in

if TYPE_CHECKING:
    from vsumm.batch import Outputs


def wanted_outputs(args: argparse.Namespace, num_films: int) -> Outputs:
    """Return where the results go.

    Raises:
        UsageError: what is asked for cannot be had together.
    """
    from vsumm.batch import Outputs, Views

    views = fields_in(args, Views)
    if views and num_films > 1:
        name = next(iter(views)).replace("_", "-")
        raise UsageError(f"--{name} names one file, but there are several inputs")
    lists, others = _by_kind(args)
    if lists and num_films > 1:
        raise UsageError(f"{lists[0]} lists one film, but there are several inputs")
    if len(others) > 1:
        raise UsageError(f"only one reel can be written, not {' and '.join(others)}")
    if args.variants > 1 and args.no_reel:
        raise UsageError("--variants makes reels: leave out --no-reel")
    if args.variants > 1 and args.keep:
        raise UsageError("--variants chooses anew: leave out --keep")
    outputs = Outputs(
        lists=tuple(lists),
        overwrite=args.force,
        with_report=args.with_report,
        views=Views(**views),
        num_variants=args.variants,
        max_overlap=args.max_overlap,
    )
    if not others:
        return outputs
    path = Path(others[0])
    is_folder = others[0].endswith(os.sep) or path.is_dir() or num_films > 1
    return replace(outputs, folder=path) if is_folder else replace(outputs, reel=path)


def _by_kind(args: argparse.Namespace) -> tuple[list[Path], list[str]]:
    """Return the timelines and chapters among the outputs, and the others."""
    named = args.output or []
    from vsumm.reel import is_reel

    if all(is_reel(name) or not Path(name).suffix for name in named):
        return [], named
    from vsumm.render import is_list  # it loads what writes timelines

    # The summary itself is written as JSON beside the reel.
    lists = [name for name in named if is_list(name) and not name.lower().endswith(".json")]
    return [Path(name) for name in lists], [name for name in named if name not in lists]
