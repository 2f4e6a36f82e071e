"""Cut a part out of upright pictures, or put them whole between blurred bars.

    crop   picture ─> crop, moved from picture to picture
    bars   picture ─┬─> crop to the shape ─> shrink ─> blur ─> enlarge ─┬─> one over the other
                    └─> shrink to fit ──────────────────────────────────┘

Runs in the encoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from av.filter import Graph

from vsumm.decode.normalise import buffer_arguments
from vsumm.decode.upright import EXACT_SCALER

Size = tuple[int, int]
"""Width and height, pixels."""

BLUR_SHARE = 16
"""How much smaller the bars are while they are blurred: cheaper than a wide blur."""
BLUR_SIGMA = 2
"""Standard deviation of that blur, pixels of the small picture."""
_OVERLAY_FORMATS = {"yuv420p": "yuv420", "yuvj420p": "yuv420", "yuv420p10le": "yuv420p10"}


class PictureWindow:
    """Makes the pictures of a reel of upright pictures of a film.

    Args:
        size: width and height of the pictures that come out, even.
        fitted_size: how large a whole picture is between bars, even and no larger.
    """

    def __init__(self, size: Size, fitted_size: Size) -> None:
        self._size = size
        self._fitted_size = fitted_size
        self._crop: _Graph | None = None
        self._bars: _Graph | None = None

    def cropped(self, frame: Any, left: int, top: int) -> Any:
        """Return the part of a picture that begins at an even column and row."""
        if self._crop is None or not self._crop.takes(frame):
            self._crop = _Graph(frame)
            self._crop.end(self._crop.add("crop", _pair(self._size) + ":0:0", self._crop.source))
        self._crop.last.process_command("x", str(left))
        self._crop.last.process_command("y", str(top))
        return self._crop.apply(frame)

    def between_bars(self, frame: Any) -> Any:
        """Return a whole picture between bars that are made of itself."""
        if self._bars is None or not self._bars.takes(frame):
            self._bars = self._with_bars(frame)
        return self._bars.apply(frame)

    def _with_bars(self, frame: Any) -> _Graph:
        (width, height), (inner_width, inner_height) = self._size, self._fitted_size
        flags = f":flags={EXACT_SCALER}"
        small = max(2, width // BLUR_SHARE), max(2, height // BLUR_SHARE)
        # The largest part of the picture that has the shape of the reel's.
        share = min(frame.width / width, frame.height / height)
        part = max(2, int(width * share)), max(2, int(height * share))
        left, top = (width - inner_width) // 4 * 2, (height - inner_height) // 4 * 2
        overlay = _OVERLAY_FORMATS.get(frame.format.name, "rgb")
        graph = _Graph(frame)
        split = graph.add("split", "2", graph.source)
        last = graph.add("crop", _pair(part), split)
        last = graph.add("scale", _pair(small) + flags, last)
        last = graph.add("gblur", f"sigma={BLUR_SIGMA}", last)
        below = graph.add("scale", _pair(self._size) + flags, last)
        above = graph.add("scale", _pair(self._fitted_size) + flags, (split, 1))
        last = graph.add("overlay", f"{left}:{top}:format={overlay}", below, above)
        graph.end(graph.add("format", frame.format.name, last))
        return graph


class _Graph:
    """Filters of FFmpeg that give one picture for each that they take."""

    def __init__(self, frame: Any) -> None:
        self._graph = Graph()
        self._arguments = _arguments(frame)
        self._num_pushed = 0
        self.source = self._graph.add("buffer", self._arguments)
        self.last: Any = None

    def add(self, name: str, arguments: str, *inputs: Any) -> Any:
        """Add a filter behind others, each given alone or with the number of its output."""
        node = self._graph.add(name, arguments)
        for number, origin in enumerate(inputs):
            before, output = origin if isinstance(origin, tuple) else (origin, 0)
            before.link_to(node, output, number)
        return node

    def end(self, last: Any) -> None:
        """Make the graph ready, with what comes out of a filter as its result."""
        self.last = last
        self._sink = self.add("buffersink", "", last)
        self._graph.configure()

    def takes(self, frame: Any) -> bool:
        """Whether a frame is of the kind that the graph was made for."""
        return _arguments(frame) == self._arguments

    def apply(self, frame: Any) -> Any:
        # Filters with two inputs pair pictures by their time stamps.
        frame.pts, frame.time_base = self._num_pushed, TICK
        self._num_pushed += 1
        self.source.push(frame)
        return self._sink.pull()


TICK = Fraction(1, 25)
"""Time base inside the graphs; any would do."""


def _arguments(frame: Any) -> str:
    frame.time_base = TICK
    return buffer_arguments(frame)


def _pair(size: Size) -> str:
    return f"{size[0]}:{size[1]}"
