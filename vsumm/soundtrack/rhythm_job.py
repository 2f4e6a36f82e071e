"""The job of the process that listens to music: decode a part of a track and find its beats.

Runs in a worker only, see `vsumm.workers.child`, because native code can crash or hang on a
damaged file.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from av.audio.fifo import AudioFifo
from numpy.typing import NDArray

from vsumm.decode import StreamReader
from vsumm.media import MediaInfo
from vsumm.soundtrack.beats import BEATS_SAMPLE_RATE, find_beats

if TYPE_CHECKING:
    from vsumm.workers import Messages

SAMPLES_AT_ONCE = 1 << 15
"""Length of the blocks in which sound is resampled."""


def run_rhythm(
    messages: Messages,
    *,
    path: str,
    start_seconds: float,
    stream: int,
    part: tuple[float, float],
) -> None:
    """Send one "rhythm" message with the fields of `Beats`, seconds from the part's start on.

    Args:
        messages: the way back.
        path: the file.
        start_seconds: start of the presentation on the container's clock.
        stream: index of the sound in the container.
        part: from when to when, seconds on the presentation clock.
    """
    info = MediaInfo(Path(path), "", start_seconds, 0.0, None)
    with StreamReader(info, stream, "audio") as reader:
        beats = find_beats(_mono(reader, messages, *part))
    messages.send(
        "rhythm",
        seconds=beats.seconds.tolist(),
        strengths=beats.strengths.tolist(),
        novelties=beats.novelties.tolist(),
        bar_phase=beats.bar_phase,
    )


def _mono(
    reader: StreamReader, messages: Messages, start: float, end: float
) -> NDArray[np.float32]:
    """Return a part of the sound, mono at `BEATS_SAMPLE_RATE`, as far as it goes."""
    resampler = av.AudioResampler("flt", "mono", BEATS_SAMPLE_RATE)
    waiting = AudioFifo()  # to resample many short frames takes longer than a few long ones
    blocks = [np.zeros(0, np.float32)]
    first: Fraction | None = None
    until = Fraction(end)

    def take(*, partial: bool = False) -> None:
        for frame in waiting.read_many(SAMPLES_AT_ONCE, partial=partial):
            blocks.extend(piece.to_ndarray()[0] for piece in resampler.resample(frame))

    for time, frame in reader.frames_from(Fraction(start)):
        messages.tick()
        if time >= until:
            break
        if first is None:
            first = time
        frame.pts = None
        waiting.write(frame)
        take()
    take(partial=True)
    num_skipped = 0 if first is None else round((start - float(first)) * BEATS_SAMPLE_RATE)
    samples = np.concatenate(blocks)
    samples = samples[num_skipped:] if num_skipped >= 0 else np.pad(samples, (-num_skipped, 0))
    return samples[: round((end - start) * BEATS_SAMPLE_RATE)]
