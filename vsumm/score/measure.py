"""Measure picture and sound, both at once, and reuse what the cache holds.

Letters: N segments.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from vsumm._version import __version__
from vsumm.decode import AudioReader, FrameReader, find_key_frames, read_audio, read_frames
from vsumm.errors import InputError
from vsumm.files import RecordCache, shown
from vsumm.media import DecodeReport, Segment
from vsumm.progress import StageClock, Watch, watching
from vsumm.score.batches import in_batches
from vsumm.score.looks import (
    LOOKS_PER_FRAME,
    KeyLooks,
    Look,
    find_key_looks,
    look_windows,
    looks_of,
    read_looks,
    spaced,
)
from vsumm.score.signal import Arrays, Film, Measurement, Need, SoundMeter
from vsumm.score.sound_windows import sound_windows
from vsumm.workers import give_memory_back, share_heaps

LOOKS_AT_ONCE = 64
"""Frames that the meters of the picture get at once, if a segment does not have more."""
WINDOWS_AT_ONCE = 32
"""Windows of sound that the meters of the sound get at once."""

QUICK_SHORT_SIDE = 160
"""Short side of the pictures of a quick look, pixels: about as much as the image tower sees."""

PICTURES_VERSION = 4
"""Part of the keys in the cache: raised when other frames are read, or with other pixels."""

LEAST_TRIMMED_SECONDS = 60.0
"""Films from this length on share heaps while they are measured, and give memory back afterwards.
Among many short ones the next takes it again at once: eight clips of 10 s cost 296,000 page faults
where they cost 348,000."""

Advance = Callable[[float], object]


@dataclass(frozen=True)
class Measured:
    """What was measured of a film."""

    arrays: Arrays
    """The arrays of all measurements, N rows each."""
    image_report: DecodeReport | None
    """How much of the picture could be read; None where it was not needed."""
    music_report: DecodeReport | None
    """How much of the sound could be read; None where it was not needed."""

    def has(self, measurement: Measurement) -> bool:
        """Return whether a measurement found anything at all."""
        names = [name for name in measurement.columns if name in self.arrays]
        return any(np.isfinite(self.arrays[name]).any() for name in names)


@dataclass(frozen=True)
class Record:
    """One measurement, as the cache keeps it."""

    arrays: Arrays
    """Of N rows."""
    report: DecodeReport
    """How much of the stream could be read."""


def measure(
    film: Film,
    measurements: Collection[Measurement],
    *,
    content: str,
    cache: RecordCache | None = None,
    progress: bool | Watch = False,
) -> Measured:
    """Make every measurement in one pass over the picture and one over the sound.

    Args:
        film: the film; its model is loaded only where a measurement needs it.
        measurements: what to measure.
        content: SHA-256 of the film.
        cache: where results are kept; None keeps nothing.
        progress: whether to show a bar on stderr, or a function that is told how far it is.

    Raises:
        InputError: nothing of the only stream needed could be read; of two, one may be lost.
        ModelError: the model cannot be loaded.
    """
    if film.info.duration_seconds >= LEAST_TRIMMED_SECONDS:
        share_heaps()
    memory = Memory(cache, film, content)
    records = {m.name: record for m in measurements if (record := memory.recall(m))}
    todo = [m for m in measurements if m.name not in records]
    pictures = [m for m in todo if m.needs == "picture"]
    sounds = [m for m in todo if m.needs == "sound"]
    may_be_lost = len({m.needs for m in measurements}) > 1
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(1))
        # The readers decode in processes of their own, while the model is loaded.
        blocks = stack.enter_context(_open_sound(film)) if sounds else None
        keys = frames = None
        if pictures:
            film.source.begin()
            keys = _find_keys(film) if film.config.quick else None
            opened = _open_keys(film, keys) if keys else open_picture(film, windows_to_read(film))
            frames = stack.enter_context(opened)
        num_steps = film.num_segments * ((frames is not None) + (blocks is not None))
        watch = stack.enter_context(watching(progress))
        advance = _clock_of(film, watch, num_steps)
        waiting = pool.submit(_measure_sound, film, blocks, sounds, advance) if blocks else None
        if frames:
            found = _unless_lost(
                lambda: measure_picture(film, frames, keys, pictures, advance),
                may_be_lost=may_be_lost,
            )
            records |= memory.keep(film, pictures, found, frames.report)
        if waiting and blocks:
            found = _unless_lost(waiting.result, may_be_lost=may_be_lost)
            records |= memory.keep(film, sounds, found, blocks.report)
        if film.info.duration_seconds >= LEAST_TRIMMED_SECONDS:
            give_memory_back()  # of the towers: the encoder of the reel needs some
    arrays = {k: v for record in records.values() for k, v in record.arrays.items()}
    return Measured(
        arrays,
        _report_of("picture", measurements, records),
        _report_of("sound", measurements, records),
    )


def _find_keys(film: Film) -> KeyLooks:
    """Find the key frames that are looked at.

    Raises:
        InputError: the picture cannot be read, or has no key frames.
    """
    key_seconds = find_key_frames(film.info)
    if not len(key_seconds):
        raise InputError(f"{shown(film.info.path)}: its picture has no key frames for a quick look")
    frames_per_segment = film.config.frames_per_segment
    windows = look_windows(film.segments, frames_per_segment=frames_per_segment)
    key_seconds = spaced(key_seconds, film.info.duration_seconds)
    return find_key_looks(key_seconds, windows, frames_per_segment=frames_per_segment)


def segments_at_once(film: Film) -> int:
    """Return how many segments make a block: the meters get the frames of one block at once."""
    return max(1, LOOKS_AT_ONCE // (LOOKS_PER_FRAME * film.config.frames_per_segment))


def windows_to_read(film: Film) -> list[Segment]:
    """Return the windows of a whole film of which one frame each is read, see `look_windows`."""
    keys: npt.ArrayLike = ()
    with suppress(InputError):  # who reads the frames will say what is wrong
        keys = find_key_frames(film.info)
    frames_per_segment = film.config.frames_per_segment
    return look_windows(film.segments, frames_per_segment=frames_per_segment, key_seconds=keys)


def open_picture(film: Film, windows: Sequence[Segment]) -> FrameReader:
    """Begin to read the frames that a film is scored by: one of each window."""
    return read_looks(film.info, windows, decoder=film.config.decoder)


def _open_keys(film: Film, keys: KeyLooks) -> FrameReader:
    return read_frames(
        film.info,
        keys.seconds,
        short_side=QUICK_SHORT_SIDE,
        decoder=film.config.decoder,
        are_keys=True,
    )


def _open_sound(film: Film) -> AudioReader:
    return read_audio(film.info, track=film.config.audio_track)


def measure_picture(
    film: Film,
    frames: FrameReader,
    keys: KeyLooks | None,
    measurements: Sequence[Measurement],
    advance: Advance,
) -> list[Arrays]:
    """Return the arrays of some measurements of the picture.

    Raises:
        InputError: not a single frame could be read.
    """
    meters = [measurement.start(film) for measurement in measurements]
    num_looks = LOOKS_PER_FRAME * film.config.frames_per_segment
    num_frames = len(keys.windows) if keys else num_looks * film.num_segments
    looks = looks_of(
        frames,
        frames_per_segment=film.config.frames_per_segment,
        windows=keys.windows if keys else None,
    )
    for batch in in_batches(looks, LOOKS_AT_ONCE) if keys else _in_blocks(looks, film):
        for meter in meters:
            meter.add(batch)
        advance(len(batch) / num_frames * film.num_segments)
    results = [meter.result() for meter in meters]
    if keys is None:
        return results
    return [
        {name: array[keys.rows] for name, array in arrays.items()} if measurement.holds else arrays
        for measurement, arrays in zip(measurements, results, strict=True)
    ]


def _in_blocks(looks: Iterable[Look], film: Film) -> Iterator[list[Look]]:
    """Group by rows, not by number: frames that cannot be read must not move those behind them."""
    block = segments_at_once(film)
    for _, group in groupby(looks, lambda look: look.row // block):
        yield list(group)


def _measure_sound(
    film: Film, blocks: AudioReader, measurements: Sequence[Measurement], advance: Advance
) -> list[Arrays]:
    meters = [cast(SoundMeter, measurement.start(film)) for measurement in measurements]
    around_seconds = max(meter.around_seconds for meter in meters)
    windows = sound_windows(blocks, film.segments, around_seconds=around_seconds)
    for batch in in_batches(windows, WINDOWS_AT_ONCE):
        for meter in meters:
            meter.add(batch)
        advance(len(batch))
    return [meter.result() for meter in meters]


def _unless_lost(
    measure_stream: Callable[[], list[Arrays]], *, may_be_lost: bool
) -> list[Arrays] | None:
    """Measure a stream; return None where nothing of it can be read and another one is there."""
    try:
        return measure_stream()
    except InputError:
        if not may_be_lost:
            raise
        return None


def _report_of(
    need: Need, measurements: Collection[Measurement], records: dict[str, Record]
) -> DecodeReport | None:
    return next((records[m.name].report for m in measurements if m.needs == need), None)


def _clock_of(film: Film, watch: Watch, num_steps: int) -> Advance:
    """Return what counts steps: segments of picture and of sound, as shares of the film."""
    seconds = film.info.duration_seconds
    clock = StageClock(watch, film.info.path, "scoring", total_seconds=seconds)
    return lambda steps: clock.advance(seconds * steps / num_steps)


class Memory:
    """Measurements of one film in a cache; without a cache it forgets everything.

    Args:
        cache: where they are kept.
        film: the film, its segments and settings.
        content: SHA-256 of the film.
    """

    def __init__(self, cache: RecordCache | None, film: Film, content: str) -> None:
        self._cache = cache
        self._film = film
        self._key = {
            "version": __version__,
            "content": content,
            "segment_seconds": film.segments[0].duration_seconds,
            "end_seconds": film.segments[-1].end_seconds,
        }

    def recall(self, measurement: Measurement) -> Record | None:
        """Return a measurement that the cache holds."""
        key = self._key_of(measurement)
        record = self._cache.get(key) if self._cache and key else None
        if record is None:
            return None
        reasons = tuple(record["report"].pop("reasons"))
        report = DecodeReport(**record["report"], reasons=reasons)
        return Record(arrays_from_lists(record["arrays"]), report)

    def put(self, measurement: Measurement, arrays: Arrays, report: DecodeReport) -> None:
        """Keep a measurement."""
        key = self._key_of(measurement)
        if self._cache and key:
            self._cache.put(key, {"arrays": lists_from_arrays(arrays), "report": asdict(report)})

    def keep(
        self,
        film: Film,
        measurements: Sequence[Measurement],
        found: Sequence[Arrays] | None,
        report: DecodeReport,
    ) -> dict[str, Record]:
        """Return records of a stream by name, and cache them unless the stream was lost."""
        if found is None:
            return {m.name: Record(m.missing(film.num_segments), report) for m in measurements}
        records = {}
        for measurement, arrays in zip(measurements, found, strict=True):
            records[measurement.name] = Record(arrays, report)
            self.put(measurement, arrays, report)
        return records

    def recall_part(self, measurement: Measurement, rows: slice) -> dict[str, Any] | None:
        """Return what was kept of some rows."""
        key = self._key_of(measurement)
        if not self._cache or not key:
            return None
        record: dict[str, Any] | None = self._cache.get({**key, "rows": [rows.start, rows.stop]})
        return record

    def keep_part(self, measurement: Measurement, rows: slice, record: dict[str, Any]) -> None:
        """Keep plain values about some rows."""
        key = self._key_of(measurement)
        if self._cache and key:
            self._cache.put({**key, "rows": [rows.start, rows.stop]}, record)

    def _key_of(self, measurement: Measurement) -> dict[str, Any] | None:
        settings = measurement.depends_on(self._film)
        if None in settings.values():  # a model that came loaded cannot be told from another
            return None
        columns = dict(measurement.columns)
        if measurement.needs == "picture":  # decoders round colours in their own ways
            settings = {
                **settings,
                "decoder": self._film.config.decoder,
                "pictures": PICTURES_VERSION,
            }
            settings |= {"quick": True} if self._film.config.quick else {}
        return {"kind": measurement.name, "columns": columns, **settings, **self._key}


def lists_from_arrays(arrays: Arrays) -> dict[str, list[Any]]:
    """Return nested lists with None, which JSON has, for NaN, which it has not."""
    nothing = np.array(None)
    return {k: np.where(np.isnan(v), nothing, v).tolist() for k, v in arrays.items()}


def arrays_from_lists(lists: Mapping[str, list[Any]]) -> Arrays:
    """Return the arrays that `lists_from_arrays` made lists of."""
    return {name: np.array(values, dtype=np.float64) for name, values in lists.items()}
