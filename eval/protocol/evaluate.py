"""Evaluate frame scores on a data set under one protocol, beside its baselines.

The recipe (Zhang et al. 2016, as measured on the published summaries, which it gives bit for bit):
shot value = mean frame score, exact knapsack within 15 % of the frames, F-score per user in
frames. TVSum reports the mean over users, SumMe the maximum; both are in the result.

The baselines come from the same shots and the same users:
random   uniform frame scores in [0, 1), a mean over seeds
uniform  shots at even distances, no scores at all
human    each user against each other user (leave-one-out)
oracle   the mean of all users as scores: what a method could know at best
cues     any further scores that are given, such as each signal of a summary by itself

Letters: N frames, U users, S scorings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from eval.datasets import Benchmark, BenchmarkVideo, BoolArray, FloatArray, IntArray
from eval.protocol.baselines import human_correlation, human_overlap, random_scores, spread_evenly
from eval.protocol.metrics import Overlap, RankReference, compare_summaries
from eval.protocol.published import PublishedFigure, published_figures
from eval.protocol.results import (
    BASELINES,
    METHOD,
    Evaluation,
    EvaluationSettings,
    VideoResult,
)
from eval.protocol.scores import expand_to_frames
from eval.protocol.selection import capacity_of, shot_means, summarise_frames
from eval.protocol.shots import label_shots, shots_of, with_shots
from vsumm.errors import ScoresError


def evaluate(
    benchmark: Benchmark,
    scores: Mapping[str, FloatArray] | None = None,
    settings: EvaluationSettings | None = None,
    *,
    method: str = "scores",
    cues: Mapping[str, Mapping[str, FloatArray]] | None = None,
    num_workers: int = 2,
    on_video: Callable[[], object] = lambda: None,
) -> Evaluation:
    """Evaluate scores, and the baselines, on every video of a data set.

    Args:
        benchmark: the videos; those without shots under the protocol are left out and noted.
        scores: video id -> scores, one row or several (R, M) whose figures are averaged; None
            runs the baselines alone.
        settings: protocol, units, seeds.
        method: name to print for the scores.
        cues: name -> video id -> scores of one row, in the same unit; a cue may lack videos.
        num_workers: threads; NumPy lets go of the interpreter's lock in the long steps.
        on_video: called once per finished video.

    Raises:
        ScoresError: scores do not fit a video, or the protocol's shots are nowhere known.
    """
    settings, cues = settings or EvaluationSettings(), cues or {}
    benchmark = with_shots(benchmark, settings.protocol, seed=settings.seed)
    if scores is not None:
        benchmark = benchmark.restricted_to(list(scores), "the others have no scores")

    def run(video: BenchmarkVideo) -> VideoResult:
        row = None if scores is None else scores[video.video_id]
        there = {name: of[video.video_id] for name, of in cues.items() if video.video_id in of}
        result = evaluate_video(video, row, settings, there)
        on_video()
        return result

    with ThreadPoolExecutor(max(1, num_workers)) as pool:
        results = tuple(pool.map(run, benchmark.videos))
    return Evaluation(
        benchmark=benchmark.name,
        settings=settings,
        shots_label=label_shots(benchmark, settings.protocol, seed=settings.seed),
        method=method if scores is not None else None,
        videos=results,
        notes=(*benchmark.notes, *_notes(benchmark, results)),
        published=_published(benchmark, settings),
        cues=tuple(cues),
    )


def evaluate_video(
    video: BenchmarkVideo,
    scores: FloatArray | None,
    settings: EvaluationSettings,
    cues: Mapping[str, FloatArray] | None = None,
) -> VideoResult:
    """Evaluate one video: all scorings go through one knapsack table together.

    Raises:
        ScoresError: the scores do not fit, or there is nothing to compare with.
        ValueError: a cue has the name of a baseline.
    """
    taken = {METHOD, "users", *BASELINES} & (cues or {}).keys()
    if taken:
        raise ValueError(f"a cue must not be called {', '.join(sorted(taken))}")
    borders = shots_of(video, settings.protocol, seed=settings.seed)
    if borders is None:
        raise ScoresError(f"video {video.video_id}: no shots under {settings.protocol}")
    scorings = _baseline_scorings(video, settings)
    unit = None
    if scores is not None:
        scorings[METHOD], unit = _hold_rows(scores, video, borders, settings)
    for name, values in (cues or {}).items():
        scorings[name], _ = _hold_rows(values, video, borders, settings)
    summaries = _summarise_together(scorings, borders, settings)
    rebuilt = summaries.pop("users", None)
    users = _user_summaries(video, rebuilt, settings)
    summaries["uniform"] = spread_evenly(borders)[None]
    reference = _rank_reference(video, settings)
    measures = {
        name: _measure(compare_summaries(chosen, users), _correlate(reference, scorings.get(name)))
        for name, chosen in summaries.items()
    }
    human = np.concatenate([human_overlap(users), _correlate_humans(video, settings)])
    return VideoResult(
        video_id=video.video_id,
        category=video.category,
        num_frames=video.num_frames,
        num_shots=len(borders) - 1,
        num_users=len(users),
        measures={"human": human, **{name: runs.mean(axis=0) for name, runs in measures.items()}},
        runs={"human": human[None], **measures},
        num_rebuilt_equal=_count_equal(users, rebuilt, settings),
        is_budget_unfit=bool(np.diff(borders).min() > capacity_of(video.num_frames)),
        scores_unit=unit,
        summary=summaries[METHOD][0] if METHOD in summaries else None,
        has_negative_shots=METHOD in scorings
        and bool((shot_means(scorings[METHOD], borders) < 0).any()),
    )


def _baseline_scorings(
    video: BenchmarkVideo, settings: EvaluationSettings
) -> dict[str, FloatArray]:
    """Return the frame scores (R, N) of the baselines, and of the users where they are known."""
    seeds = {"num_seeds": settings.num_seeds, "seed": settings.seed}
    scorings = {
        "random": random_scores(video.video_id, video.num_frames, **seeds),
        "oracle": _user_values(video).mean(axis=0, keepdims=True),
    }
    if video.user_importance is not None:
        scorings["users"] = video.user_importance
    return scorings


def _hold_rows(
    scores: FloatArray, video: BenchmarkVideo, borders: IntArray, settings: EvaluationSettings
) -> tuple[FloatArray, str]:
    """Hold each row of scores over the frames, (R, N); also return what one score stands for."""
    held = [
        expand_to_frames(row, video, borders, settings.scores_unit) for row in np.atleast_2d(scores)
    ]
    return np.stack([frame_scores for frame_scores, _ in held]), held[0][1]


def _summarise_together(
    scorings: Mapping[str, FloatArray], borders: IntArray, settings: EvaluationSettings
) -> dict[str, BoolArray]:
    """Summarise all rows of all scorings at once, and take them apart again."""
    sizes = [len(rows) for rows in scorings.values()]
    rows = np.concatenate(list(scorings.values()))
    chosen = summarise_frames(rows, borders, ties=settings.ties)
    parts = np.split(chosen, np.cumsum(sizes)[:-1])
    return dict(zip(scorings, parts, strict=True))


def _user_values(video: BenchmarkVideo) -> FloatArray:
    """Frame values of the users, (U, N): their scores, else their summaries."""
    if video.user_importance is not None:
        return video.user_importance
    if video.user_summaries is not None:
        return video.user_summaries.astype(np.float64)
    raise ScoresError(f"video {video.video_id}: no user's scores or summaries to compare with")


def _user_summaries(
    video: BenchmarkVideo, rebuilt: BoolArray | None, settings: EvaluationSettings
) -> BoolArray:
    """Return the published summaries where they are made on these shots, else rebuild them."""
    published = video.user_summaries
    if published is not None and (settings.protocol == "kts" or not video.summaries_need_shots):
        return published
    if rebuilt is not None:
        return rebuilt
    raise ScoresError(
        f"video {video.video_id}: the h5 file's user summaries are made on its own shots; "
        f"{settings.protocol} needs the users' scores: name the annotation with --annotations"
    )


def _count_equal(
    users: BoolArray, rebuilt: BoolArray | None, settings: EvaluationSettings
) -> int | None:
    if rebuilt is None or users is rebuilt:
        return None
    return int((users == rebuilt).all(axis=1).sum())


def _rank_reference(video: BenchmarkVideo, settings: EvaluationSettings) -> RankReference | None:
    """Return what scores are correlated with; None where the users' frame values are unknown."""
    if video.user_importance is None and video.summaries_need_shots:
        return None
    values = _user_values(video)
    return RankReference(values.mean(axis=0) if settings.rank_order == "mean-user" else values)


def _correlate(reference: RankReference | None, scorings: FloatArray | None) -> FloatArray:
    """Return tau-b and rho, each averaged over the users, of each row, (R, 2)."""
    if scorings is None or reference is None:
        return np.full((1 if scorings is None else len(scorings), 2), np.nan)
    found = reference.correlate(scorings)
    return np.column_stack([found.tau.mean(axis=1), found.rho.mean(axis=1)])


def mean_tau(video: BenchmarkVideo, scorings: FloatArray) -> FloatArray:
    """Return Kendall's tau-b with each user, averaged over the users, of scorings (R, N): (R,).

    Raises:
        ScoresError: no user has scored the video.
    """
    tau: FloatArray = RankReference(_user_values(video)).correlate(scorings).tau.mean(axis=1)
    return tau


def _correlate_humans(video: BenchmarkVideo, settings: EvaluationSettings) -> FloatArray:
    if video.user_importance is None and video.summaries_need_shots:
        return np.full(2, np.nan)
    return human_correlation(_user_values(video), with_mean=settings.rank_order == "mean-user")


def _measure(overlap: Overlap, correlation: FloatArray) -> FloatArray:
    """Put the measures of each summary together, (R, len(MEASURES)), in the order of MEASURES."""
    columns = (
        overlap.f_score.mean(axis=1),
        overlap.f_score.max(axis=1),
        overlap.precision.mean(axis=1),
        overlap.recall.mean(axis=1),
    )
    return np.column_stack([*columns, correlation])


def _published(benchmark: Benchmark, settings: EvaluationSettings) -> tuple[PublishedFigure, ...]:
    """Return the literature's figures, unless the KTS shots are our own and so other ones."""
    if settings.protocol == "kts" and not benchmark.has_published_shots:
        return ()
    return published_figures(benchmark.name, settings.protocol)


def _notes(benchmark: Benchmark, results: tuple[VideoResult, ...]) -> list[str]:
    notes = []
    rebuilt = [r for r in results if r.num_rebuilt_equal is not None]
    if rebuilt:
        equal = sum(r.num_rebuilt_equal or 0 for r in rebuilt)
        total = sum(r.num_users for r in rebuilt)
        notes.append(f"{equal} of {total} published user summaries are rebuilt bit for bit")
    negative = sum(r.has_negative_shots for r in results)
    if negative:
        notes.append(
            f"{negative} videos have shots of negative value, which the knapsack never takes"
        )
    unfit = sum(r.is_budget_unfit for r in results)
    if unfit:
        notes.append(
            f"{unfit} videos have no shot that fits the budget: their summaries are empty, F is 0"
        )
    if any(v.user_importance is None and v.summaries_need_shots for v in benchmark.videos):
        notes.append(
            "without the annotation there is no rank correlation, and the oracle is the mean of "
            "the users' summaries"
        )
    return notes
