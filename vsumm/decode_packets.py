"""Read packets to the end of a file, over damaged places and streams that appear on the way.

Runs in the decoding process only, see `vsumm.worker`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
from av.container import InputContainer

MAX_ERRORS_IN_A_ROW = 50
"""Read errors without a packet between them after which the file counts as ended."""


def read_packets(container: InputContainer) -> Iterator[av.Packet[Any]]:
    """Yield the packets of all streams in file order, from the present place to the end.

    Unlike PyAV's own loop this ends without the empty packets that flush the decoders, resumes
    after read errors, and survives streams that first appear in the middle of the file.
    """
    num_errors = 0
    while num_errors < MAX_ERRORS_IN_A_ROW:
        try:
            for packet in container.demux():
                if packet.dts is None and packet.pts is None and packet.size == 0:
                    return  # the empty packets that flush the decoders come last
                num_errors = 0
                yield packet
        except IndexError:  # PyAV 18 flushes streams that it never registered
            return
        except (av.FFmpegError, MemoryError):
            num_errors += 1
            continue
        return
