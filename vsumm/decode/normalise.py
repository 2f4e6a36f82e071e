"""Turn decoded frames into pictures that can be looked at, scored and encoded.

`vsumm.decode.upright` says which filters of FFmpeg do that; here they run.

Runs in the decoding and encoding processes only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
from av.error import BlockingIOError as AgainError
from av.error import EOFError as EndError
from av.filter import Graph

from vsumm.decode.hdr import sdr_table
from vsumm.decode.upright import TONE_MAPPING, Filter, PictureTarget, filter_chain


class PictureFilter:
    """Bring pictures of one stream into the form of a `PictureTarget`.

    Args:
        target: that form.
        num_threads: how many threads work on one picture; 0: one for each core.
    """

    def __init__(self, target: PictureTarget, *, num_threads: int = 0) -> None:
        self._target = target
        self._num_threads = num_threads
        self._is_interlaced = False
        self._graph: _Chain | None = None

    def apply(self, frames: Iterable[tuple[Fraction, Any]]) -> Iterator[tuple[Fraction, Any]]:
        """Yield the pictures of one stretch of the film with their times, seconds.

        Unless the target takes first fields only, the frames must follow each other in the film:
        deinterlacing looks at neighbours.
        """
        for time, frame in frames:
            if not self._target.has_first_field_only:
                self._is_interlaced |= frame.interlaced_frame
            chain = filter_chain(frame, self._target, with_deinterlacing=self._is_interlaced)
            shape = (frame.width, frame.height, frame.format.name)
            key = (chain, shape, frame.color_range, frame.colorspace, frame.color_trc)
            if self._graph is not None and self._graph.key != key:
                yield from self._finish()
            if not chain:
                yield time, frame
                continue
            if self._graph is None:
                self._graph = _Chain(key, chain, frame, self._num_threads)
            yield from self._graph.push(time, frame)
        if self._is_interlaced:
            yield from self._finish()

    def picture(self, frame: Any) -> Any:
        """Return the picture of one frame, of a target that takes first fields only."""
        ((_, picture),) = self.apply([(Fraction(0), frame)])
        return picture

    def _finish(self) -> Iterator[tuple[Fraction, Any]]:
        """End the chain, and yield what is still in it.

        Only chains with memory end with their stretch; others serve the next one too.
        """
        graph, self._graph = self._graph, None
        if graph is not None:
            yield from graph.finish()


class _Chain:
    """A chain of filters that gives one picture for each that it takes, perhaps later."""

    def __init__(self, key: Any, chain: tuple[Filter, ...], frame: Any, num_threads: int) -> None:
        self.key = key
        self._times: list[Fraction] = []
        graph = Graph()
        graph.threads = num_threads
        source = last = graph.add("buffer", buffer_arguments(frame))
        tables = []
        for name, arguments in chain:
            node = graph.add(name, arguments)
            last.link_to(node)
            if (name, arguments) == TONE_MAPPING:
                table = av.VideoFrame.from_ndarray(sdr_table(frame.color_trc), "rgb48le")
                table.pts = 0
                tables.append((graph.add("buffer", buffer_arguments(table)), table))
                tables[-1][0].link_to(node, 0, 1)
            last = node
        sink = graph.add("buffersink")
        last.link_to(sink)
        graph.configure()
        for table_source, table in tables:
            table_source.push(table)
            table_source.push(None)
        self._graph, self._source, self._sink = graph, source, sink

    def push(self, time: Fraction, frame: Any) -> Iterator[tuple[Fraction, Any]]:
        self._times.append(time)
        self._source.push(frame)
        return self._pull()

    def finish(self) -> Iterator[tuple[Fraction, Any]]:
        self._source.push(None)
        return self._pull()

    def _pull(self) -> Iterator[tuple[Fraction, Any]]:
        while True:
            try:
                frame = self._sink.pull()
            except (AgainError, EndError):
                return
            yield self._times.pop(0), frame


def black_picture(target: PictureTarget) -> Any:
    """Return a black frame, for where the film has sound but no picture yet."""
    frame = av.VideoFrame(target.width, target.height, "gray")
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame.reformat(
        format=target.pixel_format, dst_color_range="JPEG" if target.is_full_range else "MPEG"
    )


def buffer_arguments(frame: Any) -> str:
    """Return what a graph of filters has to know of the frames that come."""
    base = frame.time_base or Fraction(1, av.time_base)  # some decoders forget it at the end
    return (
        f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}"
        f":time_base={base.numerator}/{base.denominator}:pixel_aspect=1/1"
        f":colorspace={frame.colorspace}:range={frame.color_range}"
    )
