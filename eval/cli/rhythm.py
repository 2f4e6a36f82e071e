"""Run `vsumm eval beats` and `vsumm eval ducking`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from eval.soundtrack import (
    format_study,
    format_voices,
    judge_clicks,
    judge_cuts,
    judge_midi,
    judge_phrases,
    judge_voices,
)
from vsumm.config import SummaryConfig
from vsumm.files import RecordCache, default_cache_folder
from vsumm.media import probe
from vsumm.pipeline import summarize
from vsumm.soundtrack import open_library
from vsumm.summary import Summary


def run_beats(args: argparse.Namespace) -> str:
    """Carry out `vsumm eval beats` and return what to print.

    Raises:
        VsummError: a film or the music cannot be read.
    """
    figures = [*judge_clicks(args.seed), *judge_phrases(args.seed)]
    if args.midi is not None:
        figures += judge_midi(args.midi, num_pieces=args.pieces, seed=args.seed)
    if args.films:
        cache = RecordCache(default_cache_folder())
        index = open_library(args.music, SummaryConfig().model).index
        summaries = [_summary_of(film, cache) for film in args.films]
        figures += judge_cuts(summaries, index, num_tracks=args.tracks, seed=args.seed, cache=cache)
    return format_study(figures)


def run_ducking(args: argparse.Namespace) -> str:
    """Carry out `vsumm eval ducking` and return what to print.

    Raises:
        VsummError: a film or a track cannot be read.
    """
    cache = RecordCache(default_cache_folder())
    tracks = sorted(path for path in args.music.iterdir() if path.is_file())
    rng = np.random.default_rng(args.seed)
    judged = []
    for film in args.films:
        if not probe(film).audio:
            continue
        summary = _summary_of(film, cache)
        for number in rng.choice(len(tracks), args.tracks, replace=False):
            found = judge_voices(summary, tracks[number])
            judged.append((f"{film.stem[:20]}, {tracks[number].stem}", found))
    return format_voices(judged)


def _summary_of(film: Path, cache: RecordCache) -> Summary:
    return summarize(film, SummaryConfig(), cache=cache)
