"""Read packets to the end of a file, over damaged places and streams that appear on the way.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import av
from av.container import InputContainer
from av.packet import PacketSideData

MAX_ERRORS_IN_A_ROW = 50
"""Read errors without a packet between them after which the file counts as ended."""

SPARE_PACKETS = 1000
"""A file has no more packets than bytes, but for some empty ones."""

AVI_HEADER_BYTES = 8
"""Size of the name and length in front of each packet of an AVI file."""

AVI_GAP_BYTES = 4096
"""Packets further apart than this have something damaged between them."""


Headers = dict[int, PacketSideData]
"""The last header that a decoder needs, by stream index."""


def read_packets(
    container: InputContainer, headers: Headers | None = None
) -> Iterator[av.Packet[Any]]:
    """Yield the packets of all streams in file order, from the present place to the end.

    Unlike PyAV's own loop this ends without the empty packets that flush the decoders, resumes
    after read errors, survives streams that first appear in the middle of the file, and keeps the
    clock of AVI files over damaged places.

    Args:
        container: an open file.
        headers: for who seeks or leaves packets out: empty at first, and filled in while this runs.
            Where clips were joined, FFmpeg hands the header of one over with the first packet that
            is read of it; with these all its key frames carry it.
    """
    packets = _read_on(container)
    if headers is not None:
        packets = _with_headers(packets, headers)
    return _keep_clock(container, packets) if container.format.name == "avi" else packets


def _read_on(container: InputContainer) -> Iterator[av.Packet[Any]]:
    num_errors = 0
    num_left = container.size + SPARE_PACKETS  # a damaged file must not be read in circles
    while num_errors < MAX_ERRORS_IN_A_ROW:
        try:
            for packet in container.demux():
                if packet.dts is None and packet.pts is None and packet.size == 0:
                    return  # the empty packets that flush the decoders come last
                num_errors = 0
                num_left -= 1
                if num_left < 0:
                    return
                yield packet
        except (av.FFmpegError, MemoryError, IndexError):  # IndexError: of a stream that is new
            num_errors += 1
            continue
        return


def _with_headers(packets: Iterator[av.Packet[Any]], headers: Headers) -> Iterator[av.Packet[Any]]:
    for packet in packets:
        index = packet.stream_index
        if packet.has_sidedata("new_extradata"):
            headers[index] = packet.get_sidedata("new_extradata")
        elif index in headers and packet.is_keyframe and packet.stream.type == "video":
            packet.set_sidedata(headers[index])
        yield packet


def _keep_clock(
    container: InputContainer, packets: Iterator[av.Packet[Any]]
) -> Iterator[av.Packet[Any]]:
    """Correct the times of AVI packets behind a hole.

    AVI has no timestamps: FFmpeg counts packets, and falls behind by those it could not find. The
    index at the end of the file tells which number a packet really has, or, of sound that has as
    many bytes in every second, how many bytes come before it.
    """
    end = None
    numbers: dict[tuple[int, int], int] = {}
    in_bytes = [_is_in_bytes(stream) for stream in container.streams]
    for packet in packets:
        if packet.pos is not None:
            if end is not None and packet.pos > end + AVI_GAP_BYTES and not numbers:
                numbers = _numbers_by_place(container)
            end = packet.pos + packet.size
            number = numbers.get((packet.stream_index, packet.pos - AVI_HEADER_BYTES))
            if number is not None and packet.dts is not None:
                if in_bytes[packet.stream_index]:
                    number = number * (packet.duration or 0) // packet.size
                shift = number - packet.dts
                packet.dts = number
                packet.pts = None if packet.pts is None else packet.pts + shift
        yield packet


def _is_in_bytes(stream: Any) -> bool:
    """Whether the index counts the bytes of a stream instead of its packets."""
    entries = list(islice(stream.index_entries, 2))
    if len(entries) < 2:
        return False
    first, second = entries
    return bool(second.timestamp - first.timestamp == first.size > 1)


def _numbers_by_place(container: InputContainer) -> dict[tuple[int, int], int]:
    return {
        (stream.index, entry.pos): entry.timestamp
        for stream in container.streams
        for entry in stream.index_entries
    }
