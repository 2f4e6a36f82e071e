"""What `vsumm eval cuts` does: measure where reels of a film are cut."""

from __future__ import annotations

import argparse

from eval.cuts import cuts_json, format_cuts, measure_reels


def run_cuts(args: argparse.Namespace) -> str:
    """Carry out the command and return what to print.

    Raises:
        VsummError: the film or a summary cannot be read.
    """
    film, reels = measure_reels(args.film, args.summaries)
    return cuts_json(film, reels) if args.json else format_cuts(film, reels)
