"""Score videos by captions of their frames: what the text side of a summariser can do.

Any captioner will do. Nothing is trained: how close a caption comes to the title, its arousal by
the caption tower, how much it differs from its neighbours, and its place in the video are
standardised within the video, averaged over neighbours, and added up.

Letters: T captions of a video, E the size of an embedding.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from eval.cues import lift, standardise
from eval.datasets import PICK_STEP, Benchmark, BenchmarkVideo, FloatArray
from mmva_core import MMVA
from mmva_core.content import TextEncoder
from mmva_core.errors import MmvaError
from vsumm.errors import ModelError, ScoresError
from vsumm.score import smooth

CAPTION_STEP = PICK_STEP
"""Frames from one caption to the next, as in the picks of the published h5 files."""
PARTS: Mapping[str, float] = {"title": 2.0, "middle": 1.0, "arousal": 1.0, "change": 1.0}
"""Weights of the parts. Round numbers: title against the rest was the only choice."""
WIDTH = 5
"""Captions that are averaged: 2.5 s at 30 frames/s."""
FORMULA = f"2 title + middle + arousal + change, averaged over {WIDTH} captions"
"""The same in words; a video without a title lacks that part."""

Captions = Mapping[str, Sequence[str]]


def read_captions(path: Path) -> dict[str, list[str]]:
    """Read a JSON object of video id -> sentences, one for every `CAPTION_STEP` frames.

    Raises:
        ScoresError: the file is missing, or holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ScoresError(f"{path}: cannot read the captions ({error})") from error
    is_table = isinstance(found, dict) and all(
        isinstance(row, list) and row and all(isinstance(text, str) for text in row)
        for row in found.values()
    )
    if not is_table:
        raise ScoresError(f"{path}: not a JSON object of video id -> list of sentences")
    return {str(name): list(row) for name, row in found.items()}


def score_captions(
    benchmark: Benchmark, captions: Captions, *, on_video: Callable[[], object] = lambda: None
) -> tuple[Benchmark, dict[str, FloatArray], dict[str, dict[str, FloatArray]]]:
    """Score every video that has captions.

    Args:
        benchmark: the videos; a title counts where a video has one.
        captions: video id or h5 key -> T sentences.
        on_video: called once per finished video.

    Returns:
        The videos that have captions; their scores (T,), one for each pick; and the scores by each
        part alone, name -> video id -> (T,).

    Raises:
        ScoresError: no video has captions, one has them twice, or another number than picks.
        ModelError: the extra "text" is not installed, or a model is damaged.
    """
    fitting = match_captions(benchmark, captions)
    try:
        encoder, model = TextEncoder(), MMVA.from_pretrained("mmva-lite")
    except MmvaError as error:
        raise ModelError(str(error)) from error
    kept = benchmark.restricted_to(list(fitting), "the others have no captions")
    scores: dict[str, FloatArray] = {}
    alone: dict[str, dict[str, FloatArray]] = {}
    for video in kept.videos:
        name = video.video_id
        columns = caption_columns(video, fitting[name], encoder, model)
        scores[name] = add_columns(columns, PARTS)
        for part in filter(columns.__contains__, PARTS):
            alone.setdefault(f"captions: {part}", {})[name] = add_columns(columns, {part: 1.0})
        on_video()
    return kept, scores, alone


def match_captions(benchmark: Benchmark, captions: Captions) -> dict[str, Sequence[str]]:
    """Return video id -> captions of the videos that have some.

    Raises:
        ScoresError: no video has captions, one has them twice, or another number than picks.
    """
    fitting: dict[str, Sequence[str]] = {}
    for name, sentences in captions.items():
        video = benchmark.find(name)
        if video is None:
            continue
        if video.video_id in fitting:
            raise ScoresError(f"video {video.video_id} has captions twice, once as {name}")
        num_picks = len(video.pick_frames)
        if len(sentences) != num_picks:
            raise ScoresError(
                f"video {name}: {len(sentences)} captions, {num_picks} expected, one for "
                f"every {CAPTION_STEP} of {video.num_frames} frames"
            )
        fitting[video.video_id] = sentences
    if not fitting:
        raise ScoresError(f"the captions are of none of the videos of {benchmark.name}")
    return fitting


def caption_columns(
    video: BenchmarkVideo, sentences: Sequence[str], encoder: TextEncoder, model: MMVA
) -> dict[str, FloatArray]:
    """Measure the parts of a video's captions, (T,) each; "title" only where it has one."""
    known, places = np.unique(np.array(sentences, dtype=object), return_inverse=True)
    embeds = encoder.embed(known.tolist())[places]
    arousal = model.predict_captions(known.tolist()).numpy()[places, 1]
    position = (np.arange(len(sentences)) + 0.5) / len(sentences)
    columns = {
        "middle": 4 * position * (1 - position),
        "arousal": arousal.astype(np.float64),
        "change": neighbour_distances(embeds.astype(np.float64)),
    }
    if video.title:
        columns["title"] = encoder.sentence_closeness(sentences, video.title).astype(np.float64)
    return columns


def neighbour_distances(embeds: FloatArray) -> FloatArray:
    """Return the mean cosine distance of unit vectors (T, E) to those before and after, (T,).

    >>> neighbour_distances(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])).tolist()
    [0.0, 0.5, 1.0]
    """
    steps = 1 - np.sum(embeds[1:] * embeds[:-1], axis=1)
    sides = np.stack([np.append(np.nan, steps), np.append(steps, np.nan)])
    return np.zeros(len(embeds)) if len(embeds) < 2 else np.nanmean(sides, axis=0)


def add_columns(columns: Mapping[str, FloatArray], weights: Mapping[str, float]) -> FloatArray:
    """Add up standardised columns (T,), averaged over `WIDTH` neighbours; the lowest sum becomes 0.

    A column that is missing counts as average.

    >>> columns = {"a": np.array([0.0, 1.0] * 3), "b": np.ones(6)}
    >>> add_columns(columns, {"a": 1.0, "b": 5.0, "c": 1.0}).round(2).tolist()
    [0.0, 0.33, 0.13, 0.53, 0.33, 0.67]
    """
    there = {name: weight for name, weight in weights.items() if name in columns}
    total = sum(weight * standardise(columns[name]) for name, weight in there.items())
    return lift(smooth(np.asarray(total, dtype=np.float64), width=WIDTH))
