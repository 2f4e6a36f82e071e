"""Listen to a part of a track: its beats, and where its phrases begin."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vsumm.errors import VsummError
from vsumm.media import probe
from vsumm.soundtrack.beats import Beats
from vsumm.workers import WorkerLostError, run_in_worker

JOB = "vsumm.soundtrack.rhythm_job:run_rhythm"
"""The job that decodes the track: not in this process, which a damaged one could crash."""
NO_BEATS = Beats(np.zeros(0), np.zeros(0), np.zeros(0), 0)


def listen(path: Path, start_seconds: float, end_seconds: float) -> Beats:
    """Find the beats of a part of a track; none where it cannot be read.

    Args:
        path: the file; that of its sounds counts that a player takes.
        start_seconds: where the part begins, from the beginning of the sound on.
        end_seconds: where it ends; may lie behind the end of the sound.

    Returns:
        The beats, in seconds from the beginning of the sound on.
    """
    try:
        info = probe(path)
        if not info.audio:
            return NO_BEATS
        track = info.audio[info.main_track]
        (answer,) = run_in_worker(
            JOB,
            path=str(path.absolute()),
            start_seconds=info.start_seconds,
            stream=track.index,
            part=(track.start_seconds + start_seconds, track.start_seconds + end_seconds),
        )
    except (VsummError, WorkerLostError):
        return NO_BEATS
    found = answer.header
    return Beats(
        np.array(found["seconds"], np.float64) + start_seconds,
        np.array(found["strengths"], np.float64),
        np.array(found["novelties"], np.float64),
        found["bar_phase"],
    )
