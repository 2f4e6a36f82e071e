"""What `vsumm eval soundtrack` does: cut films into pieces, train copies, choose music, measure."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.highlights import find_labelled_films
from eval.soundtrack import (
    format_study,
    is_still,
    match_levels,
    match_places,
    pieces_of,
    slides_of,
)
from mmva_core.errors import MmvaError
from mmva_core.store import find_folder, read_config
from mmva_core.studies import held_out_clips, held_out_pictures
from vsumm.config import SummaryConfig
from vsumm.errors import InputError
from vsumm.files import RecordCache, default_cache_folder
from vsumm.pipeline import summarize
from vsumm.words import counted


def run_soundtrack(args: argparse.Namespace) -> str:
    """Carry out the command and return what to print.

    Raises:
        VsummError: the labels, a film or the music cannot be read, or no zone is long enough.
    """
    cache = None if args.no_cache else RecordCache(default_cache_folder())
    config = SummaryConfig()
    films = find_labelled_films(args.films)
    summaries = [summarize(film.path, config, cache=cache) for film in films]
    moving = [pair for pair in zip(films, summaries, strict=True) if not is_still(pair[1])]
    pieces = [piece for film, summary in moving for piece in pieces_of(film, summary)]
    if len({piece.level for piece in pieces}) < 2:
        raise InputError(f"{args.films}: it takes zones of at least 12 s of two levels")
    sigma = read_config(find_folder(config.model)).sigma
    assert sigma is not None, "the embedded model is trained"
    try:
        is_shown = not args.quiet and sys.stderr.isatty()
        clips = held_out_clips(args.data, seed=args.seed, progress=is_shown)
        with TemporaryDirectory() as scratch:
            pictures = held_out_pictures(args.data, Path(scratch), progress=is_shown)
    except MmvaError as error:
        raise InputError(str(error)) from error
    num_zones = len({piece.zone for piece in pieces})
    figures = match_levels(pieces, clips, sigma, args.seed)
    figures += match_places(pieces, clips, sigma, num_draws=args.draws, seed=args.seed)
    slides = slides_of(pictures, args.seed)
    figures += match_levels(slides, clips, sigma, args.seed, of="slides")
    figures += match_places(slides, clips, sigma, num_draws=args.draws, seed=args.seed, of="slides")
    head = (
        f"{len(pieces)} pieces of {num_zones} zones of {len(moving)} films, {len(clips)} clips; "
        f"left out, the picture stands still: {counted(len(films) - len(moving), 'film')}; "
        f"{len(slides)} pieces of slides"
    )
    return f"{head}\n{format_study(figures)}"
