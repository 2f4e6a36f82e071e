"""Train copies of `mmva-lite` on all folds but one, for the full method and for its ablations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmva_core.lite import (
    FOLDS,
    EncodedTables,
    LiteTables,
    Recordings,
    build_lite,
    fit_lite,
    fit_picture_predictor,
    load_class_names,
    train_tower_without,
)
from mmva_core.model import MMVA
from mmva_core.train import FeatureTable, TrainConfig, TrainingData


@dataclass(frozen=True)
class Ablation:
    """The paper's method, or a variant with one part left out (Table 5)."""

    name: str
    """Short name."""
    paper_name: str
    """Name in the paper."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Changes to the `TrainConfig`, by field."""
    with_similarity: bool = True
    """Whether there is a similarity predictor."""


ABLATIONS = (
    Ablation("full", "MMVA"),
    Ablation("no random matching", "No Random Matching", {"matching": "paired"}),
    Ablation("no similarity predictor", "No Similarity Predictor", with_similarity=False),
)
"""The method and the two ablations of Table 5. The picture heads are fitted in closed form in all
of them, independent of the matching."""


def encode_folds(recordings: Recordings, tables: LiteTables, seed: int) -> dict[str, EncodedTables]:
    """Encode the open sets once for each fold, see `encode_without_fold`.

    Returns:
        Encoded tables by the fold that their towers were trained without.
    """
    return {fold: encode_without_fold(recordings, tables, fold, seed) for fold in FOLDS}


def encode_without_fold(
    recordings: Recordings, tables: LiteTables, fold: str, seed: int
) -> EncodedTables:
    """Train a music tower on the clips of the other folds and encode all clips by it.

    Keyboard pieces belong to no fold; every tower is trained on them.

    Args:
        recordings: windows of the music.
        tables: pictures and sentences, and the fold of each clip.
        fold: fold to train without.
        seed: seed of the training.
    """
    tower = train_tower_without(recordings, tables.fold_of_clip, {fold}, seed)
    return tables.encode_music(tower, recordings, seed=seed, without={fold})


def train_without_each_fold(
    encoded: Mapping[str, EncodedTables],
    ablation: Ablation,
    config: TrainConfig,
    folder: Path,
    *,
    progress: bool = False,
) -> Iterator[tuple[str, MMVA, TrainingData]]:
    """Train a copy of `mmva-lite` for each fold, on the other folds.

    Args:
        encoded: tables from `encode_folds`.
        ablation: the method or a variant of it.
        config: settings of every copy.
        folder: folder of the runs, which get a sub-folder each.
        progress: show progress bars on stderr.

    Yields:
        A fold, the model trained without it, and its test data.
    """
    config = replace(config, **ablation.settings)
    prefix = ablation.paper_name.lower().replace(" ", "-")
    for fold, tables in encoded.items():
        model = build_lite(config.seed, with_similarity=ablation.with_similarity)
        data = tables.without(fold)
        fit_lite(model, data, config, folder / f"{prefix}-{fold}", progress=progress)
        assert isinstance(data.image, FeatureTable), "features of the frozen tower"
        fit_picture_predictor(model, data.image, load_class_names())
        yield fold, model, tables.only(fold)
