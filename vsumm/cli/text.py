"""Describe in a few lines of text what came out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmva_core.clock import clock_text
from vsumm.files import shown
from vsumm.media import MediaInfo, Segment
from vsumm.report import Moment, picks_of, scored_by
from vsumm.summary import Summary

if TYPE_CHECKING:
    from vsumm.batch import JobResult


def describe(result: JobResult) -> str:
    """Describe a reel: one line per run, with when and why, then where it is and what it took."""
    summary = result.summary
    lines = [
        f"{shown(summary.media.path.name)}: {clock_text(summary.reel_seconds)} of "
        f"{clock_text(summary.media.duration_seconds)}, by {scored_by(summary)}",
        *run_table(summary),
    ]
    if result.reel_path:
        lines.append(f"reel     {shown(result.reel_path)}")
    lines.append(f"summary  {shown(result.summary_path)}")
    lines += [f"list     {shown(path)}" for path in result.lists]
    lines += [f"variant  {shown(path)}" for path in result.variants]
    if result.views.report:
        lines.append(f"report   {shown(result.views.report)}")
    for name, path in result.views.pictures.items():
        lines.append(f"{name.removeprefix('contact '):8} {shown(path)}")
    for name in ("table", "embeddings"):
        path = getattr(result.views, name)
        lines += [f"{name:8} {shown(path)}"] if path else []
    speed = summary.media.duration_seconds / max(result.elapsed_seconds, 1e-9)
    lines.append(f"took     {result.elapsed_seconds:.1f} s, {speed:.0f} times real time")
    return "\n".join(lines)


def runs_text(info: MediaInfo, runs: Sequence[Segment]) -> list[str]:
    """Return the length of a reel, a header and one row per run with its number and times."""
    total = clock_text(sum(run.duration_seconds for run in runs))
    lines = [f"{shown(info.path.name)}: {total} of {clock_text(info.duration_seconds)}"]
    lines.append(f"{'run':>4} {'from':>10} {'to':>10} {'seconds':>8}")
    for number, run in enumerate(runs, 1):
        start, end = clock_text(run.start_seconds), clock_text(run.end_seconds)
        lines.append(f"{number:>4} {start:>10} {end:>10} {run.duration_seconds:>8.1f}")
    return lines


def run_table(summary: Summary) -> list[str]:
    """Return a header and one row per run: when, how long, its mean score and why."""
    header = f"{'from':>10} {'to':>10} {'seconds':>8} {'score':>6}  why"
    return [header, *(_run_row(pick) for pick in picks_of(summary))]


def _run_row(pick: Moment) -> str:
    start, end = clock_text(pick.segment.start_seconds), clock_text(pick.segment.end_seconds)
    seconds = pick.segment.duration_seconds
    return f"{start:>10} {end:>10} {seconds:>8.1f} {pick.score:>6.2f}  {pick.why}"
