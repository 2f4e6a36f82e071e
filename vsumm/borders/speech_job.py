"""The job of the process that listens for speech: decode pieces of a sound track.

Runs in a worker only, see `vsumm.workers.child`, because native code can crash or hang on a
damaged film.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from vsumm.borders.voice import (
    CHUNK_SECONDS,
    SAMPLE_RATE,
    SHORTEST_PAUSE_SECONDS,
    Float32,
    speech_probabilities,
)
from vsumm.decode import StreamReader
from vsumm.media import MediaInfo

if TYPE_CHECKING:
    from vsumm.workers import Messages

LEAD_SECONDS = 1.0
"""Heard before each piece: the network needs some sound to settle."""
SPEECH, SILENCE = 0.5, 0.35
"""A phrase begins with a chunk above the first probability and ends before one below the second, as
in Silero's own post-processing."""
SHORTEST_PHRASE_SECONDS = 0.1
"""What is shorter is a noise."""


def run_speech(
    messages: Messages,
    *,
    path: str,
    start_seconds: float,
    stream: int,
    pieces: list[tuple[float, float]],
) -> None:
    """Send one "speech" message per piece, with the phrases that are heard in it.

    Args:
        messages: the way back.
        path: the film.
        start_seconds: start of the presentation on the container's clock.
        stream: index of the sound track in the container.
        pieces: where to listen, chronological, seconds on the presentation clock.
    """
    info = MediaInfo(Path(path), "", start_seconds, 0.0, None)
    with StreamReader(info, stream, "audio") as reader:
        for start, end in pieces:
            first = max(0.0, start - LEAD_SECONDS)
            samples = _samples_of(reader, messages, first, end)
            found = phrases_in(speech_probabilities(samples))
            spans = [(max(start, first + a), min(end, first + b)) for a, b in found]
            messages.send("speech", found=[span for span in spans if span[0] < span[1]])


def phrases_in(probabilities: Float32) -> list[tuple[float, float]]:
    """Return when phrases begin and end, seconds from the first chunk on.

    >>> phrases_in(np.array([0.1, 0.9, 0.9, 0.9, 0.4, 0.9, 0.1, 0.1], np.float32))
    [(0.032, 0.192)]
    """
    phrases: list[list[float]] = []
    is_speech = False
    for number, probability in enumerate(probabilities):
        time = round(number * CHUNK_SECONDS, 6)
        if not is_speech and probability >= SPEECH:
            is_speech = True
            if phrases and time - phrases[-1][1] < SHORTEST_PAUSE_SECONDS:
                phrases[-1][1] = time
            else:
                phrases.append([time, time])
        is_speech = is_speech and bool(probability >= SILENCE)
        if is_speech:
            phrases[-1][1] = round(time + CHUNK_SECONDS, 6)
    return [(a, b) for a, b in phrases if b - a >= SHORTEST_PHRASE_SECONDS]


def _samples_of(reader: StreamReader, messages: Messages, start: float, end: float) -> Float32:
    """Return the sound of a piece, mono at `SAMPLE_RATE`; what is missing is silence."""
    samples = np.zeros(round((end - start) * SAMPLE_RATE), np.float32)
    resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)
    place: int | None = None
    for time, frame in _frames(reader, start, end):
        messages.tick()
        if place is None:
            place = round((float(time) - start) * SAMPLE_RATE)
        frame.pts = None  # contiguous enough for seconds of sound
        for resampled in resampler.resample(frame):
            block = resampled.to_ndarray()[0]
            skipped = max(0, -place)
            part = block[skipped : max(skipped, len(samples) - place)]
            samples[place + skipped : place + skipped + len(part)] = part
            place += len(block)
    return samples


def _frames(
    reader: StreamReader, start: float, end: float
) -> Iterator[tuple[Fraction, av.AudioFrame]]:
    for time, frame in reader.frames_from(Fraction(start)):
        if time >= end:
            return
        yield time, frame
