"""Cross-validate the music tower on held-out artists and game series.

The tower is trained for every fold; artists and series stay whole. Ridge regressions on the same
folds serve as baselines. 4QAED is measured by the area under the ROC curve, Emotify by Pearson's r,
both over clips (the mean of a clip's windows); VGMIDI by Spearman's rho over the bars of a piece,
averaged over pieces, since a summary ranks the passages of one recording.

Letters in shapes: N windows, P items (clips or pieces), S statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor
from tqdm import tqdm

from mmva_core.lite import (
    SLIDER_DELAYS_SECONDS,
    ClipWindows,
    MusicRecipe,
    PieceWindows,
    centre_by_piece,
    train_music_tower,
)
from mmva_core.ridge import fit_ridge
from mmva_core.train import area_under_curve, bootstrap_interval, pearson

NUM_FOLDS = 10
NUM_DRAWS = 1000
DIMENSIONS = ("valence", "arousal")
RIDGE_PENALTY = 0.3
LEVEL_COLUMN = 0
"""Column of the mean level in the statistics."""
MIDDLE_DELAY = SLIDER_DELAYS_SECONDS.index(4.0)
"""Index of the delay of 4 s in the delayed windows of VGMIDI."""

Array = NDArray[np.float64]
Predictor = Callable[[ClipWindows, PieceWindows], Callable[[Tensor], Tensor]]
"""Fits on windows; returns the function from statistics (N, S) to valence and arousal (N, 2)."""


@dataclass(frozen=True)
class MusicFigure:
    """One figure of one predictor on held-out groups."""

    predictor: str
    """Name of the predictor."""
    judged_on: str
    """Data set, and its part."""
    measure: str
    """"AUC", "Pearson r" or "rho within pieces"."""
    dimension: str
    """ "valence" or "arousal"."""
    value: float
    """The figure; a constant predictor has AUC 0.5 and correlations of 0."""
    low: float
    """Lower end of the 95 % bootstrap interval over artists, or pieces of VGMIDI."""
    high: float
    """Upper end of the 95 % bootstrap interval."""


def evaluate_folds(
    clips: ClipWindows,
    pieces: PieceWindows,
    recipe: MusicRecipe | None = None,
    *,
    num_folds: int = NUM_FOLDS,
    num_draws: int = NUM_DRAWS,
    progress: bool = False,
) -> list[MusicFigure]:
    """Measure tower and baselines on held-out groups.

    Args:
        clips: windows of 4QAED and Emotify.
        pieces: windows of VGMIDI.
        recipe: settings of the towers.
        num_folds: number of folds of artists, and of series.
        num_draws: number of bootstrap resamples.
        progress: show a progress bar on stderr.

    Returns:
        Figures by data set, dimension and predictor; the tower comes last.
    """
    recipe = recipe or MusicRecipe()
    predictors: dict[str, Predictor] = {
        "level alone": _level_alone,
        "ridge on the statistics": _ridge,
        "music tower": lambda some_clips, some_pieces: _tower(some_clips, some_pieces, recipe),
    }
    folds = _Folds.deal(clips, pieces, num_folds)
    figures: list[MusicFigure] = []
    for name, fit in tqdm(predictors.items(), desc="music folds", disable=not progress):
        predicted = folds.predict(fit, clips, pieces)
        figures += _figures(name, predicted, clips, pieces, num_draws)
    return sorted(figures, key=lambda figure: (figure.judged_on, figure.dimension))


def music_text(figures: Sequence[MusicFigure]) -> str:
    """Write figures as an aligned table."""
    return "\n".join(
        f"{figure.judged_on:<34}{figure.dimension:<9}{figure.measure:<18}{figure.predictor:<24}"
        f"{figure.value:6.3f}  [{figure.low:.3f}, {figure.high:.3f}]"
        for figure in figures
    )


def deal_groups(groups: Sequence[str], num_folds: int) -> NDArray[np.intp]:
    """Assign groups to folds of about equal size, the largest first.

    Args:
        groups: (N,) group of each sample.
        num_folds: number of folds.

    Returns:
        (N,) fold of each sample, from 0.

    >>> deal_groups(["a", "a", "a", "b", "c"], 2).tolist()
    [0, 0, 0, 1, 1]
    """
    names, member, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    load = np.zeros(num_folds)
    fold = np.zeros(len(names), dtype=np.intp)
    for index in np.argsort(-sizes, kind="stable"):
        fold[index] = int(load.argmin())
        load[fold[index]] += sizes[index]
    return np.asarray(fold[member])


def correlations_within(predicted: Array, labels: Array, pieces: NDArray[np.intp]) -> Array:
    """Return Spearman's rho over the bars of each piece.

    Args:
        predicted: (N,).
        labels: (N,).
        pieces: (N,) number of the piece.

    Returns:
        (P,) one for each piece in which the label varies; 0 where the prediction does not.
    """
    values = []
    for piece in np.unique(pieces):
        rows = pieces == piece
        if np.ptp(labels[rows]) > 0:
            rho = pearson(rankdata(predicted[rows]), rankdata(labels[rows]))
            values.append(0.0 if np.isnan(rho) else rho)
    return np.asarray(values)


@dataclass(frozen=True, eq=False)
class _HeldOutPredictions:
    """Predictions for windows of held-out groups, (N, 2) each."""

    clips: Array
    centred: Array
    delayed: Array


@dataclass(frozen=True, eq=False)
class _Folds:
    clips: NDArray[np.intp]
    pieces: NDArray[np.intp]

    @classmethod
    def deal(cls, clips: ClipWindows, pieces: PieceWindows, num_folds: int) -> _Folds:
        return cls(deal_groups(clips.groups, num_folds), deal_groups(pieces.groups, num_folds))

    def predict(
        self, fit: Predictor, clips: ClipWindows, pieces: PieceWindows
    ) -> _HeldOutPredictions:
        predicted = _HeldOutPredictions(
            *(np.zeros((len(part), 2)) for part in (self.clips, self.pieces, self.pieces))
        )
        for fold in np.unique(np.concatenate([self.clips, self.pieces])):
            of_clips, of_pieces = self.clips == fold, self.pieces == fold
            predict = fit(clips.select((~of_clips).tolist()), pieces.select((~of_pieces).tolist()))
            predicted.clips[of_clips] = predict(clips.statistics[of_clips, 0])
            predicted.centred[of_pieces] = predict(pieces.centred[of_pieces])
            predicted.delayed[of_pieces] = predict(pieces.delayed[of_pieces, MIDDLE_DELAY])
        return predicted


def _figures(
    name: str,
    predicted: _HeldOutPredictions,
    clips: ClipWindows,
    pieces: PieceWindows,
    num_draws: int,
) -> Iterable[MusicFigure]:
    items, first, member = np.unique(clips.clips, return_index=True, return_inverse=True)
    counts = np.bincount(member)
    sets = np.asarray([item.split("/")[0] for item in items])
    groups = np.asarray(clips.groups)[first]
    measures = {"4qaed": ("AUC", area_under_curve), "emotify": ("Pearson r", pearson)}
    for index, dimension in enumerate(DIMENSIONS):
        mean = np.bincount(member, predicted.clips[:, index]) / counts
        labels = clips.z_scores[:, index].numpy().astype(np.float64)[first]
        for name_of_set, (measure, statistic) in measures.items():
            rows = sets == name_of_set
            value = statistic(labels[rows], mean[rows])
            interval = bootstrap_interval(
                statistic,
                labels[rows],
                mean[rows],
                groups=groups[rows].tolist(),
                num_draws=num_draws,
            )
            yield MusicFigure(name, name_of_set, measure, dimension, value, *interval)
        numbers = pieces.pieces.numpy()
        of_bars = pieces.labels[:, index].numpy().astype(np.float64)
        for part, where in (
            (predicted.centred, "vgmidi, window round the bar"),
            (predicted.delayed, "vgmidi, window 4 s before the bar"),
        ):
            rho = correlations_within(part[:, index], of_bars, numbers)
            interval = bootstrap_interval(_average, rho, num_draws=num_draws)
            yield MusicFigure(name, where, "rho within pieces", dimension, _average(rho), *interval)


def _average(values: Array) -> float:
    return float(values.mean())


def _tower(
    clips: ClipWindows, pieces: PieceWindows, recipe: MusicRecipe
) -> Callable[[Tensor], Tensor]:
    tower = train_music_tower(clips, pieces, recipe)
    return lambda raw: tower.encode_statistics(raw)[:, :2]


def _ridge(clips: ClipWindows, pieces: PieceWindows) -> Callable[[Tensor], Tensor]:
    return _ridge_on(clips, pieces, slice(None))


def _level_alone(clips: ClipWindows, pieces: PieceWindows) -> Callable[[Tensor], Tensor]:
    return _ridge_on(clips, pieces, slice(LEVEL_COLUMN, LEVEL_COLUMN + 1))


def _ridge_on(
    clips: ClipWindows, pieces: PieceWindows, columns: slice
) -> Callable[[Tensor], Tensor]:
    """Fit one ridge regression to both: labels of clips, and changes within pieces."""
    raw = clips.statistics[:, 0, columns]
    mean, scale = raw.mean(0), raw.std(0) + 1e-4

    def standardize(values: Tensor) -> Tensor:
        return ((values - mean) / scale).clamp(-4, 4)

    changes = centre_by_piece(standardize(pieces.delayed[:, MIDDLE_DELAY, columns]), pieces.pieces)
    labels = centre_by_piece(pieces.labels, pieces.pieces)
    inputs = torch.cat([standardize(raw) - standardize(raw).mean(0), changes])
    targets = torch.cat([clips.z_scores - clips.z_scores.mean(0), labels / labels.std(0)])
    weights = torch.cat(
        [clips.weights / clips.weights.sum(), torch.full((len(changes),), 1 / len(changes))]
    )
    weight = fit_ridge(inputs, targets, RIDGE_PENALTY, weights).to(torch.float32)
    return lambda values: standardize(values[:, columns]) @ weight
