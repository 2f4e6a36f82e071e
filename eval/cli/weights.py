"""What `vsumm eval weights` does: find the films, summarise them, choose and measure."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from eval.cli.command import LOADERS
from eval.datasets import with_topics
from eval.highlights import find_labelled_films
from eval.model import VideoScorer, check_length, find_videos
from eval.weights import (
    JudgedFilm,
    draw_weights,
    format_left_out,
    judge_labelled,
    judge_scored,
    leave_one_out,
)
from vsumm.config import SummaryConfig
from vsumm.errors import InputError
from vsumm.files import RecordCache, default_cache_folder


def run_weights(args: argparse.Namespace) -> str:
    """Carry out the command and return what to print.

    Raises:
        VsummError: there are fewer than two films, or one cannot be read.
    """
    cache = None if args.no_cache else RecordCache(default_cache_folder())
    scorer = VideoScorer(SummaryConfig(), cache)
    films = list(_judged_films(args, scorer))
    if len(films) < 2:
        raise InputError(
            f"found {len(films)} film: leaving one out needs two; name more with --films, "
            "--tvsum and --summe"
        )
    return format_left_out(leave_one_out(films, draw_weights(args.drawn, args.seed)))


def _judged_films(args: argparse.Namespace, scorer: VideoScorer) -> Iterator[JudgedFilm]:
    for film in find_labelled_films(args.films) if args.films else ():
        yield judge_labelled(film, scorer.summarize(film.path))
    for name in ("tvsum", "summe"):
        folder: Path | None = getattr(args, name)
        if folder is not None:
            yield from _scored_videos(name, folder, args, scorer)


def _scored_videos(
    name: str, folder: Path, args: argparse.Namespace, scorer: VideoScorer
) -> Iterator[JudgedFilm]:
    benchmark = with_topics(LOADERS[name](folder), args.topic)
    paths = find_videos(folder, benchmark)
    for video in benchmark.videos:
        if video.video_id in paths:
            summary = scorer.summarize(paths[video.video_id], about=video.title)
            check_length(summary.media.duration_seconds, video)
            yield judge_scored(video, summary)
