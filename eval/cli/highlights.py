"""What `vsumm eval highlights` does: find labelled films, score them, format the figures."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from eval.highlights import find_labelled_films, format_figures, measure_films, to_table
from vsumm.config import SummaryConfig
from vsumm.errors import OutputError
from vsumm.files import RecordCache, default_cache_folder


def run_highlights(args: argparse.Namespace) -> str:
    """Carry out the command and return what to print.

    Raises:
        VsummError: the labels or a film cannot be read, or the CSV file cannot be written.
    """
    films = find_labelled_films(args.folder)
    cache = None if args.no_cache else RecordCache(default_cache_folder())
    is_hidden = args.quiet or not sys.stderr.isatty()
    with tqdm(total=len(films), desc="films", disable=is_hidden) as bar:
        found = measure_films(
            films, SummaryConfig(), cache=cache, seed=args.seed, on_film=lambda: bar.update(1)
        )
    if args.csv:
        try:
            to_table(found).to_csv(args.csv, index=False)
        except OSError as error:
            raise OutputError(f"{args.csv}: {error.strerror}") from error
    return format_figures(found)
