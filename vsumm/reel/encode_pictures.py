"""Encode the pictures of a reel, wherever they come from.

Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from vsumm.decode import FULL_RANGE, LIMITED_RANGE, PictureTarget
from vsumm.errors import OutputError
from vsumm.reel import gif
from vsumm.reel.encoders import open_encoder
from vsumm.reel.layout import PlacedRun
from vsumm.reel.place_pictures import ReelClock, ReelPicture
from vsumm.workers import Ahead

KEY_FRAME_SECONDS = 5
"""Longest distance of key frames, so that a player can seek in the reel."""
PICTURES_AHEAD = 6
"""Pictures that are kept ready for the encoder."""


class PictureSource(Protocol):
    """Where a reel's pictures come from."""

    @property
    def held_seconds(self) -> float:
        """How long the last good frame replaces damaged or missing ones."""

    def pictures(self, runs: Sequence[PlacedRun]) -> Iterator[ReelPicture]:
        """Yield the pictures of all runs in the order of the reel."""


@dataclass(frozen=True)
class PictureForm:
    """How pictures are encoded; colours are numbered as in ITU-T H.273."""

    encoder: str
    """FFmpeg's name of the encoder."""
    options: Mapping[str, str]
    """Its options."""
    clock: ReelClock
    """How the pictures are timed."""
    target: PictureTarget
    """What they look like."""
    matrix: int
    """Matrix of their luma and chroma."""
    primaries: int
    """Their primaries."""
    transfer: int
    """Their transfer characteristics."""
    frame_rate: Fraction
    """Frames per second, on average where the clock is not constant."""
    has_one_clock: bool = False
    """Whether the container knows only one length for all frames."""


class EncodedPictures:
    """The picture of the reel: from a source of pictures to packets.

    Attributes:
        encoder: FFmpeg's name of the encoder.
        clock: how the pictures are timed.
        target: what they look like.
        placer: where they come from.
        written_seconds: how long the part is that is written.
    """

    def __init__(
        self,
        form: PictureForm,
        placer: PictureSource,
        runs: Sequence[PlacedRun],
        *,
        indexer: gif.Indexer | None = None,
    ) -> None:
        """Prepare to write.

        Args:
            form: how the pictures are encoded.
            placer: where they come from.
            runs: where the runs lie in the reel.
            indexer: gives the pictures of a GIF the colours of its palette.
        """
        self.encoder, self.clock, self.target = form.encoder, form.clock, form.target
        self.placer = placer
        self.written_seconds = 0.0
        self._form = form
        self._runs = runs
        self._indexer = indexer
        self._stream: Any = None
        self._durations: dict[int, int] = {}

    def add_to(self, container: Any) -> None:
        """Make the stream in an output container."""
        form, options = self._form, dict(self._form.options)
        try:
            stream = container.add_stream(self.encoder, rate=form.frame_rate, options=options)
        except ValueError as error:
            raise OutputError(f"the container cannot hold what {self.encoder} makes") from error
        context = stream.codec_context
        self.configure(context)
        if self.encoder == "libx265":
            context.codec_tag = "hvc1"  # players of Apple want this name in MP4 files
        open_encoder(context, self.encoder, options)
        self._stream = stream

    def configure(self, context: Any) -> None:
        """Tell an encoder what the pictures are."""
        context.width, context.height = self.target.width, self.target.height
        context.pix_fmt = self.target.pixel_format
        if self._indexer is not None:
            context.pix_fmt = gif.PIXEL_FORMAT
        context.time_base = 1 / self.clock.rate
        context.gop_size = max(1, round(KEY_FRAME_SECONDS * float(self._form.frame_rate)))
        if not self.clock.is_constant or self._form.has_one_clock:
            # MP4 counts a track's length in decoding times, which B-frames shift by whole frames;
            # AVI knows no other times.
            context.max_b_frames = 0
        context.thread_type = "AUTO"
        context.color_range = FULL_RANGE if self.target.is_full_range else LIMITED_RANGE
        context.colorspace = self._form.matrix
        context.color_primaries = self._form.primaries
        context.color_trc = self._form.transfer

    def packets(self) -> Iterator[tuple[float, list[Any]]]:
        """Yield the reel time reached, and the packets that became ready."""
        with Ahead(self.placer.pictures(self._runs), PICTURES_AHEAD) as pictures:
            for picture in pictures:
                yield self._reached(picture), self._encode(picture)
        for packet in self._stream.codec_context.encode_lazy(None):
            yield self.written_seconds, self._timed([packet])

    def _encode(self, picture: ReelPicture) -> list[Any]:
        frame = picture.frame if self._indexer is None else self._indexer(picture.frame)
        frame.pts = picture.tick
        frame.duration = picture.num_ticks
        frame.time_base = 1 / self.clock.rate
        frame.pict_type = 1 if picture.is_first_of_run else 0
        self._durations[picture.tick] = picture.num_ticks
        return self._timed(self._stream.encode(frame))

    def _timed(self, packets: list[Any]) -> list[Any]:
        """Tell packets how long they last: the muxer needs it for the last one."""
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts, 1)
        return packets

    def _reached(self, picture: ReelPicture) -> float:
        self.written_seconds = float((picture.tick + picture.num_ticks) / self.clock.rate)
        return self.written_seconds
