"""Bring the sound of a run onto the clock of the reel, counted in samples.

Every run gets exactly its number of samples: silence stands where the track has none. What happens
between two runs: `join_sound.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from vsumm.decode import StreamReader, channels_of, find_jumps
from vsumm.media import AudioStream
from vsumm.reel.layout import PlacedRun, round_half_up

FADE_SECONDS = Fraction(5, 1000)
"""Length of the fade where a reel or a soundtrack begins and ends: nothing to fade over into."""
PREROLL_SECONDS = Fraction(1, 2)
"""Decoded before a run and thrown away: decoders need some frames to settle after a seek."""
NOTICEABLE_SECONDS = 0.1
"""Up to this length missing sound of a run counts only where something could not be decoded."""
FALLBACK_SAMPLE_RATE = 48_000
"""Samples per second of a track that names no rate and has no readable frame, Hz."""

_LAYOUTS = {1: "mono", 6: "5.1", 8: "7.1"}

Samples = NDArray[np.float32]
"""float32 (C, T) in [-1, 1], C channels."""


class SoundPlacer:
    """Place the samples of one track; they cover a run without a hole.

    Attributes:
        sample_rate: samples per second of the blocks, Hz: the track's own, unless asked otherwise.
        layout: FFmpeg's name of the channel layout of the blocks: the track's own.
        span: when the track begins and ends, seconds on the presentation clock.
        silent_seconds: how much silence replaces sound that could not be read.
    """

    def __init__(
        self,
        reader: StreamReader,
        sample: Any,
        track: AudioStream,
        *,
        span: tuple[Fraction, Fraction],
        form: tuple[int, str] | None = None,
    ) -> None:
        """Prepare to read.

        Args:
            reader: the track.
            sample: one of its frames, or None if none was found.
            track: what was found out about it before.
            span: when the track begins and ends, seconds on the presentation clock.
            form: sample rate and layout of the blocks, if not the track's own.
        """
        # What comes out of the decoder counts: some codecs double the rate that is declared.
        if sample:
            self.sample_rate, layout = sample.sample_rate, sample.layout
            if layout.name.endswith("channels"):  # it does not say which, as in most WAV files
                layout = AudioLayout(_LAYOUTS.get(layout.nb_channels, layout.name))
        else:
            self.sample_rate = track.sample_rate or FALLBACK_SAMPLE_RATE
            layout = AudioLayout(_LAYOUTS.get(track.num_channels, "stereo"))
        if form is not None:
            self.sample_rate, layout = form[0], AudioLayout(form[1])
        self.layout: str = layout.name
        self.span = span
        self.silent_seconds = 0.0
        self._num_channels: int = layout.nb_channels
        self._reader = reader
        self._resamplers: dict[tuple[str, str, int], AudioResampler] = {}

    def run_blocks(self, run: PlacedRun, num_samples: int) -> Iterator[Samples]:
        """Yield exactly that many samples from the beginning of a run on, in blocks (C, T).

        decoded    ...[ preroll ][ block ]......[ block ][ block ]...
        position         thrown  0 ──────>      ^ begin           num_samples
        yielded          away     [ block ][sil.][ block ][ bl]
        """
        position = 0
        errors_before = self._reader.num_errors
        missing = 0
        for begin, samples in self._decoded(run):
            if begin >= num_samples:
                break
            if begin > position:
                missing += self._num_missing(run, position, begin)
                yield from self._silence(begin - position)
                position = begin
            piece = samples[:, position - begin : num_samples - begin]
            if piece.shape[1]:
                yield piece
                position += piece.shape[1]
        if position < num_samples:
            missing += self._num_missing(run, position, num_samples)
            yield from self._silence(num_samples - position)
        if (
            self._reader.num_errors > errors_before
            or missing > NOTICEABLE_SECONDS * self.sample_rate
        ):
            self.silent_seconds += missing / self.sample_rate

    def span_of(self, _run: PlacedRun) -> tuple[Fraction, Fraction]:
        """Return `span`: all runs are of one film."""
        return self.span

    def _decoded(self, run: PlacedRun) -> Iterator[tuple[int, Samples]]:
        """Yield blocks with their place in the run, in samples; negative is before it."""
        begin = 0
        for jump, frame in find_jumps(self._stamped(run)):
            samples = self._normalised(frame)
            if jump is not None:
                begin = round(jump * self.sample_rate)
            end = begin + samples.shape[1]
            if end > 0:
                yield begin, samples
            begin = end

    def _stamped(self, run: PlacedRun) -> Iterator[tuple[float, float, Any]]:
        """Yield frames with their times from the beginning of the run on, and their lengths."""
        for time, frame in self._reader.frames_from(run.source_start - PREROLL_SECONDS):
            yield float(time - run.source_start), frame.samples / frame.sample_rate, frame

    def _normalised(self, frame: Any) -> Samples:
        """Return the samples of a frame, converted to the layout and rate of the blocks."""
        key = (frame.format.name, frame.layout.name, frame.sample_rate)
        if key == ("fltp", self.layout, self.sample_rate):
            return np.asarray(channels_of(frame), np.float32)
        if key not in self._resamplers:
            self._resamplers[key] = AudioResampler("fltp", self.layout, self.sample_rate)
        frame.pts = None
        pieces = [channels_of(piece) for piece in self._resamplers[key].resample(frame)]
        return np.concatenate([np.zeros((self._num_channels, 0), np.float32), *pieces], axis=1)

    def _silence(self, num_samples: int) -> Iterator[Samples]:
        """Yield silence in blocks of a second: a track may begin hours after the picture."""
        for begin in range(0, num_samples, self.sample_rate):
            length = min(self.sample_rate, num_samples - begin)
            yield np.zeros((self._num_channels, length), np.float32)

    def _num_missing(self, run: PlacedRun, begin: int, end: int) -> int:
        """Return how many samples of a stretch without sound lie within the track."""
        first = round_half_up((self.span[0] - run.source_start) * self.sample_rate)
        last = round_half_up((self.span[1] - run.source_start) * self.sample_rate)
        begin, end = max(begin, first), min(end, last)
        if end - begin <= NOTICEABLE_SECONDS * self.sample_rate:
            return max(0, end - begin)
        edges = (run.source_start + Fraction(edge, self.sample_rate) for edge in (begin, end))
        return int(self._reader.missing_between(*edges) * self.sample_rate)


def fade_ends(blocks: Iterator[Samples], num_samples: int, sample_rate: int) -> Iterator[Samples]:
    """Fade sound in at its beginning and out at its end.

    Args:
        blocks: the sound, (C, T) each, together `num_samples` long.
        num_samples: its length.
        sample_rate: its rate, Hz.
    """
    fade = max(1, min(round(FADE_SECONDS * sample_rate), num_samples // 2))
    position = 0
    for block in blocks:
        if not block.shape[1]:
            continue
        places = np.arange(position, position + block.shape[1], dtype=np.float32)
        position += block.shape[1]
        if places[0] < fade or places[-1] >= num_samples - fade:
            edge = np.minimum(places + 0.5, num_samples - 0.5 - places) / fade
            block = block * np.minimum(edge, 1).astype(np.float32)
        yield block


def to_audio_frame(samples: Samples, *, sample_rate: int, layout: str, position: int = 0) -> Any:
    """Wrap samples (C, T) for an encoder; `position` counts samples from the start of the reel."""
    # Interleaved, because PyAV 18 cannot fill eight planes; the encoder gets what it wants.
    interleaved = np.ascontiguousarray(samples.T).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(interleaved, "flt", layout)
    frame.sample_rate = sample_rate
    frame.time_base = Fraction(1, sample_rate)
    frame.pts = position
    return frame
