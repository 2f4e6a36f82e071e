"""Figures of the recipe of `mmva-lite` on pictures and songs that training never saw.

The model that is shipped has seen every picture and clip of the open sets, so its recipe is judged
by copies: for each fold one is trained on the other folds and predicts this one. No group (theme,
artist) is on both sides.

Letters in shapes: I pictures, M clips, P pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mmva_core.config import Modality
from mmva_core.heads import VA_DIMENSIONS
from mmva_core.lite_data import (
    FOLDS,
    LiteTables,
    load_lite_tables,
    sentence_table,
    with_judgement_alone,
)
from mmva_core.lite_recipe import build_lite, fit_lite
from mmva_core.matching import fixed_pairs, matching_score
from mmva_core.metrics import (
    DIMENSIONS,
    bootstrap_interval,
    pearson,
    regression_metrics,
    va_metrics,
)
from mmva_core.model import MMVA
from mmva_core.music import LiteMusicTower
from mmva_core.music_data import ClipWindows, load_clip_windows
from mmva_core.music_train import MusicRecipe, train_music_tower
from mmva_core.report import Row
from mmva_core.tables import FeatureTable, Table, TrainingData
from mmva_core.train_config import TrainConfig
from mmva_core.validate import PAIR_SEED, embed_table

MusicOfFold = Callable[[str], Tensor]
"""Gives features of the clips (M, V, D) by a tower that did not hear a fold."""
SPLIT = "open sets, 4 folds by theme and artist"
"""Name of the split in tables."""


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
    config: TrainConfig,
    folder: Path,
    *,
    music_of_fold: MusicOfFold | None = None,
    with_similarity: bool = True,
    progress: bool = False,
) -> FoldPredictions:
    """Train a copy of the recipe for each fold and let it predict that fold.

    Args:
        tables: The open sets.
        config: Settings of every copy.
        folder: Runs lie in its sub-folders, one for each fold.
        music_of_fold: Gives the clips' features (M, V, D) by a music tower that did not hear a
            fold; None takes those of `tables` for all, whose tower has heard every clip, so that
            figures of music and similarity say nothing about new songs.
        with_similarity: False leaves the similarity predictor out.
        progress: Show progress bars on stderr.
    """
    folds = {"image": tables.image_folds, "music": tables.music_folds}
    folds["caption"] = folds["music"]
    va: dict[Modality, Tensor] = {
        "image": torch.zeros(len(tables.image), VA_DIMENSIONS),
        "music": torch.zeros(len(tables.music), VA_DIMENSIONS),
        "caption": torch.zeros(len(tables.caption), VA_DIMENSIONS),
    }
    similarities, scores = [], []
    for fold in FOLDS:
        own = tables if music_of_fold is None else tables.with_music(music_of_fold(fold))
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
    root: Path, scratch: Path, config: TrainConfig, *, progress: bool = False
) -> list[Row]:
    """Train copies of the recipe, music towers and all, and measure them on unseen folds.

    Args:
        root: Folder of the open sets.
        scratch: Folder for features and runs.
        config: Settings of every copy.
        progress: Show progress bars on stderr.
    """
    model = build_lite(config.seed)
    tables = load_lite_tables(model, root, scratch, progress=progress)
    windows = load_clip_windows(LiteMusicTower(), root, seed=config.seed, progress=progress)
    unheard = music_of_unheard_folds(windows, tables, seed=config.seed)
    predictions = cross_validate(tables, config, scratch, music_of_fold=unheard, progress=progress)
    return fold_rows(predictions, tables, "recipe of mmva-lite, copies")


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
        "music": tables.music.va,
        "caption": tables.caption.va,
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


def ridge_baseline(table: FeatureTable, folds: Sequence[str], *, strength: float = 1e4) -> Tensor:
    """Predict each fold by ridge regression on standardised features of the others.

    Args:
        table: Features (N, D) and labels.
        folds: (N,) fold of each sample.
        strength: Weight of the squared coefficients.

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


def music_of_unheard_folds(windows: ClipWindows, tables: LiteTables, *, seed: int) -> MusicOfFold:
    """Train a music tower for each fold on the clips of the others.

    The keyboard expert is left out: no clip of the folds needs it.

    Args:
        windows: Windows of the clips in `tables`, as the music tower is trained on them.
        tables: Say which clip is in which fold.
        seed: Of the towers' training.

    Returns:
        What `cross_validate` wants as `music_of_fold`.
    """
    rows = _view_rows(windows.clips, tables.music.ids)
    fold_of = dict(zip(tables.music.ids, tables.music_folds, strict=True))

    def features(fold: str) -> Tensor:
        is_known = [fold_of[clip.split("/", 1)[1]] != fold for clip in windows.clips]
        tower = train_music_tower(windows.select(is_known), None, MusicRecipe(seed=seed))
        with torch.no_grad():
            encoded = tower.encode_statistics(windows.statistics[:, 0])
        return with_judgement_alone(encoded[rows])

    return features


def _view_rows(clips: Sequence[str], ids: Sequence[str]) -> Tensor:
    """Give (M, V) rows of each clip's middle, first and last window."""
    rows_of: dict[str, list[int]] = {}
    for row, clip in enumerate(clips):
        rows_of.setdefault(clip.split("/", 1)[1], []).append(row)
    return torch.tensor(
        [[rows_of[i][len(rows_of[i]) // 2], rows_of[i][0], rows_of[i][-1]] for i in ids]
    )


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
