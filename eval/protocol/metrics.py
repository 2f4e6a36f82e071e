"""F-score of summaries (Eq. 5) and rank correlation of scores: pure functions of arrays.

Letters: N frames, U users (references), S summaries that are compared with them, K runs of frames
that every user scores alike.

The F-score, Eq. 5 of the MMVA paper, follows Zhang et al. 2016 (DOI 10.1007/978-3-319-46478-7_47)
in frames; rank correlation follows Otani et al. 2019 (DOI 10.1109/CVPR.2019.00778): Kendall's
tau-b and Spearman's rho over the frames, ties included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from eval.datasets import FloatArray, IntArray

MAX_RUNS = 1000
"""Above so many runs of equal frames tau-b is left to scipy: the tables of pairs grow too large."""
BLOCK = 24
"""Frames whose pairs are counted one by one; pairs of two blocks are counted by their totals."""


@dataclass(frozen=True)
class Overlap:
    """How summaries agree with references, each array (S, U) in [0, 1]."""

    precision: FloatArray
    """Share of the summary's frames that the reference has, too."""
    recall: FloatArray
    """Share of the reference's frames that the summary has, too."""
    f_score: FloatArray
    """Eq. 5: 2 * precision * recall / (precision + recall)."""


def compare_summaries(summaries: ArrayLike, references: ArrayLike) -> Overlap:
    """Measure the overlap of every summary with every reference: F-score (Eq. 5) and its parts.

    An empty summary scores 0 against everything, another empty one included: it shows nothing.

    Args:
        summaries: (S, N) or (N,), true where a frame is in the summary.
        references: (U, N) or (N,), the same for the users.

    Raises:
        ValueError: the two have different numbers of frames.

    >>> compare_summaries([1, 1, 0, 0], [0, 1, 1, 1]).f_score.round(3)
    array([[0.4]])
    """
    first, second = (np.atleast_2d(np.asarray(a, dtype=bool)) for a in (summaries, references))
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"summaries have {first.shape[1]} frames, references {second.shape[1]}: "
            "both must cover the same video"
        )
    # float32 holds whole numbers exactly up to 2**24 frames, six days of video.
    shared = (first.astype(np.float32) @ second.astype(np.float32).T).astype(np.float64)
    size = first.sum(1, dtype=np.float64)[:, None]
    reference_size = second.sum(1, dtype=np.float64)[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = (shared / size, shared / reference_size, 2 * shared / (size + reference_size))
    precision, recall, f_score = (np.nan_to_num(part) for part in parts)
    return Overlap(precision, recall, f_score)


@dataclass(frozen=True)
class Correlation:
    """Rank correlations in [-1, 1] with each user.

    Where a coefficient is undefined because one side is constant it counts as 0: such scores
    order nothing (our choice; scipy returns NaN).
    """

    tau: FloatArray
    """Kendall's tau-b."""
    rho: FloatArray
    """Spearman's rho."""


class RankReference:
    """The users' frame values, prepared for correlating many scorings with them.

    Tau-b is the sum over all pairs of frames of sign(score difference) * sign(user's difference),
    divided by sqrt(pairs untied in the scores * pairs untied for the user). Users score clips, so
    the frames fall into K runs within which every user is constant, and a user's sign of a pair
    depends on its two runs alone. A scoring is therefore sorted once and reduced to a table of K
    by K counts, which serves all users.

    Why not scipy: the 50 videos of TVSum, 20 users and 20 random scorings each, take 3 CPU seconds
    here and 36 with `scipy.stats.kendalltau` for each pair; the figures are equal to rounding.
    """

    def __init__(self, references: ArrayLike) -> None:
        """Rank the references once.

        Args:
            references: (U, N) or (N,) values of the users.
        """
        self.values = np.atleast_2d(np.asarray(references, dtype=np.float64))
        starts, self._run_of_frame = _runs_of_columns(self.values)
        self._num_runs = len(starts)
        runs, sizes = self.values[:, starts], np.bincount(self._run_of_frame).astype(np.float64)
        ranks = np.stack([_ranks_of_runs(row, sizes) for row in runs])
        self._z = _standardised(ranks[:, self._run_of_frame])
        if self._num_runs > MAX_RUNS:
            return
        self._pairs = np.triu_indices(self._num_runs, 1)
        first, second = self._pairs
        self._signs = np.sign(runs[:, second] - runs[:, first])
        self._num_frame_pairs = sizes[first] * sizes[second]
        self._num_untied = (self._signs**2) @ self._num_frame_pairs

    def correlate(self, scores: ArrayLike) -> Correlation:
        """Correlate scorings with each user.

        Args:
            scores: (N,) or, for several scorings, (R, N).

        Returns:
            Coefficients (U,) or (R, U).

        Raises:
            ValueError: scores and references have different numbers of frames.

        >>> RankReference([[1, 2, 3], [3, 2, 1]]).correlate([0.1, 0.2, 0.3]).tau
        array([ 1., -1.])
        """
        array = np.asarray(scores, dtype=np.float64)
        num_users, num_frames = self.values.shape
        if array.shape[-1] != num_frames:
            raise ValueError(f"scores have shape {array.shape}, references {num_frames} frames")
        rows = np.atleast_2d(array)
        ordered = [_Order.of(row) for row in rows]
        rho = _standardised(np.stack([order.ranks for order in ordered])) @ self._z.T
        if self._num_runs > MAX_RUNS:
            tau = np.array([[_scipy_tau(row, user) for user in self.values] for row in rows])
        else:
            tau = self._tau(ordered)
        shape = (*array.shape[:-1], num_users)
        return Correlation(_clipped(tau).reshape(shape), _clipped(rho).reshape(shape))

    def correlate_users(self) -> Correlation:
        """Correlate every user with every user, (U, U); the diagonal is 1."""
        if self._num_runs > MAX_RUNS:
            rows = [self.correlate(user).tau for user in self.values]
            return Correlation(np.stack(rows), _clipped(self._z @ self._z.T))
        difference = (self._signs * self._num_frame_pairs) @ self._signs.T
        scale = np.sqrt(np.outer(self._num_untied, self._num_untied))
        return Correlation(_ratio(difference, scale), _clipped(self._z @ self._z.T))

    def _tau(self, ordered: Sequence[_Order]) -> FloatArray:
        net = np.stack([self._net_order(order) for order in ordered])
        untied = np.array([order.num_untied_pairs for order in ordered])
        return _ratio(net @ self._signs.T, np.sqrt(np.outer(untied, self._num_untied)))

    def _net_order(self, order: _Order) -> FloatArray:
        """Return, for each pair of runs, pairs of frames in order less those out of it, (P,)."""
        precedes = self._count_preceding(order.frames)
        if order.has_ties:
            # A tied pair is in order one way round and out of it the other: it cancels.
            precedes += self._count_preceding(order.frames_ties_reversed)
            precedes /= 2
        net: FloatArray = (precedes - precedes.T)[self._pairs]
        return net

    def _count_preceding(self, frames: IntArray) -> FloatArray:
        """Count the pairs of frames in which one of run a precedes one of run b, (K, K).

        frames by score:      . . . . | . . . . | . . . .    blocks
        pair of two blocks:   frames of a before the block, times frames of b in it
        pair in one block:    one by one
        """
        num_runs, num_blocks = self._num_runs + 1, -(-len(frames) // BLOCK)
        runs = np.full(num_blocks * BLOCK, self._num_runs)  # a run of its own fills the last block
        runs[: len(frames)] = self._run_of_frame[frames]
        cells = np.arange(len(runs)) // BLOCK * num_runs + runs
        inside = np.bincount(cells, minlength=num_blocks * num_runs).astype(np.float64)
        inside = inside.reshape(num_blocks, num_runs)
        before = inside.cumsum(axis=0) - inside
        # One row per place in a block: rows are contiguous, which makes picking pairs cheap.
        places = np.ascontiguousarray(runs.reshape(num_blocks, BLOCK).T)
        first, second = np.triu_indices(BLOCK, 1)
        pairs = (places[first] * num_runs + places[second]).ravel()
        one_by_one = np.bincount(pairs, minlength=num_runs**2).reshape(num_runs, num_runs)
        precedes: FloatArray = before.T @ inside + one_by_one
        return precedes[:-1, :-1]


@dataclass(frozen=True)
class _Order:
    """Scores, sorted once for both coefficients."""

    frames: IntArray
    """(N,) frames by ascending score, ties in any order."""
    starts: IntArray
    """(N,) position at which the tie group of each position begins."""
    ends: IntArray
    """(N,) position after the last of its tie group."""

    @classmethod
    def of(cls, scores: FloatArray) -> _Order:
        frames = np.argsort(scores)
        ascending = scores[frames]
        first = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
        sizes = np.diff(first, append=len(scores))
        return cls(frames, np.repeat(first, sizes), np.repeat(first + sizes, sizes))

    @property
    def has_ties(self) -> bool:
        return bool((self.ends - self.starts > 1).any())

    @property
    def ranks(self) -> FloatArray:
        """(N,) rank of each frame; of tied frames the mean rank."""
        ranks = np.empty(len(self.frames))
        # A group [start, end) has the ranks start + 1 to end, whose mean all its frames get.
        ranks[self.frames] = (self.starts + self.ends + 1) / 2
        return ranks

    @property
    def frames_ties_reversed(self) -> IntArray:
        # Position p of a tie group [start, end) goes to start + end - 1 - p:
        #
        #     position    0 | 1 2 3 | 4      tie group [1, 4)
        #     mirrored    0 | 3 2 1 | 4
        mirrored = self.starts + self.ends - 1 - np.arange(len(self.frames))
        frames: IntArray = self.frames[mirrored]
        return frames

    @property
    def num_untied_pairs(self) -> float:
        # Each position counts those after its tie group.
        return float((len(self.frames) - self.ends).sum())


def _runs_of_columns(values: FloatArray) -> tuple[IntArray, IntArray]:
    """Merge equal neighbouring columns: the first frame of each run, and the run of each frame."""
    changed = np.append(True, (values[:, 1:] != values[:, :-1]).any(axis=0))
    return np.flatnonzero(changed), np.cumsum(changed) - 1


def _ranks_of_runs(values: FloatArray, sizes: FloatArray) -> FloatArray:
    """Return the mean rank of the frames of each run, (K,), given its value and its size."""
    order = np.argsort(values)
    ascending = values[order]
    first = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
    num_tied = np.add.reduceat(sizes[order], first)
    # A group of T tied frames behind B others has the ranks B + 1 to B + T.
    mean_ranks = np.cumsum(num_tied) - (num_tied - 1) / 2
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(mean_ranks, np.diff(first, append=len(values)))
    return ranks


def _standardised(ranks: FloatArray) -> FloatArray:
    """Centre each row and bring it to length 1; a constant row becomes zero."""
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    norms: FloatArray = np.linalg.norm(centred, axis=1, keepdims=True)
    norms[norms == 0] = 1.0
    standardised: FloatArray = centred / norms
    return standardised


def _ratio(difference: FloatArray, scale: FloatArray) -> FloatArray:
    return _clipped(np.divide(difference, scale, out=np.zeros_like(scale), where=scale > 0))


def _clipped(coefficients: FloatArray) -> FloatArray:
    """Take off what rounding puts outside [-1, 1]."""
    clipped: FloatArray = np.clip(coefficients, -1.0, 1.0)
    return clipped


def _scipy_tau(scores: FloatArray, user: FloatArray) -> float:
    from scipy.stats import kendalltau  # here, since few videos need what loads slowly

    return float(np.nan_to_num(kendalltau(scores, user).statistic))
