"""Score videos by captions of their frames: what the text side of a summariser can do.

Any captioner will do. Nothing is trained: how close a caption comes to the title, its arousal by
the caption tower, how much it differs from its neighbours, and its place in the video are
standardised within the video, averaged over neighbours, and added up.

Letters: T captions of a video, E the size of an embedding.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from eval.datasets import Benchmark, BenchmarkVideo, FloatArray
from mmva_core import MMVA
from mmva_core.content import TextEncoder
from mmva_core.errors import MmvaError
from vsumm.errors import ModelError, ScoresError
from vsumm.score import smooth

CAPTION_STEP = 15
"""Frames from one caption to the next, as in the picks of the published h5 files."""
PARTS: Mapping[str, float] = {"title": 2.0, "middle": 1.0, "arousal": 1.0, "change": 1.0}
"""Weights of the parts. Round numbers: title against the rest was the only choice."""
WIDTH = 5
"""Captions that are averaged: 2.5 s at 30 frames/s."""

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
    benchmark: Benchmark, captions: Captions, parts: Mapping[str, float] = PARTS
) -> tuple[Benchmark, dict[str, FloatArray]]:
    """Score every video that has captions.

    Args:
        benchmark: the videos.
        captions: video id -> T sentences.
        parts: weights by the names in `PARTS`; the title counts where a video has one.

    Returns:
        The videos that have captions, and their scores (T,), one for each pick.

    Raises:
        ScoresError: no video has captions, or one has another number than picks.
        ModelError: the extra "text" is not installed, or a model is damaged.
    """
    there = [video for video in benchmark.videos if video.video_id in captions]
    if not there:
        raise ScoresError("the captions are of none of the videos")
    try:
        encoder, model = TextEncoder(), MMVA.from_pretrained("mmva-lite")
    except MmvaError as error:
        raise ModelError(str(error)) from error
    scores: dict[str, FloatArray] = {}
    for video in there:
        sentences = captions[video.video_id]
        num_picks = -(-video.num_frames // CAPTION_STEP)
        if len(sentences) != num_picks:
            raise ScoresError(
                f"video {video.video_id}: {len(sentences)} captions, {num_picks} expected, one for "
                f"every {CAPTION_STEP} of {video.num_frames} frames"
            )
        columns = caption_columns(video, sentences, encoder, model)
        used = {name: weight for name, weight in parts.items() if name in columns}
        if not used:
            raise ScoresError(f"video {video.video_id}: it has none of {', '.join(parts)}")
        scores[video.video_id] = add_columns(columns, used)
    return benchmark.restricted_to(list(scores), "the others have no captions"), scores


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
    """Add up standardised columns (T,), averaged over `WIDTH` neighbours.

    >>> columns = {"a": np.array([0.0, 1.0] * 3), "b": np.ones(6)}
    >>> add_columns(columns, {"a": 1.0, "b": 5.0}).round(2).tolist()
    [-0.33, 0.0, -0.2, 0.2, 0.0, 0.33]
    """
    total = sum(weight * _standardised(columns[name]) for name, weight in weights.items())
    return smooth(np.asarray(total, dtype=np.float64), width=WIDTH)


def _standardised(values: FloatArray) -> FloatArray:
    """Return deviations from the mean, in units of their spread; zeros where nothing varies."""
    spread = float(np.std(values))
    centred: FloatArray = values - np.mean(values)
    return centred / spread if spread > 1e-9 else np.zeros(len(values))
