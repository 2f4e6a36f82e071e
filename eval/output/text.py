"""Print an evaluation as text: one table over all, one per category, one per video.

F-scores, precision and recall are in percent, as the literature prints them; rank correlations
are plain. "-" stands where a measure does not exist: even spacing gives no scores to rank.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval.datasets import FloatArray
from eval.protocol import CONFIDENCE, HEADLINE, MEASURES, METHOD, Evaluation, bootstrap_mean

TITLES = {
    "f_mean": "F mean",
    "f_max": "F max",
    "precision": "precision",
    "recall": "recall",
    "tau": "tau",
    "rho": "rho",
}
NAMES = {"tvsum": "TVSum", "summe": "SumMe"}
RANKS = ("tau", "rho")


def format_evaluation(evaluation: Evaluation, *, with_videos: bool = True) -> str:
    """Return the whole text: heading, overall table, categories, videos, notes."""
    parts = [_heading(evaluation), _overall(evaluation)]
    if len(evaluation.categories) > 1:
        parts.append(_by_category(evaluation))
    if with_videos:
        parts.append(_by_video(evaluation))
    parts.append(_remarks(evaluation))
    return "\n\n".join(part for part in parts if part)


def describe_ties(evaluation: Evaluation) -> str:
    """Return the tie rule in words."""
    return f"among equally good selections, the {evaluation.settings.ties} shots"


def name_scorer(evaluation: Evaluation, scorer: str) -> str:
    """Return what a scorer is called in a table."""
    if scorer == METHOD:
        return evaluation.method or METHOD
    if scorer == "random":
        return f"random ({evaluation.settings.num_seeds} seeds)"
    num_videos = sum(scorer in video.measures for video in evaluation.videos)
    if num_videos < len(evaluation.videos):
        return f"{scorer} ({num_videos} video{'s' * (num_videos > 1)})"
    return scorer


def _heading(evaluation: Evaluation) -> str:
    users = sorted({video.num_users for video in evaluation.videos})
    spread = f"{users[0]}" if len(users) == 1 else f"{users[0]} to {users[-1]}"
    return (
        f"{NAMES[evaluation.benchmark]}, {len(evaluation.videos)} videos, {spread} users each\n"
        f"protocol: {evaluation.shots_label}"
    )


def _overall(evaluation: Evaluation) -> str:
    header = ["", *(_title(evaluation, measure) for measure in MEASURES)]
    rows = []
    for scorer in evaluation.scorers:
        cells = [_with_interval(evaluation, scorer, measure) for measure in MEASURES]
        rows.append([name_scorer(evaluation, scorer), *cells])
        if scorer == METHOD:
            cells = [_difference(evaluation, measure) for measure in MEASURES]
            rows.append(["  less random", *cells])
        spreads = [(m, evaluation.spread(scorer, m)) for m in MEASURES]
        if any(spread is not None for _, spread in spreads):
            cells = ["-" if spread is None else _plain(m, spread) for m, spread in spreads]
            rows.append(["  SD over seeds", *cells])
    return f"over all videos, [{CONFIDENCE:.0%} bootstrap interval over videos]\n" + align(
        header, rows
    )


def _by_category(evaluation: Evaluation) -> str:
    """One row per category: the headline F and the ranks of all scorers but the cues."""
    columns = [
        (measure, scorer)
        for measure in (HEADLINE[evaluation.benchmark], *RANKS)
        for scorer in evaluation.scorers
        if scorer not in evaluation.cues
        if not np.isnan(evaluation.values(scorer, measure)).any()
    ]
    names = {s: name_scorer(evaluation, s).partition(" (")[0] for s in evaluation.scorers}
    header = ["category", "videos", *(f"{names[s]} {TITLES[m]}" for m, s in columns)]
    rows = []
    for category in evaluation.categories:
        values = [(m, evaluation.values(s, m, category=category)) for m, s in columns]
        cells = [_plain(measure, float(column.mean())) for measure, column in values]
        rows.append([category, str(len(values[0][1])), *cells])
    return "per category\n" + align(header, rows)


def _by_video(evaluation: Evaluation) -> str:
    """One row per video: all measures of the method, the headline F of the baselines."""
    headline = HEADLINE[evaluation.benchmark]
    own = MEASURES if METHOD in evaluation.scorers else ()
    others = [s for s in evaluation.scorers if s != METHOD and s not in evaluation.cues]
    header = ["video", "category", "frames", "shots", *(TITLES[m] for m in own)]
    header += [f"{s} {TITLES[headline]}" for s in others]
    rows = []
    for index, video in enumerate(evaluation.videos):
        cells = [video.video_id, video.category or "-", str(video.num_frames), str(video.num_shots)]
        cells += [_plain(m, float(evaluation.values(METHOD, m)[index])) for m in own]
        cells += [_plain(headline, float(evaluation.values(s, headline)[index])) for s in others]
        rows.append(cells)
    return "per video\n" + align(header, rows)


def _remarks(evaluation: Evaluation) -> str:
    order = evaluation.settings.rank_order
    ranks = {
        "each-user": "tau-b and rho with each user over frames, averaged over users, then videos",
        "mean-user": "tau-b and rho with the mean of the users over frames, averaged over videos",
    }[order]
    lines = [
        f"* the F-score that the literature reports for {NAMES[evaluation.benchmark]}; percent",
        f"ranks: {ranks}",
        f"ties: {describe_ties(evaluation)}",
    ]
    for figure in evaluation.published:
        lines.append(
            f"published, not measured here: {figure.scorer} {TITLES[figure.measure]} "
            f"{figure.value} ({figure.source})"
        )
    return "\n".join([*lines, *(f"note: {note}" for note in evaluation.notes)])


def align(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out columns: the first flush left, the others flush right, two spaces apart.

    pandas' `to_string` leaves one space between titles, and titles such as "F mean" hold one.

    >>> print(align(["", "F"], [["random", "14.9"], ["a", "5"]]))
               F
    random  14.9
    a          5
    """
    table = [list(header), *map(list, rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    lines = []
    for row in table:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _title(evaluation: Evaluation, measure: str) -> str:
    return TITLES[measure] + ("*" if measure == HEADLINE[evaluation.benchmark] else "")


def _plain(measure: str, value: float) -> str:
    if np.isnan(value):
        return "-"
    # Adding zero turns a rounded "-0.000" into "0.000".
    if measure in RANKS:
        return f"{round(value, 3) + 0:.3f}"
    return f"{round(100 * value, 1) + 0:.1f}"


def _with_interval(evaluation: Evaluation, scorer: str, measure: str) -> str:
    return _interval(measure, evaluation.values(scorer, measure))


def _difference(evaluation: Evaluation, measure: str) -> str:
    """Return the method less random scores, paired by video: what the method itself adds."""
    method, random = (evaluation.values(s, measure) for s in (METHOD, "random"))
    return _interval(measure, method - random)


def _interval(measure: str, values: FloatArray) -> str:
    if np.isnan(values).any():
        return "-"
    interval = bootstrap_mean(values)
    mean, low, high = (_plain(measure, v) for v in (interval.mean, interval.low, interval.high))
    return f"{mean} [{low}, {high}]"
