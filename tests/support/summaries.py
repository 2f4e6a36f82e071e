"""Summaries that say what they are told to, of films that need not exist."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vsumm.config import SummaryConfig
from vsumm.media import AudioStream, MediaInfo, VideoStream
from vsumm.summary import SCHEMA_VERSION, ScoredSegment, Summary


def make_info(path: Path | str = "film.mp4", seconds: float = 20.0, *, video: bool = True):
    """Describe a film of that name and length."""
    picture = VideoStream(0, "h264", 160, 90, 25.0, 0, 0.0, seconds, "yuv420p")
    sound = AudioStream(1, "aac", 44100, 1, 0.0, seconds)
    return MediaInfo(Path(path), "mov,mp4", 0.0, seconds, picture if video else None, (sound,))


def make_summary(
    scores: Sequence[float | None],
    picked: Sequence[int],
    *,
    info: MediaInfo | None = None,
    budget_seconds: float | None = None,
    signals: dict[str, Sequence[float | None]] | None = None,
    **fields: object,
) -> Summary:
    """Return a summary with one segment of two seconds per score.

    Args:
        scores: of every segment; None where there is no signal.
        picked: indices of the segments in the reel.
        info: the film, as long as the segments if left out.
        budget_seconds: as long as what is picked, if left out.
        signals: values of every segment by name; motion, equal to the score, if left out.
        fields: settings; `notes` is that of the summary.
    """
    notes = fields.pop("notes", ())
    config = SummaryConfig(**fields)
    signals = signals or {"motion": scores}
    rows = [
        ScoredSegment(
            2.0 * k,
            2.0 * k + 2,
            {name: values[k] for name, values in signals.items()},
            score,
            k in picked,
        )
        for k, score in enumerate(scores)
    ]
    return Summary(
        SCHEMA_VERSION,
        config.model,
        config.by,
        2.0 * len(picked) if budget_seconds is None else budget_seconds,
        config,
        info or make_info(seconds=2.0 * len(scores)),
        "0" * 64,
        tuple(rows),
        notes=tuple(notes),
    )
