"""What `vsumm eval cuts` does: measure where reels of a film are cut."""

from __future__ import annotations

import argparse

from eval.cuts import cuts_json, format_cuts, measure_reels, write_edge_sheet
from vsumm.files import check_output, shown
from vsumm.render import load_picks


def run_cuts(args: argparse.Namespace) -> str:
    """Carry out the command and return what to print.

    Raises:
        VsummError: the film or a summary cannot be read.
    """
    if args.sheet is not None:
        picks = load_picks(args.summaries[0], media=args.film)
        check_output(args.sheet, overwrite=args.force, inputs=[args.film, *args.summaries])
        write_edge_sheet(picks.info, picks.runs, args.sheet, overwrite=args.force)
        return f"written  {shown(args.sheet)}"
    film, reels = measure_reels(args.film, args.summaries)
    return cuts_json(film, reels) if args.json else format_cuts(film, reels)
