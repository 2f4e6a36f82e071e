"""Train a summariser on splits of an h5 file's videos, and score the videos left out.

A split's test videos are never looked at before they are scored: every method trains for a number
of epochs that is fixed beforehand.

Letters: P picks (sampled frames) of a video, R runs that score it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from eval.datasets import Benchmark, BenchmarkVideo, FloatArray, load_features
from eval.summarisers.methods import SUMMARISERS
from vsumm.errors import InputError, ScoresError
from vsumm.files import RecordCache

logger = logging.getLogger(__name__)

NUM_FOLDS = 5


@dataclass(frozen=True)
class Split:
    """Which videos train and which are scored, by h5 key."""

    train_keys: tuple[str, ...]
    """Videos whose features are learnt from."""
    test_keys: tuple[str, ...]
    """Videos that are scored."""

    def __post_init__(self) -> None:
        if not self.train_keys or not self.test_keys:
            raise ScoresError("a split needs videos to train on and videos to score")
        both = set(self.train_keys) & set(self.test_keys)
        if both:
            raise ScoresError(f"a split trains on a video that it tests: {min(both)}")


@dataclass(frozen=True)
class TrainingPlan:
    """What is trained how often."""

    method: str
    """Name in `SUMMARISERS`."""
    splits: tuple[Split, ...]
    """Each is trained once per seed."""
    splits_label: str
    """Where they come from, in words."""
    seeds: tuple[int, ...] = (0,)
    """Of weights, order and sampling."""
    epochs: int | None = None
    """None for the method's own number."""

    @property
    def num_epochs(self) -> int:
        """Epochs of one run."""
        return self.epochs or SUMMARISERS[self.method].EPOCHS

    @property
    def label(self) -> str:
        """What was done, in words, to be printed with the figures."""
        kind = SUMMARISERS[self.method]
        return (
            f"{self.method} ({kind.SOURCE}): {self.num_epochs} epochs, {kind.RULE}; "
            f"{self.splits_label}, {len(self.seeds)} seeds; no figure of a test video was looked at"
        )


def read_splits(path: Path) -> tuple[Split, ...]:
    """Read a JSON list of `{"train_keys": [...], "test_keys": [...]}`.

    Raises:
        ScoresError: the file cannot be read, or holds something else.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        splits = tuple(
            Split(tuple(map(str, e["train_keys"])), tuple(map(str, e["test_keys"])))
            for e in entries
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ScoresError(
            f"{path}: expected a JSON list of splits with train_keys and test_keys ({error!r})"
        ) from error
    if not splits:
        raise ScoresError(f"{path}: holds no split")
    return splits


def make_folds(
    keys: Sequence[str], *, seed: int = 0, num_folds: int = NUM_FOLDS
) -> tuple[Split, ...]:
    """Deal the videos into folds; each is tested once, trained on the others.

    Raises:
        ScoresError: there are fewer videos than folds.
    """
    if len(keys) < num_folds:
        raise ScoresError(
            f"{num_folds} folds need at least {num_folds} videos, got {len(keys)}; name --splits"
        )
    order = np.random.default_rng(seed).permutation(len(keys))
    folds = [sorted(keys[i] for i in order[start::num_folds]) for start in range(num_folds)]
    return tuple(
        Split(tuple(k for other in folds if other is not fold for k in other), tuple(fold))
        for fold in folds
    )


def train_and_score(
    path: Path,
    benchmark: Benchmark,
    plan: TrainingPlan,
    cache: RecordCache | None = None,
    *,
    on_epoch: Callable[[], object] = lambda: None,
) -> dict[str, FloatArray]:
    """Train once per split and seed, and score each split's test videos.

    Args:
        path: the h5 file with the features.
        benchmark: the videos that were read from it.
        plan: method, splits, seeds, epochs.
        cache: where the scores of finished runs are kept; a stopped training goes on with the
            next run.
        on_epoch: called after each epoch, and once per epoch of a run that was cached.

    Returns:
        Video id -> (R, P), one row per run that tested the video.

    Raises:
        InputError: a video has no features.
        ScoresError: a split names a video that the file lacks.
    """
    by_key = {video.key: video for video in benchmark.videos if video.key is not None}
    features = _features_of(path, by_key, plan.splits)
    rows: dict[str, list[list[float]]] = {}
    for seed in plan.seeds:
        for split in plan.splits:
            key = _cache_key(features, split, plan, seed)
            record = cache.get(key) if cache else None
            if record is None:
                record = _run(features, split, plan, seed, on_epoch)
                if cache:
                    cache.put(key, record)
            else:
                for _ in range(plan.num_epochs):
                    on_epoch()
            for name, scores in record.items():
                rows.setdefault(by_key[name].video_id, []).append(scores)
    return {video_id: np.array(runs) for video_id, runs in rows.items()}


def _features_of(
    path: Path, by_key: Mapping[str, BenchmarkVideo], splits: Sequence[Split]
) -> dict[str, NDArray[np.float32]]:
    needed = dict.fromkeys(k for split in splits for k in (*split.train_keys, *split.test_keys))
    for key in needed:
        if key not in by_key:
            raise ScoresError(f"the splits name {key}, which is not in {path}")
    features = load_features(path, needed)
    sizes = {array.shape[1] for array in features.values()}
    if len(sizes) > 1:
        raise InputError(f"{path}: features have different lengths: {sorted(sizes)}")
    return features


def _run(
    features: Mapping[str, NDArray[np.float32]],
    split: Split,
    plan: TrainingPlan,
    seed: int,
    on_epoch: Callable[[], object],
) -> dict[str, list[float]]:
    """Train on one split and score its test videos; key -> P scores."""
    (dim,) = {features[key].shape[1] for key in split.train_keys}
    summariser = SUMMARISERS[plan.method](dim, epochs=plan.epochs, seed=seed)
    summariser.fit([torch.from_numpy(features[k]) for k in split.train_keys], on_epoch=on_epoch)
    record = {}
    for key in split.test_keys:
        scores = summariser.score(torch.from_numpy(features[key]))
        if not np.isfinite(scores).all():
            raise ScoresError(f"{plan.method} diverged: it gives no finite scores for {key}")
        record[key] = scores.tolist()
    return record


def _cache_key(
    features: Mapping[str, NDArray[np.float32]], split: Split, plan: TrainingPlan, seed: int
) -> dict[str, Any]:
    digest = hashlib.sha256()
    for key in (*split.train_keys, *split.test_keys):
        digest.update(f"{key} {features[key].shape}".encode())
        digest.update(features[key].tobytes())
    return {
        "kind": "training",
        "method": plan.method,
        "epochs": plan.num_epochs,
        "seed": seed,
        "train": list(split.train_keys),
        "test": list(split.test_keys),
        "features": digest.hexdigest(),
    }
