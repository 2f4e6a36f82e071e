"""Parts of an MP4 track that is described by tables at one place: new tables for each.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vsumm.decode.mp4.boxes import Box, Part, UnknownFormError, boxes, read_exactly

HEAD_SECONDS = 10
"""Every part begins with so much of the track."""

MAX_GAP_TICKS = 2**32 - 2**20
"""Longest distance of two packets that FFmpeg accepts."""

MAX_SAMPLES = 1 << 26
"""Most packets of a track that is shown in parts."""

BLOCK_ENTRIES = 1 << 16
"""Entries of a table that are read at once."""

KNOWN_TABLES = frozenset(
    (b"stsd", b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stco", b"co64", b"stss", b"sdtp",
     b"stdp", b"sgpd", b"sbgp", b"free", b"skip")
)  # fmt: skip
"""Boxes of a sample table (ISO/IEC 14496-12, section 8.5 and later)."""

GROUPS_OF_KEYS = (b"rap ", b"sync")
"""Sample groups that FFmpeg finds key frames by."""


class SampleTrack:
    """A track that is described by tables at one place.

    Args:
        descriptor: the open file.
        tables: the box of the tables.
        timescale: ticks per second of the track's clock.
        is_picture: whether a part must begin with a key frame.

    `seconds` is when its last packet ends, on the track's own clock.

    Raises:
        UnknownFormError: the tables have something unknown, or contradict each other.
        KeyError: a table is missing.
    """

    def __init__(self, descriptor: int, tables: Box, timescale: int, *, is_picture: bool) -> None:
        self._descriptor = descriptor
        self._box = tables
        self._timescale = timescale
        self._is_picture = is_picture
        self._all = list(boxes(descriptor, tables.content, tables.end))
        self._tables = {box.kind: box for box in self._all}
        if not KNOWN_TABLES.issuperset(self._tables) or self._has_groups_of_keys():
            raise UnknownFormError
        fixed_size, self._num_samples = self._numbers(self._tables[b"stsz"].content + 4, 2)
        self._times = _Runs(descriptor, self._tables[b"stts"])
        shifts = self._tables.get(b"ctts")
        self._shifts = _Runs(descriptor, shifts) if shifts else None
        samples = [self._times.num_samples]
        samples += [self._shifts.num_samples] if self._shifts else []
        if fixed_size or not all(num == self._num_samples <= MAX_SAMPLES for num in samples):
            raise UnknownFormError
        self.seconds = self._times.ticks_of(self._num_samples) / timescale

    def part(self, first_seconds: float, last_seconds: float) -> Part | None:
        """Return the part of [first_seconds, last_seconds), None where the file does not allow it.

        A picture begins with the last key frame before that, and may go on after it.
        """
        try:
            first = self._sample_at(first_seconds)
            if self._is_picture:
                first = self._key_before(first)
            head = min(self._sample_at(HEAD_SECONDS), first)
            last = self._sample_at(last_seconds)
            return self._part(head, first, last) if first < last else None
        except (UnknownFormError, KeyError):
            return None

    def _part(self, head: int, first: int, last: int) -> Part | None:
        """Return the part of the samples [0, head) and [first, last).

        In the part they are numbered anew. The last sample of the head lasts until `first` begins,
        so that all keep their times:

            in the file   0 1 .. head-1  head ... first-1  first first+1 .. last-1
            in the part   0 1 .. head-1                    head  head+1  .. head+last-first-1
            lasts         d d .. gap                       d     d       .. d
        """
        times = self._times.cut(first, last)
        if head:
            gap = self._times.ticks_of(first) - self._times.ticks_of(head - 1)
            if gap > MAX_GAP_TICKS:
                return None
            # Runs of (count, duration); one sample, the last of the head, lasts for the gap.
            times = np.concatenate([self._times.cut(0, head - 1), [[1, gap]], times])
        head_places = self._places(0, head)
        content = self._rebuilt(
            times,
            np.concatenate([self._sizes(0, head), self._sizes(first, last)]),
            np.concatenate([head_places, self._places(first, last)]),
            self._shifts_of(head, first, last),
            self._keys(head, first, last),
        )
        num_left = self._box.end - self._box.content - len(content)
        # The new tables take the place of the old ones, whose rest becomes a box of free space;
        # the smallest box has 8 bytes.
        if num_left < 8:
            return None
        filler = num_left.to_bytes(4) + b"free"
        patches = [(self._box.content, content + filler)]
        return Part(patches, None, frozenset(head_places.tolist()))

    def _rebuilt(
        self,
        times: np.ndarray,
        sizes: np.ndarray,
        places: np.ndarray,
        shifts: np.ndarray | None,
        keys: np.ndarray | None,
    ) -> bytes:
        """Return the content of the box of tables for a part, each packet a chunk of its own."""
        kept = b"".join(
            self._raw(box.start, box.end - box.start)
            for box in self._all
            if box.kind in (b"stsd", b"cslg")
        )
        num = len(sizes).to_bytes(4)
        made = _box(b"stts", len(times).to_bytes(4) + times.astype(">u4").tobytes())
        if shifts is not None:
            version = self._raw(self._tables[b"ctts"].content, 4)
            table = shifts.astype(">u4").tobytes()
            made += _box(b"ctts", len(shifts).to_bytes(4) + table, version)
        # One run: from chunk 1 on, 1 sample in a chunk, of description 1.
        made += _box(b"stsc", np.array([1, 1, 1, 1], ">u4").tobytes())
        made += _box(b"stsz", bytes(4) + num + sizes.astype(">u4").tobytes())
        made += _box(b"co64", num + places.astype(">u8").tobytes())
        if keys is not None:
            made += _box(b"stss", len(keys).to_bytes(4) + keys.astype(">u4").tobytes())
        return kept + made

    def _shifts_of(self, head: int, first: int, last: int) -> np.ndarray | None:
        """Return how much later than decoded the samples of a part are shown, in runs."""
        if self._shifts is None:
            return None
        return np.concatenate([self._shifts.cut(0, head), self._shifts.cut(first, last)])

    def _has_groups_of_keys(self) -> bool:
        return any(
            box.kind == b"sbgp" and self._raw(box.content + 4, 4) in GROUPS_OF_KEYS
            for box in self._all
        )

    def _sample_at(self, seconds: float) -> int:
        """Return the first sample that is decoded at or after a time."""
        return self._times.sample_at(round(seconds * self._timescale))

    def _key_before(self, sample: int) -> int:
        keys = self._all_keys()
        if keys is None:
            return sample
        place = int(np.searchsorted(keys, sample + 1, "right"))
        return int(keys[place - 1]) - 1 if place else 0

    def _keys(self, head: int, first: int, last: int) -> np.ndarray | None:
        """Return the numbers of the key frames within the part, counted from 1."""
        keys = self._all_keys()
        if keys is None:
            return None
        # Sample first, number first + 1 in the file, becomes number head + 1.
        own = keys[(keys > first) & (keys <= last)] - first + head
        return np.concatenate([keys[keys <= head], own])

    def _all_keys(self) -> np.ndarray | None:
        if b"stss" not in self._tables:
            return None
        box = self._tables[b"stss"]
        (num,) = self._numbers(box.content + 4, 1)
        keys = self._array(box, 8, 0, num, ">u4").astype(np.int64)
        if (np.diff(keys) <= 0).any():
            raise UnknownFormError
        return keys

    def _sizes(self, first: int, last: int) -> np.ndarray:
        return self._array(self._tables[b"stsz"], 12, first, last, ">u4").astype(np.int64)

    def _places(self, first: int, last: int) -> np.ndarray:
        """Return where the samples [first, last) lie in the file.

        The samples of a chunk follow each other without gaps:

            place = start of its chunk + sizes of the samples before it in the chunk
        """
        chunk, sample, lengths = self._chunks(first, last)
        box = self._tables.get(b"co64") or self._tables[b"stco"]
        kind = ">u8" if box.kind == b"co64" else ">u4"
        starts = self._array(box, 8, chunk, chunk + len(lengths), kind).astype(np.int64)
        sizes = self._sizes(sample, sample + int(lengths.sum()))
        before = np.concatenate([[0], np.cumsum(sizes)])
        # For each sample, what lies before the first sample of its chunk.
        in_chunk = np.repeat(before[np.cumsum(lengths) - lengths], lengths)
        places: np.ndarray = np.repeat(starts, lengths) + before[:-1] - in_chunk
        return places[first - sample : last - sample]

    def _chunks(self, first: int, last: int) -> tuple[int, int, np.ndarray]:
        """Return the first chunk that holds one of the samples, its first sample, and lengths."""
        table = self._tables[b"stsc"]
        (num,) = self._numbers(table.content + 4, 1)
        runs = self._array(table, 8, 0, 3 * num, ">u4").astype(np.int64).reshape(-1, 3)
        box = self._tables.get(b"co64") or self._tables[b"stco"]
        (num_chunks,) = self._numbers(box.content + 4, 1)
        begins = np.append(runs[:, 0] - 1, num_chunks)
        counts, lengths = np.diff(begins), runs[:, 1]
        is_odd = not num or begins[0] or (counts < 1).any() or (lengths < 1).any()
        if is_odd or (runs[:, 2] != 1).any() or (counts * lengths).sum() != self._num_samples:
            raise UnknownFormError
        # The table gives runs of chunks of equal length. Runs [low, high) hold the samples; whole
        # chunks in front of `first` and behind `last` are taken off the outer runs.
        samples = np.append(0, np.cumsum(counts * lengths))
        low = int(np.searchsorted(samples, first, "right")) - 1
        high = max(low + 1, int(np.searchsorted(samples, last, "left")))
        skipped = int((first - samples[low]) // lengths[low])
        beyond = int((samples[high] - last) // lengths[high - 1])
        counts = counts[low:high].copy()
        counts[0] -= skipped
        counts[-1] -= beyond
        chunk, sample = begins[low] + skipped, samples[low] + skipped * lengths[low]
        return int(chunk), int(sample), np.repeat(lengths[low:high], counts)

    def _numbers(self, place: int, count: int) -> tuple[int, ...]:
        data = self._raw(place, 4 * count)
        return tuple(int.from_bytes(data[4 * k : 4 * k + 4]) for k in range(count))

    def _array(self, box: Box, offset: int, first: int, last: int, kind: str) -> np.ndarray:
        """Return the entries [first, last) of a table, which begins `offset` bytes into its box."""
        size = np.dtype(kind).itemsize
        place = box.content + offset + first * size
        if last < first or place + (last - first) * size > box.end:
            raise UnknownFormError
        return np.frombuffer(self._raw(place, (last - first) * size), kind)

    def _raw(self, place: int, size: int) -> bytes:
        return read_exactly(self._descriptor, place, size)


class _Runs:
    """A table of runs: how many samples in a row have a value; read a block at a time."""

    def __init__(self, descriptor: int, box: Box) -> None:
        self._descriptor = descriptor
        self._start = box.content + 8
        self._num_runs = int.from_bytes(read_exactly(descriptor, box.content + 4, 4))
        if self._start + 8 * self._num_runs > box.end:
            raise UnknownFormError
        self.num_samples = sum(int(counts.sum()) for counts, _ in self._blocks())

    def _blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield counts and values."""
        for first in range(0, self._num_runs, BLOCK_ENTRIES):
            num = min(BLOCK_ENTRIES, self._num_runs - first)
            data = read_exactly(self._descriptor, self._start + 8 * first, 8 * num)
            runs = np.frombuffer(data, ">u4").astype(np.int64).reshape(-1, 2)
            yield runs[:, 0], runs[:, 1]

    def cut(self, first: int, last: int) -> np.ndarray:
        """Return the runs of the samples [first, last): (R, 2), counts and values."""
        found = [np.empty((0, 2), np.int64)]
        done = 0
        for counts, values in self._blocks():
            ends = done + np.cumsum(counts)
            # How many samples of each run [ends - counts, ends) lie in [first, last).
            inside = np.minimum(ends, last) - np.maximum(ends - counts, first)
            keep = inside > 0
            found.append(np.stack([inside[keep], values[keep]], axis=1))
            done = int(ends[-1])
        return np.concatenate(found)

    def ticks_of(self, sample: int) -> int:
        """Return the sum of the values of all samples before one."""
        done = ticks = 0
        for counts, values in self._blocks():
            ends = done + np.cumsum(counts)
            inside = np.clip(sample - (ends - counts), 0, counts)
            ticks += int((inside * values).sum())
            done = int(ends[-1])
        return ticks

    def sample_at(self, ticks: int) -> int:
        """Return the first sample before which the values sum up to at least `ticks`."""
        done = 0
        for counts, values in self._blocks():
            lengths = counts * values
            sums = np.cumsum(lengths)
            if sums[-1] >= ticks:
                run = int(np.searchsorted(sums, ticks, "left"))
                left = ticks - int(sums[run] - lengths[run])  # ticks to go within the run
                inside = -(-left // int(values[run])) if values[run] else 0  # rounded up
                return done + int(counts[:run].sum()) + max(0, inside)
            ticks -= int(sums[-1])
            done += int(counts.sum())
        return done


def _box(kind: bytes, content: bytes, version: bytes = bytes(4)) -> bytes:
    return (12 + len(content)).to_bytes(4) + kind + version + content
