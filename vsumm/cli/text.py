"""Say in a few lines of text what came out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vsumm.files import shown
from vsumm.media import Segment
from vsumm.summary import Summary

if TYPE_CHECKING:
    from vsumm.batch import JobResult


def describe(result: JobResult) -> str:
    """Describe a reel: one line per run, with when and why, then where it is and what it took."""
    summary = result.summary
    lines = [
        f"{shown(summary.media.path.name)}: {_clock(summary.selected_seconds)} of "
        f"{_clock(summary.media.duration_seconds)}, by {summary.by}",
        *run_table(summary),
    ]
    if result.reel_path:
        lines.append(f"reel     {shown(result.reel_path)}")
    lines.append(f"summary  {shown(result.summary_path)}")
    speed = summary.media.duration_seconds / max(result.elapsed_seconds, 1e-9)
    lines.append(f"took     {result.elapsed_seconds:.1f} s, {speed:.0f} times real time")
    return "\n".join(lines)


def run_table(summary: Summary) -> list[str]:
    """Return a header and one row per run: when, how long, mean arousal and score.

    Arousal is in [0, 1]; "-" stands where a modality has no signal or was not asked for.
    """
    header = f"{'from':>10} {'to':>10} {'seconds':>8} {'image':>6} {'music':>6} {'score':>6}"
    return [header, *(_run_row(summary, run) for run in summary.runs)]


def _run_row(summary: Summary, run: Segment) -> str:
    rows = [
        row
        for row in summary.segments
        if run.start_seconds <= row.start_seconds < run.end_seconds and row.selected
    ]
    columns = (
        [row.signals.get("image_arousal") for row in rows],
        [row.signals.get("music_arousal") for row in rows],
        [row.score for row in rows],
    )
    means = " ".join(f"{_mean(column):>6}" for column in columns)
    return (
        f"{_clock(run.start_seconds):>10} {_clock(run.end_seconds):>10} "
        f"{run.duration_seconds:>8.1f} {means}"
    )


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known) / len(known):.2f}" if known else "-"


def _clock(seconds: float) -> str:
    """Write seconds as hours, minutes and tenths of seconds.

    >>> _clock(3725.04)
    '1:02:05.0'
    """
    tenths = round(seconds * 10)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    second = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{second}" if hours else f"{minutes}:{second}"
