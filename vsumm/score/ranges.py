"""Measure the picture of a film in ranges of its segments, apart, and join them exactly.

    rows        0 ......... 96 ......... 192 ......... 288      blocks of 32 segments
    range 0    [===========]+
    range 1               +[============]+                      = kept   + read as well
    range 2                             +[=============]

Meters compare frames with their neighbours, and towers see the pictures of one block at once. So a
range reads a block on either side of its own rows, further ones where those show nothing, and
forgets them again. Every kept row then is made from the same numbers in the same order as in one
piece: the joined measurement is the same, bit for bit.

The sound is not split. Its decoders and its resampler carry on what they have heard, so it cannot
begin in the middle and be the same.

Letters: N segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from vsumm.decode import picture_report
from vsumm.errors import InputError
from vsumm.files import RecordCache
from vsumm.media import Segment
from vsumm.score.looks import LOOKS_PER_FRAME
from vsumm.score.measure import (
    Memory,
    arrays_from_lists,
    lists_from_arrays,
    measure_picture,
    open_picture,
    segments_at_once,
    windows_to_read,
)
from vsumm.score.signal import Arrays, Film, Measurement

FURTHER = 4
"""How many times as far a range reads where its neighbours show nothing."""


def ranges_of(film: Film, num_ranges: int) -> list[slice]:
    """Cut the rows of a film into ranges of whole blocks, as equal as those allow; none is empty.

    Args:
        film: of N segments.
        num_ranges: how many are wanted; a short film has fewer.

    Returns:
        Slices of range(N), in order, that leave nothing out.
    """
    block = segments_at_once(film)
    num_blocks = -(-film.num_segments // block)
    borders = [block * (num_blocks * number // num_ranges) for number in range(num_ranges)]
    borders = sorted({*borders, film.num_segments})
    return [slice(*pair) for pair in pairwise(borders)]


def measure_range(
    film: Film,
    measurements: Sequence[Measurement],
    rows: slice,
    *,
    content: str,
    parts: RecordCache,
) -> None:
    """Measure a range of the picture and keep what was found, unless that is there.

    Args:
        film: the whole film.
        measurements: of the picture.
        rows: one of `ranges_of`.
        content: SHA-256 of the film.
        parts: where ranges are kept.

    Raises:
        ModelError: the model cannot be loaded.
    """
    memory = Memory(parts, film, content)
    todo = [m for m in measurements if memory.recall_part(m, rows) is None]
    if not todo:
        return
    windows = windows_to_read(film)
    before = after = segments_at_once(film)
    while True:
        read = slice(max(0, rows.start - before), min(film.num_segments, rows.stop + after))
        found = _read(film, windows, todo, read)
        kept = slice(rows.start - read.start, rows.stop - read.start)
        if not _show_something(found.arrays, kept):
            break
        # Black or unreadable neighbours are none: the next ones beyond them are.
        needs_before = read.start > 0 and not _show_something(found.arrays, slice(0, kept.start))
        is_last = read.stop == film.num_segments
        needs_after = not is_last and not _show_something(found.arrays, slice(kept.stop, None))
        if not needs_before and not needs_after:
            break
        before *= FURTHER if needs_before else 1
        after *= FURTHER if needs_after else 1
    for measurement, arrays in zip(todo, found.arrays, strict=True):
        own = {name: array[kept] for name, array in arrays.items()}
        lost = {
            str(index): problem
            for index, problem in found.lost.items()
            if rows.start <= index // found.num_looks < rows.stop
        }
        record = {"arrays": lists_from_arrays(own), "lost": lost, "decoders": found.decoders}
        memory.keep_part(measurement, rows, record)


def join_ranges(
    film: Film,
    measurements: Sequence[Measurement],
    ranges: Sequence[slice],
    *,
    content: str,
    parts: RecordCache,
    cache: RecordCache,
) -> None:
    """Put the measurements of a whole film together, for `measure` to find them in a cache.

    What is missing among the parts, or could not be read in any of them, is left to `measure`.

    Args:
        film: the whole film.
        measurements: of picture and sound; those of sound are kept in one piece.
        ranges: from `ranges_of`.
        content: SHA-256 of the film.
        parts: where the ranges are kept.
        cache: where those of the whole film shall be; may be the same.
    """
    source, target = Memory(parts, film, content), Memory(cache, film, content)
    for measurement in measurements:
        if target.recall(measurement):
            continue
        if measurement.needs == "sound":
            if record := source.recall(measurement):
                target.put(measurement, record.arrays, record.report)
            continue
        records = [source.recall_part(measurement, rows) for rows in ranges]
        known = [record for record in records if record is not None]
        if len(known) == len(ranges):
            _join(target, film, measurement, known)


def _join(
    target: Memory, film: Film, measurement: Measurement, records: Sequence[dict[str, Any]]
) -> None:
    found = [arrays_from_lists(record["arrays"]) for record in records]
    arrays = {name: np.concatenate([each[name] for each in found]) for name in found[0]}
    lost = {int(index): why for record in records for index, why in record["lost"].items()}
    decoders = dict.fromkeys(name for record in records for name in record["decoders"])
    starts = [window.start_seconds for window in windows_to_read(film)]
    report = picture_report(film.info, starts, lost=lost, decoders=list(decoders))
    if report.unreadable_seconds < report.wanted_seconds:
        target.put(measurement, arrays, report)


@dataclass(frozen=True)
class _Found:
    """What was read of some rows."""

    arrays: Sequence[Arrays]
    """Of each measurement."""
    lost: dict[int, str]
    """Why a window could not be read, by its index in the whole film."""
    decoders: list[str]
    num_looks: int
    """Windows of each segment."""


def _read(
    film: Film, windows: Sequence[Segment], measurements: Sequence[Measurement], read: slice
) -> _Found:
    part = replace(film, segments=film.segments[read])
    num_looks = LOOKS_PER_FRAME * film.config.frames_per_segment
    with open_picture(part, windows[num_looks * read.start : num_looks * read.stop]) as frames:
        try:
            arrays = measure_picture(part, frames, None, measurements, lambda steps: None)
        except InputError:  # nothing of this range can be read, but other ranges may be
            arrays = [m.missing(part.num_segments) for m in measurements]
        lost = {index + read.start * num_looks: why for index, why in frames.lost.items()}
        return _Found(arrays, lost, frames.decoders, num_looks)


def _show_something(found: Sequence[Arrays], rows: slice) -> bool:
    """Return whether every measurement has found something in some of the rows."""
    return all(any(np.isfinite(a[rows]).any() for a in arrays.values()) for arrays in found)
