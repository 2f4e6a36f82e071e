"""F-score of summaries and rank correlation of scores: pure functions of arrays.

Letters: N frames, U users (references), S summaries or scorings that are compared with them.

The F-score follows Zhang et al. 2016 (DOI 10.1007/978-3-319-46478-7_47) in frames; rank
correlation follows Otani et al. 2019 (DOI 10.1109/CVPR.2019.00778): Kendall's tau-b and
Spearman's rho over the frames, ties included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau, rankdata

MAX_LEVELS = 100
"""Above so many distinct reference values tau-b goes user by user through scipy instead."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Overlap:
    """How summaries agree with references, each array (S, U) in [0, 1]."""

    precision: FloatArray
    """Share of the summary's frames that the reference has, too."""
    recall: FloatArray
    """Share of the reference's frames that the summary has, too."""
    f_score: FloatArray
    """Harmonic mean of the two."""


def compare_summaries(summaries: ArrayLike, references: ArrayLike) -> Overlap:
    """Measure the overlap of every summary with every reference.

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


class RankReference:
    """The users' frame values, prepared for correlating many scorings with them.

    Where a coefficient is undefined because one side is constant it counts as 0: such scores
    order nothing (our choice; scipy returns NaN).
    """

    def __init__(self, references: ArrayLike) -> None:
        """Rank the references once.

        Args:
            references: (U, N) or (N,) values of the users.
        """
        self.values = np.atleast_2d(np.asarray(references, dtype=np.float64))
        self._levels = rankdata(self.values, method="dense", axis=1).astype(np.int32) - 1
        self._num_levels = int(self._levels.max(initial=0)) + 1
        self._z = _standardised_ranks(self.values)

    def kendall(self, scores: ArrayLike) -> FloatArray:
        """Return Kendall's tau-b of `scores` (N,) with each user, (U,) in [-1, 1].

        >>> RankReference([[1, 2, 3], [3, 2, 1]]).kendall([0.1, 0.2, 0.3])
        array([ 1., -1.])
        """
        scores = self._checked(scores)
        if self._num_levels > MAX_LEVELS:
            return np.array([_scipy_tau(scores, user) for user in self.values])
        order = np.argsort(scores, kind="stable")
        ties = _TieGroups.of_sorted(scores[order])
        levels = self._levels[:, order]
        difference = sum(
            (_net_concordance(levels, level, ties) for level in range(1, self._num_levels)),
            start=np.zeros(len(levels), dtype=np.int64),
        )
        counts = np.stack([(levels == level).sum(axis=1) for level in range(self._num_levels)], 1)
        return _tau_b(difference, ties.num_tied_pairs, _num_pairs(counts), levels.shape[1])

    def spearman(self, scores: ArrayLike) -> FloatArray:
        """Return Spearman's rho of `scores` (N,) with each user, (U,) in [-1, 1].

        >>> RankReference([[1, 2, 3], [3, 2, 1]]).spearman([0.1, 0.2, 0.3]).round(12)
        array([ 1., -1.])
        """
        rho: FloatArray = self._z @ _standardised_ranks(self._checked(scores)[None])[0]
        return _clipped(rho)

    def kendall_between_users(self) -> FloatArray:
        """Return tau-b of every user with every user, (U, U); the diagonal is 1."""
        if self._num_levels > MAX_LEVELS:
            return np.stack([self.kendall(user) for user in self.values])
        levels, weights = _runs_of_columns(self._levels)
        one_hot = (levels[:, None, :] == np.arange(self._num_levels)[:, None]).astype(np.float64)
        flat = one_hot.reshape(-1, levels.shape[1])
        joint = np.rint((flat * weights) @ flat.T).astype(np.int64)
        shape = (len(levels), self._num_levels) * 2
        return _tau_from_tables(joint.reshape(shape).transpose(0, 2, 1, 3))

    def spearman_between_users(self) -> FloatArray:
        """Return rho of every user with every user, (U, U)."""
        rho: FloatArray = self._z @ self._z.T
        return _clipped(rho)

    def _checked(self, scores: ArrayLike) -> FloatArray:
        array = np.asarray(scores, dtype=np.float64)
        if array.shape != self.values.shape[1:]:
            raise ValueError(
                f"scores have shape {array.shape}, references {self.values.shape[1]} frames"
            )
        return array


@dataclass(frozen=True)
class _TieGroups:
    """Frames of equal score, in ascending order of the scores."""

    starts: IntArray
    """(N,) position at which the group of each frame begins."""
    ends: IntArray
    """(N,) position after the last frame of its group."""
    num_tied_pairs: int
    """Pairs of frames inside groups."""

    @classmethod
    def of_sorted(cls, scores: FloatArray) -> _TieGroups:
        first = np.flatnonzero(np.diff(scores, prepend=-np.inf))
        sizes = np.diff(first, append=len(scores))
        return cls(
            np.repeat(first, sizes),
            np.repeat(first + sizes, sizes),
            int(_num_pairs(sizes[None])[0]),
        )


def _net_concordance(levels: NDArray[np.int32], level: int, ties: _TieGroups) -> IntArray:
    """Concordant less discordant pairs between frames at `level` and frames below it, (U,).

    `levels` (U, N) is in ascending order of the scores. A frame at the level is concordant with
    the lower frames before its tie group, discordant with those after it.
    """
    lower = np.zeros((len(levels), levels.shape[1] + 1), dtype=np.int32)
    np.cumsum(levels < level, axis=1, out=lower[:, 1:])
    if ties.num_tied_pairs:
        balance = lower[:, ties.starts] + lower[:, ties.ends] - lower[:, -1:]
    else:
        balance = lower[:, :-1] + lower[:, 1:] - lower[:, -1:]
    net: IntArray = np.where(levels == level, balance, 0).sum(axis=1, dtype=np.int64)
    return net


def _tau_b(
    difference: IntArray, tied_first: IntArray | int, tied_second: IntArray, num_frames: int
) -> FloatArray:
    """Divide (C - D) by sqrt((n0 - n1)(n0 - n2)); n0 all pairs, n1 and n2 the tied ones."""
    pairs = num_frames * (num_frames - 1) // 2
    free_first, free_second = np.broadcast_arrays(pairs - tied_first, pairs - tied_second)
    scale = np.sqrt(free_first.astype(np.float64)) * np.sqrt(free_second.astype(np.float64))
    tau = np.divide(difference, scale, out=np.zeros_like(scale), where=scale > 0)
    return _clipped(tau)


def _tau_from_tables(tables: IntArray) -> FloatArray:
    """Compute tau-b from contingency tables (U, U, L, L) whose rows and columns are in order.

    A pair of frames is concordant when one cell lies above and to the left of the other,
    discordant when it lies above and to the right.
    """
    above_left = np.zeros_like(tables)
    above_left[..., 1:, 1:] = tables[..., :-1, :-1].cumsum(axis=-2).cumsum(axis=-1)
    above = np.zeros_like(tables)
    above[..., 1:, :] = tables[..., :-1, :].cumsum(axis=-2)
    above_right = above.sum(axis=-1, keepdims=True) - above.cumsum(axis=-1)
    difference = (tables * (above_left - above_right)).sum(axis=(-2, -1))
    num_frames = int(tables[0, 0].sum())
    tied_rows, tied_columns = _num_pairs(tables.sum(axis=-1)), _num_pairs(tables.sum(axis=-2))
    return _tau_b(difference, tied_rows, tied_columns, num_frames)


def _runs_of_columns(levels: NDArray[np.int32]) -> tuple[NDArray[np.int32], IntArray]:
    """Merge equal neighbouring columns: the columns that remain, and how often each stood."""
    changed = np.concatenate([[True], (np.diff(levels, axis=1) != 0).any(axis=0)])
    starts = np.flatnonzero(changed)
    return levels[:, starts], np.diff(starts, append=levels.shape[1])


def _num_pairs(counts: IntArray) -> IntArray:
    pairs: IntArray = (counts * (counts - 1) // 2).sum(axis=-1)
    return pairs


def _standardised_ranks(values: FloatArray) -> FloatArray:
    """Average ranks of each row, centred and of length 1 (all zero where the row is constant)."""
    ranks: FloatArray = rankdata(values, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    norms: FloatArray = np.linalg.norm(ranks, axis=1, keepdims=True)
    norms[norms == 0] = 1.0
    return ranks / norms


def _clipped(coefficients: FloatArray) -> FloatArray:
    """Take off what rounding puts outside [-1, 1]."""
    clipped: FloatArray = np.clip(coefficients, -1.0, 1.0)
    return clipped


def _scipy_tau(scores: FloatArray, user: FloatArray) -> float:
    return float(np.nan_to_num(kendalltau(scores, user).statistic))
