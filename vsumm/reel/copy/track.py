"""The picture of a reel with as much as possible copied from the source, and the edges encoded.

    source packets ── plan ──┬── copied ────────────────┬── one stream of pictures in decoding
    source pictures ─────────┴── edges encoded by x264 ─┘   order, its header knows both

Every piece begins with a picture that needs nothing before it, so that a decoder passes from one
to the next as at any key frame; the pieces name their parameter sets by different ids. Runs in the
encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import dropwhile, groupby, islice
from typing import Any

import av
from av.codec.context import Flags
from av.error import FFmpegError

from vsumm.decode import StreamReader
from vsumm.errors import InputError
from vsumm.media import VideoStream
from vsumm.reel.copy.h264 import (
    DELIMITER,
    IDR,
    PPS,
    PROFILES,
    SPS,
    ParameterSets,
    join_units,
    read_header,
    split_units,
    unit_type,
    write_header,
)
from vsumm.reel.copy.plan import (
    LARGEST_REORDERING,
    SHORTEST_COPY_SECONDS,
    Copy,
    PacketFacts,
    plan_copy,
)
from vsumm.reel.encode_pictures import PICTURES_AHEAD
from vsumm.reel.encoders import encoder_options
from vsumm.reel.layout import PlacedRun, ticks_of_runs
from vsumm.reel.picture_track import PictureTrack
from vsumm.reel.place_pictures import PicturePlacer
from vsumm.workers import Ahead

ENCODER = "libx264"
_LIMITED, _FULL = "yuv420p", "yuvj420p"


class NotCopiableError(Exception):
    """Nothing of this film can be copied into this reel; the message says why."""


@dataclass(frozen=True)
class _Piece:
    """A stretch of one run: copied, or encoded."""

    run: PlacedRun
    """Where it lies in the source and in the reel."""
    ticks: range
    """The ticks of the reel that it fills."""
    copy: Copy | None = None
    """What to copy; None to encode."""


@dataclass(frozen=True)
class _Picture:
    """One coded picture of the reel."""

    data: bytes
    """Its units, with lengths."""
    tick: int
    """When it is shown."""
    is_key: bool
    """Whether a decoder can begin with it."""


class CopiedPictureTrack:
    """The picture of the reel, partly copied; used like a `PictureTrack`."""

    def __init__(
        self,
        plain: PictureTrack,
        runs: Sequence[PlacedRun],
        reader: StreamReader,
        video: VideoStream,
    ) -> None:
        """Prepare to write.

        Args:
            plain: the track that would encode everything; it reads and places what is encoded.
            runs: where the runs lie in the reel.
            reader: the picture stream of the source, for the packets.
            video: what was found out about it before.

        Raises:
            NotCopiableError: nothing of such a film can be copied into such a reel.
        """
        assert isinstance(plain.placer, PicturePlacer)  # nothing is composed
        self.encoder = plain.encoder
        self.placer = plain.placer
        self.missing_glyphs = plain.missing_glyphs
        self.copied_seconds = 0.0
        self.written_seconds = 0.0
        self._plain = plain
        self._reader = reader
        self._rate = plain.clock.rate
        self._stream: Any = None
        self._sets = _sets_of(plain, reader, video)
        options = encoder_options(self.encoder, plain.config)
        options["profile"] = PROFILES[self._sets.profile]
        options["x264-params"] = f"sps-id={self._sets.free_id()}"
        self._options = options
        self._runs = runs
        # Clips that were joined in one track have headers of their own; only one is written.
        self._first_header = reader.stream.codec_context.extradata or b""
        self._header = write_header(self._sets, self._encoder_sets())

    @property
    def not_copied(self) -> str | None:
        """Why nothing was copied, after the last packet; None otherwise."""
        reason = (
            f"no run goes on for {SHORTEST_COPY_SECONDS:g} s from a closed group of pictures on"
        )
        return None if self.copied_seconds else reason

    def add_to(self, container: Any) -> None:
        """Make the stream in an output container."""
        stream = container.add_stream_from_template(self._reader.stream)
        stream.time_base = 1 / self._rate
        stream.codec_context.extradata = self._header
        self._stream = stream

    def packets(self) -> Iterator[tuple[float, list[Any]]]:
        """Yield the reel time reached, and the packets that became ready."""
        for number, picture in enumerate(self._pictures()):
            # Decoding times count the pictures: a reel at a constant rate has one for every tick,
            # and none is decoded later than it is shown.
            yield self._reached(picture), [self._packet(picture, number)]

    def _encoder_sets(self) -> ParameterSets:
        try:
            sets = read_header(self._open_encoder().extradata)
        except (FFmpegError, ValueError) as error:
            profile = self._options["profile"]
            raise NotCopiableError(
                f"{self.encoder} does not take these settings in the film's profile, {profile}"
            ) from error
        assert sets is not None  # it was asked for a header
        return sets

    def _pictures(self) -> Iterator[_Picture]:
        """Yield the coded pictures of the reel in decoding order."""
        for is_encoded, pieces in groupby(self._pieces(), lambda piece: piece.copy is None):
            if is_encoded:
                yield from self._encoded(pieces)
                continue
            for piece in pieces:
                assert piece.copy is not None
                yield from self._copied(piece.copy)

    def _pieces(self) -> Iterator[_Piece]:
        """Yield the pieces of all runs; what can be copied of a run is found out when it is due."""
        for run, ticks in zip(self._runs, ticks_of_runs(self._runs, self._rate), strict=True):
            copy = plan_copy(run, ticks, self._facts(run), self._rate) if ticks else None
            yield from _split(run, ticks, copy, self._rate)

    def _facts(self, run: PlacedRun) -> Iterator[PacketFacts]:
        for time, packet in self._reader.packets_from(run.source_start):
            units = list(split_units(bytes(packet), length_bytes=self._sets.length_bytes))
            is_first = self._reader.header == self._first_header
            is_known = is_first and all(
                self._sets.has(unit) for unit in units if unit_type(unit) in (SPS, PPS)
            )
            yield PacketFacts(
                None if packet.is_discard else time,  # it is not shown
                begins_anew=any(unit_type(unit) == IDR for unit in units),
                is_intact=is_known and not packet.is_corrupt and not packet.is_discard,
            )

    def _copied(self, copy: Copy) -> Iterator[_Picture]:
        """Yield the pictures of a copy; the packets are found again by the time they are shown."""
        packets = dropwhile(
            lambda item: item[0] != copy.start, self._reader.packets_from(copy.start)
        )
        num_found = 0
        for time, packet in islice(packets, len(copy.ticks)):
            units = split_units(bytes(packet), length_bytes=self._sets.length_bytes)
            kept = [unit for unit in units if unit_type(unit) not in (SPS, PPS, DELIMITER)]
            tick = copy.ticks.start + round(((time or 0) - copy.start) * self._rate)
            num_found += tick in copy.ticks
            yield _Picture(join_units(kept), tick, any(unit_type(unit) == IDR for unit in kept))
        if num_found < len(copy.ticks):
            raise InputError(
                "the film reads differently the second time; encode it without fast copies"
            )
        self.copied_seconds += float(len(copy.ticks) / self._rate)

    def _encoded(self, pieces: Iterator[_Piece]) -> Iterator[_Picture]:
        """Encode pieces between two copies with one encoder, so that it is started but once."""
        encoder = self._open_encoder()
        placed = (picture for p in pieces for picture in self.placer.pictures_of(p.run, p.ticks))
        with Ahead(placed, PICTURES_AHEAD) as pictures:
            for picture in pictures:
                frame = picture.frame
                frame.pts, frame.time_base = picture.tick, 1 / self._rate
                frame.pict_type = 1 if picture.is_first_of_run else 0
                yield from map(_from_packet, encoder.encode(frame))
        yield from map(_from_packet, encoder.encode(None))

    def _open_encoder(self) -> Any:
        plain, options = self._plain, self._options
        encoder: Any = av.CodecContext.create(ENCODER, "w")
        plain.configure(encoder)
        encoder.framerate = self._rate
        encoder.options = options
        encoder.flags |= Flags.global_header
        encoder.open()
        return encoder

    def _packet(self, picture: _Picture, number: int) -> Any:
        packet = av.Packet(picture.data)
        packet.pts, packet.dts, packet.duration = picture.tick, number - LARGEST_REORDERING, 1
        packet.time_base = 1 / self._rate
        packet.is_keyframe = picture.is_key
        packet.stream = self._stream
        return packet

    def _reached(self, picture: _Picture) -> float:
        self.written_seconds = max(self.written_seconds, float((picture.tick + 1) / self._rate))
        return self.written_seconds


def _sets_of(plain: PictureTrack, reader: StreamReader, video: VideoStream) -> ParameterSets:
    """Return the parameter sets of the source.

    Raises:
        NotCopiableError: its pictures cannot stand beside encoded ones, or not unchanged.
    """
    context = reader.stream.codec_context
    target = plain.target
    sets = read_header(context.extradata or b"") if video.codec == "h264" else None
    obstacles = (
        (video.codec != "h264", f"the film is {video.codec}; only H.264 can be copied"),
        (plain.encoder != ENCODER, f"the reel is encoded by {plain.encoder}, not {ENCODER}"),
        (not plain.clock.is_constant, "the film has no constant frame rate"),
        (target.rotation_degrees != 0, "the film has to be rotated"),
        (video.is_interlaced, "the film is interlaced"),
        (
            video.pixel_format not in (_LIMITED, _FULL)
            or video.pixel_format != target.pixel_format,
            f"its pixel format {video.pixel_format} is not {target.pixel_format}",
        ),
        (
            (context.width, context.height) != (target.width, target.height)
            or video.sample_aspect_ratio != 1,
            f"its pictures, {context.width} x {context.height}, have to be scaled or cropped",
        ),
        (sets is None, "its header cannot be read"),
        (sets is not None and sets.profile not in PROFILES, "its profile is not a usual one"),
        (sets is not None and sets.free_id() is None, "it uses all ids of parameter sets"),
    )
    for is_true, reason in obstacles:
        if is_true:
            raise NotCopiableError(reason)
    assert sets is not None
    return sets


def _split(run: PlacedRun, ticks: range, copy: Copy | None, rate: Fraction) -> list[_Piece]:
    """Split a run into the edge before its copy, the copy, and the edge behind it."""
    if copy is None:
        return [_Piece(run, ticks)] if ticks else []
    half = 1 / (2 * rate)
    pieces = (
        _Piece(replace(run, source_end=copy.start - half), range(ticks.start, copy.ticks.start)),
        _Piece(run, copy.ticks, copy),
        _Piece(replace(run, source_start=copy.last + half), range(copy.ticks.stop, ticks.stop)),
    )
    return [piece for piece in pieces if piece.ticks]


def _from_packet(packet: Any) -> _Picture:
    units = split_units(bytes(packet), length_bytes=0)
    kept = [unit for unit in units if unit_type(unit) not in (SPS, PPS, DELIMITER)]
    return _Picture(join_units(kept), packet.pts, packet.is_keyframe)
