"""Figures of the recipe of `mmva-lite` on pictures and songs that training never saw.

The model that is shipped has seen every picture and clip of the open sets, so its recipe is judged
by copies: for each fold one is trained on the other folds and predicts this one. No group (theme,
artist) is on both sides.

Letters in shapes: I pictures, M clips, P pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmva_core.config import Modality
from mmva_core.data.open import load_oasis
from mmva_core.heads import VA_DIMENSIONS
from mmva_core.inputs import read_image_file
from mmva_core.lite import (
    FOLDS,
    HeardTables,
    LiteTables,
    Recordings,
    build_lite,
    fit_lite,
    load_lite_tables,
    load_recordings,
    sentence_table,
    train_tower_without,
)
from mmva_core.model import MMVA
from mmva_core.studies.pixel_statistics import pixel_statistics
from mmva_core.studies.report import Row
from mmva_core.train import (
    DIMENSIONS,
    PAIR_SEED,
    FeatureTable,
    Table,
    TrainConfig,
    TrainingData,
    bootstrap_interval,
    embed_table,
    fixed_pairs,
    matching_score,
    pearson,
    regression_metrics,
    va_metrics,
)

SPLIT = "open sets, 4 folds by theme and artist"
"""Name of the split in tables."""
RIDGE_STRENGTH = 5.0
"""Penalty of the ridge baselines for each feature."""

ABLATIONS: dict[str, tuple[dict[str, Any], bool]] = {
    "full": ({}, True),
    "no random matching": ({"matching": "paired"}, True),
    "no similarity predictor": ({}, False),
}
"""The paper's ablations: what differs in the settings, and whether there is a similarity predictor.
The picture side is fitted in closed form, whatever meets whom."""


@dataclass(frozen=True, eq=False)
class FoldPredictions:
    """What copies of the recipe said about samples that they had not seen."""

    va: dict[Modality, Tensor]
    """Valence and arousal of pictures (I, 2), clips and captions (M, 2), in the tables' order."""
    similarity: Tensor | None
    """(P,) predicted matching scores of unseen pictures with unseen clips."""
    matching_score: Tensor
    """(P,) the scores by Eq. 1."""


def cross_validate(
    tables: LiteTables,
    hear: Callable[[str], HeardTables],
    config: TrainConfig,
    folder: Path,
    *,
    with_similarity: bool = True,
    progress: bool = False,
) -> FoldPredictions:
    """Train a copy of the recipe for each fold and let it predict that fold.

    Args:
        tables: the open sets.
        hear: gives the tables with the clips as a music tower hears them that knows no clip of
            a fold, see `hear_without`.
        config: settings of every copy.
        folder: runs lie in its sub-folders, one for each fold.
        with_similarity: False leaves the similarity predictor out.
        progress: show progress bars on stderr.
    """
    folds = {"image": tables.image_folds, "music": tables.clip_folds}
    folds["caption"] = folds["music"]
    va: dict[Modality, Tensor] = {
        "image": torch.zeros(len(tables.image), VA_DIMENSIONS),
        "music": torch.zeros(len(tables.captions), VA_DIMENSIONS),
        "caption": torch.zeros(len(tables.captions), VA_DIMENSIONS),
    }
    similarities, scores = [], []
    for fold in FOLDS:
        own = hear(fold)
        model = build_lite(config.seed, with_similarity=with_similarity)
        fit_lite(model, own.without(fold), config, folder / f"fold-{fold}", progress=progress)
        unseen = own.only(fold)
        for name, table in _tables_of(unseen).items():
            rows = [row for row, other in enumerate(folds[name]) if other == fold]
            va[name][rows] = predict_table(model, name, table)
        if with_similarity:
            similarity, score = _predict_pairs(model, unseen)
            similarities.append(similarity)
            scores.append(score)
    return FoldPredictions(
        va,
        torch.cat(similarities) if similarities else None,
        torch.cat(scores) if scores else torch.empty(0),
    )


def sentence_rows(model: MMVA, root: Path, cache: Path, source: str) -> list[Row]:
    """Measure a model on EmoBank's test split, of which no recipe has seen a sentence."""
    table = sentence_table(model, root, cache, split="test")
    figures = va_metrics(predict_table(model, "caption", table), table.va)
    split = "EmoBank, its own test split"
    return [Row.of(source, split, "caption", name, metrics) for name, metrics in figures.items()]


def recipe_rows(
    root: Path,
    scratch: Path,
    config: TrainConfig,
    *,
    with_ablations: bool = False,
    progress: bool = False,
) -> Iterator[Row]:
    """Train copies of the recipe, music towers and all, and measure them on unseen folds.

    Args:
        root: folder of the open sets.
        scratch: folder for features and runs.
        config: settings of every copy.
        with_ablations: measure the recipe without random matching and without the similarity
            predictor as well.
        progress: show progress bars on stderr.

    Yields:
        Rows of simple baselines for pictures, then of the recipe, then of its ablations.
    """
    tables = load_lite_tables(build_lite(config.seed), root, scratch, progress=progress)
    yield from _picture_baselines(tables, root)
    recordings = load_recordings(root, scratch, seed=config.seed, progress=progress)
    heard = {fold: hear_without(recordings, tables, fold, config.seed) for fold in FOLDS}
    for name in ABLATIONS if with_ablations else ("full",):
        settings, with_similarity = ABLATIONS[name]
        predictions = cross_validate(
            tables,
            heard.__getitem__,
            replace(config, **settings),
            scratch / name,
            with_similarity=with_similarity,
            progress=progress,
        )
        yield from fold_rows(predictions, tables, f"copies of mmva-lite, {name}")


@torch.inference_mode()
def predict_table(model: MMVA, modality: Modality, table: Table) -> Tensor:
    """Predict valence and arousal (N, 2) of every sample of a table, first view."""
    model.eval()
    return model.predict_va(modality, embed_table(model, modality, table)).float().cpu()


def fold_rows(predictions: FoldPredictions, tables: LiteTables, source: str) -> list[Row]:
    """Lay the figures out as rows beside the constant predictor."""
    rows = []
    if predictions.similarity is not None:
        metrics = regression_metrics(predictions.similarity, predictions.matching_score)
        rows.append(Row.of(source, SPLIT, "similarity", "score", metrics))
    labels = {
        "image": tables.whole_image.va,
        "music": tables.captions.va,
        "caption": tables.captions.va,
    }
    for name, predicted in predictions.va.items():
        for column, dimension in enumerate(DIMENSIONS):
            metrics = regression_metrics(predicted[:, column], labels[name][:, column])
            rows.append(Row.of(source, SPLIT, name, dimension, metrics))
    return rows


def interval_lines(predictions: FoldPredictions, tables: LiteTables) -> list[str]:
    """Say how sure the correlations of the pictures are, and what they are fold by fold."""
    lines = []
    table = tables.whole_image
    for column, dimension in enumerate(DIMENSIONS):
        predicted = predictions.va["image"][:, column].numpy()
        target = table.va[:, column].numpy()
        low, high = bootstrap_interval(pearson, predicted, target, groups=table.groups)
        by_fold = _by_fold(predicted, target, tables.image_folds)
        lines.append(
            f"image {dimension}: Pearson {pearson(predicted, target):.3f} over all folds "
            f"(95 % interval over themes {low:.3f} to {high:.3f}), "
            f"mean of folds {np.mean(by_fold):.3f} "
            f"({', '.join(f'{value:.2f}' for value in by_fold)})"
        )
    return lines


def ridge_baseline(table: FeatureTable, folds: Sequence[str], *, strength: float) -> Tensor:
    """Predict each fold by ridge regression on standardised features of the others.

    Args:
        table: features (N, D) and labels.
        folds: (N,) fold of each sample.
        strength: weight of the squared coefficients.

    Returns:
        (N, 2) predictions, each from a fit that did not see the sample's fold.
    """
    features, labels = table.features.double(), table.va.double()
    predicted = torch.zeros_like(labels)
    for fold in sorted(set(folds)):
        is_test = torch.tensor([own == fold for own in folds])
        known = features[~is_test]
        mean, spread = known.mean(0), known.std(0).clamp(min=1e-6)
        known, asked = (known - mean) / spread, (features[is_test] - mean) / spread
        centre = labels[~is_test].mean(0)
        # The dual form: there are fewer samples than features.
        kernel = known @ known.T + strength * torch.eye(len(known), dtype=torch.float64)
        weights = torch.linalg.solve(kernel, labels[~is_test] - centre)
        predicted[is_test] = asked @ known.T @ weights + centre
    return predicted.float()


def hear_without(recordings: Recordings, tables: LiteTables, fold: str, seed: int) -> HeardTables:
    """Train a music tower on the other folds' clips, and let it hear all of them.

    Keyboard pieces are in no fold; every tower is trained on them.

    Args:
        recordings: windows of the music.
        tables: say which clip is in which fold.
        fold: what the tower may not know.
        seed: of its training.
    """
    tower = train_tower_without(recordings, tables.fold_of_clip, {fold}, seed)
    return tables.hear(tower, recordings, seed=seed, without={fold})


def _picture_baselines(tables: LiteTables, root: Path) -> Iterator[Row]:
    table = tables.whole_image
    pictures = (read_image_file(path) for path in load_oasis(root).paths)
    pixels = torch.tensor([pixel_statistics(picture) for picture in pictures])
    sources = {
        "ridge, pixel statistics": replace(table, features=pixels),
        "ridge, the tower's features": table,
    }
    for source, features in sources.items():
        strength = RIDGE_STRENGTH * features.features.shape[1]
        predicted = ridge_baseline(features, tables.image_folds, strength=strength)
        for name, metrics in va_metrics(predicted, table.va).items():
            yield Row.of(source, SPLIT, "image", name, metrics)


def _tables_of(data: TrainingData) -> dict[Modality, Table]:
    return {"image": data.image, "music": data.music, "caption": data.caption}


def _by_fold(predicted: np.ndarray, target: np.ndarray, folds: Sequence[str]) -> list[float]:
    names = np.asarray(folds)
    return [pearson(predicted[names == fold], target[names == fold]) for fold in FOLDS]


@torch.inference_mode()
def _predict_pairs(model: MMVA, data: TrainingData) -> tuple[Tensor, Tensor]:
    """Predict the score of pictures and clips that meet at random, and give it by Eq. 1."""
    assert model.config.sigma is not None, "set by training"
    pairs = fixed_pairs(len(data.image), len(data.music), seed=PAIR_SEED)
    image = embed_table(model, "image", data.image)
    music = embed_table(model, "music", data.music)
    caption = embed_table(model, "caption", data.caption)
    predicted = model.predict_similarity(
        image[pairs[:, 0]], music[pairs[:, 1]], caption[pairs[:, 1]]
    )
    target = matching_score(
        data.image.va[pairs[:, 0]], data.music.va[pairs[:, 1]], model.config.sigma
    )
    return predicted.float().cpu(), target
