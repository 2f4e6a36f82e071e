"""What an evaluation depends on, and what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from eval.datasets import BoolArray, FloatArray
from eval.protocol.published import PublishedFigure
from eval.protocol.scores import ScoresUnit
from eval.protocol.selection import Ties
from eval.protocol.shots import ProtocolName

NUM_SEEDS = 20
MEASURES = ("f_mean", "f_max", "precision", "recall", "tau", "rho")
HEADLINE = {"tvsum": "f_mean", "summe": "f_max"}
"""The F-score that the literature reports for the data set: mean or maximum over the users."""
METHOD = "method"
BASELINES = ("random", "uniform", "human", "oracle")
RankOrder = Literal["each-user", "mean-user"]
RANK_ORDERS: tuple[RankOrder, ...] = get_args(RankOrder)


@dataclass(frozen=True)
class EvaluationSettings:
    """What the figures depend on besides the data.

    Raises:
        ValueError: there are no seeds.
    """

    protocol: ProtocolName = "uniform-2s"
    """Where the shots come from."""
    scores_unit: ScoresUnit = "auto"
    """What one score stands for."""
    rank_order: RankOrder = "each-user"
    """Correlate with each user and average, or with the mean of the users."""
    ties: Ties = "earlier"
    """Which of equally good shots the knapsack takes."""
    num_seeds: int = NUM_SEEDS
    """Random scorings per video."""
    seed: int = 0
    """First seed of the random scores, and the seed of random shots."""

    def __post_init__(self) -> None:
        if self.num_seeds < 1:
            raise ValueError(f"num_seeds must be at least 1, got {self.num_seeds}")


@dataclass(frozen=True, eq=False)
class VideoResult:
    """The figures of one video."""

    video_id: str
    """The video."""
    category: str | None
    """TVSum's category."""
    num_frames: int
    """Its length."""
    num_shots: int
    """Shots under the protocol."""
    num_users: int
    """Users it is compared with."""
    measures: Mapping[str, FloatArray] = field(repr=False)
    """Scorer -> (len(MEASURES),), NaN where a measure does not exist."""
    runs: Mapping[str, FloatArray] = field(repr=False)
    """Scorer -> (R, len(MEASURES)) of its R scorings, whose mean is in `measures`."""
    num_rebuilt_equal: int | None = None
    """Published user summaries that the recipe gives bit for bit; None where not comparable."""
    is_budget_unfit: bool = False
    """Whether every shot is longer than the summary may be, so that all summaries are empty."""
    scores_unit: str | None = None
    """What one given score stood for."""
    summary: BoolArray | None = field(default=None, repr=False)
    """(num_frames,) the method's summary."""
    has_negative_shots: bool = False
    """Whether a shot of the method has a negative value, which no knapsack takes."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All figures of one data set under one protocol."""

    benchmark: str
    """"tvsum" or "summe"."""
    settings: EvaluationSettings
    """What they depend on."""
    shots_label: str
    """The protocol in words, with the source of its shots."""
    method: str | None
    """Name of the evaluated method, None where only the baselines ran."""
    videos: tuple[VideoResult, ...]
    """One result per video."""
    notes: tuple[str, ...] = ()
    """What a reader must know."""
    published: tuple[PublishedFigure, ...] = ()
    """The literature's figures for this data set under this protocol."""
    cues: tuple[str, ...] = ()
    """Names of the scorers that stand beside the method, in the order of the table."""

    @property
    def scorers(self) -> tuple[str, ...]:
        """The rows of the table: the method, its cues, the baselines."""
        present = {name for video in self.videos for name in video.measures}
        return tuple(s for s in (METHOD, *self.cues, *BASELINES) if s in present)

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that occur, in order of appearance."""
        return tuple(dict.fromkeys(v.category for v in self.videos if v.category is not None))

    def values(self, scorer: str, measure: str, *, category: str | None = None) -> FloatArray:
        """Return a measure of the videos that have the scorer, of one category or of all.

        A cue may be missing in a video, as loudness in a silent one.
        """
        column = MEASURES.index(measure)
        videos = [v for v in self.videos if category in (None, v.category)]
        found = [v.measures[scorer][column] for v in videos if scorer in v.measures]
        return np.array(found, dtype=np.float64)

    def spread(self, scorer: str, measure: str) -> float | None:
        """Return the standard deviation, over runs, of a scorer's mean over videos.

        None where the scorer has one run, or not equally many for every video.
        """
        column = MEASURES.index(measure)
        runs = [v.runs[scorer][:, column] for v in self.videos if scorer in v.runs]
        if len({len(row) for row in runs}) > 1 or len(runs[0]) < 2:
            return None
        return float(np.stack(runs).mean(axis=0).std(ddof=1))
