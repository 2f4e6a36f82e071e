"""Show FFmpeg a long MP4 track one part at a time, so that its index stays small.

FFmpeg builds an index of a whole track when it opens it, or of all it has read of one in
fragments: 40 bytes for each packet, 70 MB for the sound of ten hours. A part has the head of the
track, which sets its clock, and the packets of some time; both keep their times:

    packets    0 1 2 3 4 5 6 7 8 9 ...        in the file
    part       0 1 . . . . 6 7 8              head, gap, packets of the part

A film of ten hours took 1.25 times the memory of one of ten minutes in the first four minutes of
its summary (603 and 483 MB of all processes); shown whole, 1.54 times (757 and 490 MB):
`python tests/trials/measure_memory.py --limit 240`, with parts of half an hour.

A track with tables or edit lists of an unknown form is shown whole.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from vsumm.decode.mp4.boxes import Box, UnknownFormError, inner_boxes, read_exactly, read_number
from vsumm.decode.mp4.fragments import FragmentTrack
from vsumm.decode.mp4.sample_tables import SampleTrack

PART_SECONDS = 600
"""Length of a part."""

LONG_SECONDS = 3600
"""Shorter tracks are shown whole."""

MARGIN_SECONDS = 60
"""How much is shown before and after the pictures that are wanted."""

MAX_SHIFT_SECONDS = 5
"""Most that an edit list may move a track by, for it to be shown in parts."""

LongTrack = SampleTrack | FragmentTrack
"""A track that can be shown in parts: both have `part` and `seconds`."""


def long_track(descriptor: int, moov: Box, trak: Box, *, is_picture: bool) -> LongTrack | None:
    """Return a track if it is long and can be shown in parts.

    Args:
        descriptor: the open file.
        moov: the box that describes all tracks.
        trak: the box of the track.
        is_picture: whether not all packets are key frames.
    """
    parts = inner_boxes(descriptor, moov)
    in_trak = inner_boxes(descriptor, trak)
    in_media = inner_boxes(descriptor, in_trak.get(b"mdia"))
    tables = inner_boxes(descriptor, in_media.get(b"minf")).get(b"stbl")
    header = in_media.get(b"mdhd")
    if tables is None or header is None or b"mvhd" not in parts:
        return None
    track: LongTrack
    try:
        timescale = _timescale(descriptor, header)
        declared = read_number(descriptor, header.content, (16, 24), 4, wide=8)
        if 0 < declared < LONG_SECONDS * timescale:  # 0 where only fragments tell
            return None
        if not timescale or not _is_little_shifted(descriptor, parts[b"mvhd"], in_trak, timescale):
            return None
        if b"mvex" in parts:
            number = read_number(descriptor, in_trak[b"tkhd"].content, (12, 20), 4)
            track = FragmentTrack(
                descriptor, parts[b"mvex"], number, timescale, is_picture=is_picture
            )
        else:
            track = SampleTrack(descriptor, tables, timescale, is_picture=is_picture)
    except (UnknownFormError, KeyError):
        return None
    return track if track.seconds > LONG_SECONDS else None


def _is_little_shifted(
    descriptor: int, movie: Box, in_trak: dict[bytes, Box], timescale: int
) -> bool:
    """Whether the edit list, if there is one, only moves the track, and by little."""
    edits = inner_boxes(descriptor, in_trak.get(b"edts")).get(b"elst")
    if edits is None:
        return True
    data = read_exactly(descriptor, edits.content, min(edits.end - edits.content, 8 + 20 * 8))
    is_wide = data[:1] == b"\1"
    num = int.from_bytes(data[4:8])
    size, width = (20, 8) if is_wide else (12, 4)
    if len(data) < 8 + num * size:
        return False
    seconds, num_pieces = 0.0, 0
    for k in range(num):
        entry = data[8 + k * size :][:size]
        length, start = entry[:width], int.from_bytes(entry[width : 2 * width], signed=True)
        if start < 0:
            seconds += int.from_bytes(length) / (_timescale(descriptor, movie) or 1)
        else:
            seconds += start / timescale
            num_pieces += 1
    return num_pieces <= 1 and seconds <= MAX_SHIFT_SECONDS


def _timescale(descriptor: int, header: Box) -> int:
    """Ticks per second, from the header of a movie or of a medium."""
    return read_number(descriptor, header.content, (12, 20), 4)
