"""Cross-validate the recipe of `mmva-lite`: figures on held-out pictures and clips.

The published model is trained on every picture and clip of the open sets. So the figures come from
copies: for each fold, one is trained on the other folds and predicts this one. No group (theme,
artist) is on both sides.

Letters in shapes: I pictures, M clips, P pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from mmva_core.config import Modality
from mmva_core.data.open import load_oasis
from mmva_core.heads import VA_DIMENSIONS
from mmva_core.inputs import read_image_file
from mmva_core.lite import (
    EncodedTables,
    LiteTables,
    build_lite,
    load_lite_tables,
    load_recordings,
    sentence_table,
)
from mmva_core.model import MMVA
from mmva_core.ridge import fit_ridge
from mmva_core.studies.baselines import BASELINES, BaselineName, train_baseline
from mmva_core.studies.folds import ABLATIONS, Ablation, encode_folds, train_without_each_fold
from mmva_core.studies.pixel_statistics import pixel_statistics
from mmva_core.studies.report import ErrorIntervals, Row
from mmva_core.train import (
    DIMENSIONS,
    PAIR_SEED,
    FeatureTable,
    Table,
    TrainConfig,
    TrainingData,
    embed_table,
    fixed_pairs,
    matching_score,
    regression_metrics,
    va_metrics,
)

SPLIT = "open sets, 4 folds by theme and artist"
"""Name of the split in tables."""
RIDGE_PENALTY = 5.0
"""Penalty of the ridge baselines for each feature."""


@dataclass(frozen=True, eq=False)
class FoldPredictions:
    """Held-out predictions of the copies, each for its own fold."""

    va: dict[Modality, Tensor]
    """Valence and arousal of pictures (I, 2), clips and captions (M, 2), in the tables' order."""
    similarity: Tensor | None
    """(P,) predicted matching scores of held-out pairs, None without a similarity predictor."""
    matching_score: Tensor
    """(P,) matching scores by Eq. 1."""
    pair_themes: tuple[str, ...]
    """(P,) theme of the picture of each pair."""


def cross_validate(
    tables: LiteTables,
    encoded: Mapping[str, EncodedTables],
    ablation: Ablation,
    config: TrainConfig,
    folder: Path,
    *,
    progress: bool = False,
) -> FoldPredictions:
    """Train a copy of the recipe for each fold and predict that fold by it.

    Args:
        tables: the open sets.
        encoded: the open sets by fold, see `mmva_core.studies.folds.encode_folds`.
        ablation: the method or a variant of it.
        config: settings of every copy.
        folder: folder of the runs.
        progress: show progress bars on stderr.
    """
    folds = {"image": tables.image_folds, "music": tables.clip_folds, "caption": tables.clip_folds}
    va: dict[Modality, Tensor] = {
        "image": torch.zeros(len(tables.image), VA_DIMENSIONS),
        "music": torch.zeros(len(tables.captions), VA_DIMENSIONS),
        "caption": torch.zeros(len(tables.captions), VA_DIMENSIONS),
    }
    similarities, scores, themes = [], [], []
    for fold, model, test in train_without_each_fold(
        encoded, ablation, config, folder, progress=progress
    ):
        for name, table in _tables_of(test).items():
            va[name][_places(folds[name], fold)] = predict_table(model, name, table)
        if ablation.with_similarity:
            similarity, score, of_fold = _predict_pairs(model, test)
            similarities.append(similarity)
            scores.append(score)
            themes.extend(of_fold)
    return FoldPredictions(
        va,
        torch.cat(similarities) if similarities else None,
        torch.cat(scores) if scores else torch.empty(0),
        tuple(themes),
    )


def sentence_rows(model: MMVA, root: Path, cache: Path, source: str) -> list[Row]:
    """Measure a model on EmoBank's test split, which no recipe is trained on."""
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
    with_baselines: bool = False,
    progress: bool = False,
) -> Iterator[Row]:
    """Train copies of the recipe, music towers included, and measure them on held-out folds.

    Args:
        root: folder of the open sets.
        scratch: folder for features and runs.
        config: settings of every copy.
        with_ablations: also measure the recipe without random matching and without the similarity
            predictor.
        with_baselines: also measure the baselines of Table 1 on the same features.
        progress: show progress bars on stderr.

    Yields:
        Rows of simple baselines for pictures, then of the recipe, its ablations and Table 1's
        baselines.
    """
    tables = load_lite_tables(build_lite(config.seed), root, scratch, progress=progress)
    yield from _picture_baselines(tables, root)
    recordings = load_recordings(root, scratch, seed=config.seed, progress=progress)
    encoded = encode_folds(recordings, tables, config.seed)
    for ablation in ABLATIONS if with_ablations else ABLATIONS[:1]:
        predictions = cross_validate(
            tables, encoded, ablation, config, scratch / "runs", progress=progress
        )
        yield from fold_rows(predictions, tables, copies_of(ablation))
    for name in BASELINES if with_baselines else ():
        predictions = cross_validate_baseline(name, tables, encoded, config)
        yield from fold_rows(predictions, tables, baseline_source(name))


def copies_of(ablation: Ablation) -> str:
    """Return the source of the rows of a method's copies."""
    return f"copies of mmva-lite, {ablation.name}"


def baseline_source(name: BaselineName) -> str:
    """Return the source of the rows of a baseline."""
    return f"{name} (our reading)"


def cross_validate_baseline(
    name: BaselineName,
    tables: LiteTables,
    encoded: Mapping[str, EncodedTables],
    config: TrainConfig,
) -> FoldPredictions:
    """Train a baseline of Table 1 for each fold, on the features of MMVA's towers, and predict it.

    Rate, batch size, epochs and mixup are those of the recipe.

    Args:
        name: name of the baseline.
        tables: the open sets.
        encoded: the open sets by fold, see `mmva_core.studies.folds.encode_folds`.
        config: settings of every copy.
    """
    image_va = torch.zeros(len(tables.image), VA_DIMENSIONS)
    music_va = torch.zeros(len(tables.captions), VA_DIMENSIONS)
    similarities, scores, themes = [], [], []
    for fold, of_fold in encoded.items():
        data, test = of_fold.without(fold), of_fold.only(fold)
        model = train_baseline(name, data, config)
        image_va[_places(tables.image_folds, fold)] = model.predict_va("image", test)
        music_va[_places(tables.clip_folds, fold)] = model.predict_va("music", test)
        pairs = fixed_pairs(len(test.image), len(test.music), seed=PAIR_SEED)
        similarities.append(model.predict_similarity(test, pairs))
        scores.append(_target(test, pairs, model.sigma))
        themes.extend(_themes(test, pairs))
    va: dict[Modality, Tensor] = {"image": image_va, "music": music_va}
    return FoldPredictions(va, torch.cat(similarities), torch.cat(scores), tuple(themes))


@torch.inference_mode()
def predict_table(model: MMVA, modality: Modality, table: Table) -> Tensor:
    """Predict valence and arousal (N, 2) of every sample of a table, first view."""
    model.eval()
    return model.predict_va(modality, embed_table(model, modality, table)).float().cpu()


def fold_rows(predictions: FoldPredictions, tables: LiteTables, source: str) -> list[Row]:
    """Compute rows of figures from held-out predictions; draws take whole themes and artists."""
    rows = []
    if predictions.similarity is not None:
        scores = (predictions.similarity, predictions.matching_score)
        rows.append(_row(source, "similarity", "score", *scores, predictions.pair_themes))
    labelled = {
        "image": tables.whole_image,
        "music": tables.captions,
        "caption": tables.captions,
    }
    for name, predicted in predictions.va.items():
        table = labelled[name]
        assert table.groups is not None, "pictures come with themes, clips with artists"
        for column, dimension in enumerate(DIMENSIONS):
            values = (predicted[:, column], table.va[:, column])
            rows.append(_row(source, name, dimension, *values, table.groups))
    return rows


def ridge_baseline(table: FeatureTable, folds: Sequence[str], *, penalty: float) -> Tensor:
    """Predict each fold by ridge regression on standardised features of the others.

    Args:
        table: features (N, D) and labels.
        folds: (N,) fold of each sample.
        penalty: weight of the squared coefficients, against the sum of squared errors.

    Returns:
        (N, 2) predictions, each from a fit without the sample's fold.
    """
    features, labels = table.features.double(), table.va.double()
    predicted = torch.zeros_like(labels)
    for fold in sorted(set(folds)):
        is_test = torch.tensor([own == fold for own in folds])
        training = features[~is_test]
        mean, deviation = training.mean(0), training.std(0).clamp(min=1e-6)
        centre = labels[~is_test].mean(0)
        weights = fit_ridge(
            (training - mean) / deviation, labels[~is_test] - centre, penalty / len(training)
        )
        predicted[is_test] = (features[is_test] - mean) / deviation @ weights + centre
    return predicted.float()


def _picture_baselines(tables: LiteTables, root: Path) -> Iterator[Row]:
    table = tables.whole_image
    pictures = (read_image_file(path) for path in load_oasis(root).paths)
    pixels = torch.tensor([pixel_statistics(picture) for picture in pictures])
    sources = {
        "ridge, pixel statistics": replace(table, features=pixels),
        "ridge, the tower's features": table,
    }
    for source, features in sources.items():
        penalty = RIDGE_PENALTY * features.features.shape[1]
        predicted = ridge_baseline(features, tables.image_folds, penalty=penalty)
        for name, metrics in va_metrics(predicted, table.va).items():
            yield Row.of(source, SPLIT, "image", name, metrics)


def _row(
    source: str,
    target: str,
    dimension: str,
    predicted: Tensor,
    labels: Tensor,
    groups: Sequence[str],
) -> Row:
    metrics = regression_metrics(predicted, labels)
    intervals = ErrorIntervals.of(predicted, labels, groups)
    return Row.of(source, SPLIT, target, dimension, metrics, intervals)


def _tables_of(data: TrainingData) -> dict[Modality, Table]:
    return {"image": data.image, "music": data.music, "caption": data.caption}


@torch.inference_mode()
def _predict_pairs(model: MMVA, data: TrainingData) -> tuple[Tensor, Tensor, list[str]]:
    """Predict random pairs: the scores, those by Eq. 1, and the themes of their pictures."""
    assert model.config.sigma is not None, "set by training"
    pairs = fixed_pairs(len(data.image), len(data.music), seed=PAIR_SEED)
    image = embed_table(model, "image", data.image)
    music = embed_table(model, "music", data.music)
    caption = embed_table(model, "caption", data.caption)
    predicted = model.predict_similarity(
        image[pairs[:, 0]], music[pairs[:, 1]], caption[pairs[:, 1]]
    )
    target = _target(data, pairs, model.config.sigma)
    return predicted.float().cpu(), target, _themes(data, pairs)


def _target(data: TrainingData, pairs: Tensor, sigma: float) -> Tensor:
    """Return Eq. 1 of the labels of pairs (P, 2)."""
    return matching_score(data.image.va[pairs[:, 0]], data.music.va[pairs[:, 1]], sigma)


def _themes(data: TrainingData, pairs: Tensor) -> list[str]:
    """Return the theme of the picture of each of the pairs (P, 2)."""
    assert data.image.groups is not None, "pictures come with themes"
    return [data.image.groups[row] for row in pairs[:, 0].tolist()]


def _places(folds: Sequence[str], fold: str) -> list[int]:
    return [row for row, other in enumerate(folds) if other == fold]
