"""Read a sound track as mono on the presentation clock, in bounded memory.

Channels are averaged (the usual mixers make a mono signal sqrt(2) louder) unless they cancel each
other, what the file leaves out is silence, and the result is resampled in one go from the start of
the presentation.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np

from vsumm.decode.holes import HoleMeter
from vsumm.decode.open_file import open_sound
from vsumm.decode.steady import find_jumps

if TYPE_CHECKING:
    from vsumm.workers import Messages

BLOCK_SECONDS = 4.0
"""Length of the blocks that are resampled and handed out, seconds."""

MAX_SILENCE_SECONDS = 3600.0
"""Longest gap that is filled; a timestamp further ahead is damaged."""

MIN_CHANNELS_MISREAD = 8
"""PyAV 18 looks for the end of so many planes beyond it, and crashes."""

MERGED_SECONDS = 0.1
"""Length of the pieces of sound that are mixed at once."""

CANCELLED_SHARE = 0.01
"""Channels whose mean has less than this share of the power of the first cancel each other."""

MIXER_SECONDS = 1.0
"""Time constant of that power, seconds, so that the mixture does not change at every block."""

DECODE_ERRORS = (av.FFmpegError, MemoryError, ValueError)
"""What a damaged packet may raise."""


@dataclass
class SoundDamage:
    """What of a track could not be read."""

    seconds: float = 0.0
    """Length of the packets that did not decode, and of what is missing between packets."""
    end_seconds: float = 0.0
    """End of the last sample that was read, on the presentation clock."""
    file_end_seconds: float = 0.0
    """End of the last packet of any stream, on the presentation clock."""


def run_sound(
    messages: Messages, *, path: str, stream: int, start_seconds: float, sample_rate: int
) -> None:
    """Send a track as "sound" messages, then one "damage" message.

    Args:
        messages: the way back.
        path: the file.
        stream: index of the sound track.
        start_seconds: start of the presentation on the container's clock.
        sample_rate: wanted samples per second, Hz.
    """
    damage = SoundDamage()
    with open_sound(path, stream) as (_, track, packets):
        blocks = read_mono(
            packets,
            track,
            start_seconds=start_seconds,
            sample_rate=sample_rate,
            damage=damage,
            tick=messages.tick,
        )
        for block in blocks:
            messages.send("sound", block)
    messages.send("damage", **asdict(damage))


def read_mono(
    packets: Iterable[av.Packet[Any]],
    stream: av.AudioStream,
    *,
    start_seconds: float,
    sample_rate: int,
    damage: SoundDamage,
    tick: Callable[[], None],
) -> Iterator[np.ndarray]:
    """Yield the track as contiguous blocks of float32 (T,), the first one starting at time 0.

    Args:
        packets: of the whole file, or of the track.
        stream: the sound track.
        start_seconds: start of the presentation on the container's clock.
        sample_rate: wanted samples per second, Hz.
        damage: filled in while this runs.
        tick: called at every packet, to show that this is alive.
    """
    stream.codec_context.thread_count = 1
    resampler = _Resampler(sample_rate)
    for rate, samples in _place_on_clock(
        _decode(packets, stream, start_seconds, damage, tick), start_seconds, damage
    ):
        yield from resampler.resample(rate, samples)
        tick()
    yield from resampler.finish()


def channels_of(frame: av.AudioFrame) -> np.ndarray:
    """Return the samples of a frame by channel, (C, T), in the type that the codec gives."""
    num_channels = frame.layout.nb_channels
    if frame.format.is_planar and num_channels >= MIN_CHANNELS_MISREAD:
        repacked = av.AudioResampler(frame.format.packed, frame.layout, frame.sample_rate)
        (frame,) = repacked.resample(frame)
    data: np.ndarray = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, num_channels).T
    return data


def _decode(
    packets: Iterable[av.Packet[Any]],
    stream: av.AudioStream,
    start_seconds: float,
    damage: SoundDamage,
    tick: Callable[[], None],
) -> Iterator[av.AudioFrame]:
    last_packets: dict[int, av.Packet[Any]] = {}
    holes = HoleMeter(stream)
    for packet in packets:
        tick()
        damage.seconds += holes.seconds_before(packet)
        if packet.pts is not None:
            last_packets[packet.stream_index] = packet
        if packet.stream_index != stream.index or packet.size == 0:
            continue
        try:
            yield from stream.codec_context.decode(cast("av.Packet[av.AudioStream]", packet))
        except DECODE_ERRORS:
            damage.seconds += float((packet.duration or 0) * packet.time_base)
    ends = [((p.pts or 0) + (p.duration or 0)) * p.time_base for p in last_packets.values()]
    damage.file_end_seconds = float(max(ends, default=0)) - start_seconds
    with suppress(*DECODE_ERRORS):
        yield from stream.codec_context.decode(None)


def _place_on_clock(
    frames: Iterator[av.AudioFrame], start_seconds: float, damage: SoundDamage
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (rate, mono samples) without gaps, from time 0 on, in blocks."""
    rate = 0
    position = 0  # samples handed out so far, at the present rate
    due = 0  # where the next samples belong, unless they begin anew
    mixer = _Mixer()
    waiting: list[np.ndarray] = []
    num_waiting = 0
    for jump, new_rate, channels in _merged(find_jumps(_stamped(frames, start_seconds))):
        samples = mixer.mix(channels, new_rate)
        if new_rate != rate:
            if waiting:
                yield rate, np.concatenate(waiting)
            position = round(position / rate * new_rate) if rate else 0
            due = position
            rate, waiting, num_waiting = new_rate, [], 0
        place = due if jump is None else round(jump * rate)
        shift = place - position
        if shift > MAX_SILENCE_SECONDS * rate:
            shift, place = 0, position
        due = place + len(samples)
        for piece in _moved(samples, shift, rate):
            waiting.append(piece)
            position += len(piece)
            num_waiting += len(piece)
            if num_waiting >= BLOCK_SECONDS * rate:
                yield rate, np.concatenate(waiting)
                waiting, num_waiting = [], 0
        damage.end_seconds = position / rate
    if waiting:
        yield rate, np.concatenate(waiting)


def _stamped(
    frames: Iterator[av.AudioFrame], start_seconds: float
) -> Iterator[tuple[float | None, float, av.AudioFrame]]:
    """Yield frames with their times on the presentation clock, None where they have none."""
    for frame in frames:
        time = frame.time
        if time is not None:  # a damaged clock divides by zero
            time = time - start_seconds if math.isfinite(time) else None
        yield time, frame.samples / frame.sample_rate, frame


def _merged(
    frames: Iterable[tuple[float | None, av.AudioFrame]],
) -> Iterator[tuple[float | None, int, np.ndarray]]:
    """Join frames that follow each other, which may be shorter than a thousandth of a second.

    Yields:
        When the first of them begins anew, if it does; the sample rate; and channels (C, T).
    """
    held: list[np.ndarray] = []
    key: tuple[int, str, int] | None = None
    begin: float | None = None
    num_held = 0
    for jump, frame in frames:
        data = channels_of(frame)
        new_key = (frame.sample_rate, data.dtype.str, len(data))
        is_full = num_held >= MERGED_SECONDS * frame.sample_rate
        if key is not None and (jump is not None or new_key != key or is_full):
            yield begin, key[0], np.concatenate(held, axis=1) if len(held) > 1 else held[0]
            held, begin, num_held = [], jump, 0
        elif key is None:
            begin = jump
        key = new_key
        held.append(data)
        num_held += data.shape[1]
    if key is not None:
        yield begin, key[0], np.concatenate(held, axis=1)


def _moved(samples: np.ndarray, shift: int, rate: int) -> Iterator[np.ndarray]:
    """Yield `shift` zeros and the samples, or the samples without their first -`shift`."""
    while shift > 0:
        length = min(shift, int(BLOCK_SECONDS * rate))
        yield np.zeros(length, np.float32)
        shift -= length
    yield samples[-shift:] if shift < 0 else samples


class _Mixer:
    """Mix channels to one, their mean; the first of them where they cancel each other.

    A plug that was wired wrongly inverts one channel: the mean of centred sound is then silent.
    """

    def __init__(self) -> None:
        self._power = np.zeros(2)  # of the mean and of the first channel, lately

    def mix(self, data: np.ndarray, sample_rate: int) -> np.ndarray:
        """Mix (C, T) to float32 (T,) with full scale at 1."""
        if len(data) == 1 and data.dtype == np.float32:
            return cast("np.ndarray", data[0])
        mean: np.ndarray = np.add.reduce(data, axis=0, dtype=np.float32) / np.float32(len(data))
        if data.dtype == np.uint8:
            mean, scale, zero = (mean - 128) / 128, 1 / 128, 128
        elif data.dtype.kind == "i":
            scale, zero = -1 / float(np.iinfo(str(data.dtype)).min), 0
            mean = mean * np.float32(scale)
        else:
            scale, zero = 1.0, 0
        if len(data) == 1:
            return mean
        first = (data[0].astype(np.float32) - zero) * np.float32(scale)
        keep = math.exp(-len(mean) / (MIXER_SECONDS * sample_rate))
        power = np.array([np.vdot(mean, mean), np.vdot(first, first)])
        self._power = keep * self._power + power
        return first if self._power[0] < CANCELLED_SHARE * self._power[1] else mean


class _Resampler:
    """Resample mono blocks without a seam between them."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._rate = 0
        self._resampler: av.AudioResampler | None = None
        self._position = 0

    def resample(self, rate: int, samples: np.ndarray) -> Iterator[np.ndarray]:
        if rate != self._rate:
            yield from self.finish()
            self._rate, self._position = rate, 0
            self._resampler = av.AudioResampler("fltp", "mono", self._sample_rate)
        assert self._resampler is not None
        frame = av.AudioFrame.from_ndarray(samples[None], "fltp", "mono")
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = self._position
        self._position += len(samples)
        for block in self._resampler.resample(frame):
            yield block.to_ndarray()[0]

    def finish(self) -> Iterator[np.ndarray]:
        """Hand out what the filter still holds."""
        if self._resampler is not None:
            for block in self._resampler.resample(None):
                yield block.to_ndarray()[0]
            self._resampler = None
