"""Open a film for FFmpeg: all of it, or one track with as little of the rest as possible.

FFmpeg gets an open descriptor, so it cannot interpret the name of the file, and no other protocol
is allowed, so a playlist inside the file cannot name another file or host.

When FFmpeg opens an MP4 film, it builds the index of every track, 24 to 36 bytes for each packet:
100 MB for ten hours, in every process that reads them. So the boxes of the other tracks are shown
to it as free space:

    moov ( mvhd  trak 0  trak 1  trak 2 ) mdat      in the file
    moov ( mvhd  free    trak 1  free   ) mdat      as FFmpeg sees it, asked for stream 1

It then reads only the packets of that track. Films longer than an hour are shown in parts, see
`vsumm.decode.mp4.parts`. Films in fragments keep all their tracks, and films in other containers
are opened as they are.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain, pairwise
from math import ceil
from typing import Any, Literal

import av
from av.container import InputContainer
from av.stream import Stream

from vsumm.decode.joined import find_joint
from vsumm.decode.mp4 import (
    MARGIN_SECONDS,
    PART_SECONDS,
    Box,
    LongTrack,
    Overlay,
    Part,
    boxes,
    boxes_of_file,
    long_track,
    start_of_cut_fragment,
)
from vsumm.decode.packets import read_packets
from vsumm.decode.transport import find_change
from vsumm.errors import InputError
from vsumm.files import open_regular_file
from vsumm.workers import give_memory_back

CONTAINERS = (
    "mov", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo", "flv", "live_flv", "ogg",
    "asf", "asf_o", "mxf", "gxf", "nut", "rm", "dv", "wtv", "ivf", "obu", "av1", "h261", "h263",
    "h264", "hevc", "vvc", "m4v", "vc1", "dirac", "mjpeg", "mjpeg_2000", "yuv4mpegpipe", "swf",
    "gif", "apng", "nsv", "nuv", "bink", "smk", "roq", "mlv", "dhav", "amr",
    "wav", "w64", "rf64", "aiff", "au", "caf", "mp3", "aac", "ac3", "eac3", "ac4", "dts", "dtshd",
    "truehd", "mlp", "flac", "ape", "wv", "tta", "tak", "mpc", "mpc8", "dsf", "iff", "voc", "spdif",
)  # fmt: skip
"""Demuxers that read one self-contained film or sound file; playlists, scripts, devices, number
patterns and text are left out."""

STILL_PICTURES = (
    "png_pipe", "jpeg_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe", "gif_pipe", "svg_pipe",
    "jpegxl_pipe", "j2k_pipe", "psd_pipe", "exr_pipe", "dds_pipe", "ppm_pipe", "pgm_pipe",
    "qoi_pipe", "sgi_pipe", "ico", "jpegxl_anim",
)  # fmt: skip
"""Demuxers of still pictures: recognised only for the error message."""

MAX_PIXELS = 1 << 27
"""Largest picture that is decoded, in pixels: 16384 x 8192."""

METADATA: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}
)
"""How PyAV reads tags that are no UTF-8; version 19 has no choice and keeps the odd bytes as
surrogates, which `tags_of` replaces."""


@contextmanager
def open_media(path: str) -> Iterator[InputContainer]:
    """Open `path` for demuxing and close it afterwards.

    Raises:
        InputError: it is no regular file, cannot be opened, or holds no film or sound.
    """
    with _opened(path) as descriptor, _open_descriptor(descriptor) as container:
        yield container


@contextmanager
def open_stream(
    path: str,
    index: int,
    kind: Literal["video", "audio"],
    *,
    around: tuple[float, float] | None = None,
) -> Iterator[tuple[InputContainer, Any]]:
    """Open a film for one of its streams; packets of the others may or may not be read.

    Args:
        path: the film.
        index: the stream, counted as `open_media` counts them.
        kind: what it is.
        around: the first and the last wanted time on the container's clock, seconds; packets far
            from them may be left out.

    Yields:
        The container, and the stream in it, whose `index` may be another one.

    Raises:
        InputError: as `open_media`, or there is no such stream.
    """
    with _opened(path) as descriptor:
        view = _View(descriptor, index, kind)
        margin = MARGIN_SECONDS
        track = view.long_track if around else None
        part = track.part(around[0] - margin, around[1] + margin) if track and around else None
        with ExitStack() as stack:
            try:
                opened = stack.enter_context(view.open(path, part))
            except InputError:
                if part is None:
                    raise
                opened = stack.enter_context(view.open(path, None))
            yield opened


def groups_of_wanted(
    path: str, index: int, wanted: Sequence[tuple[float, float]]
) -> list[Sequence[tuple[float, float]]]:
    """Split wanted times of a picture, as `FramePicker` takes them, into groups for one opening."""
    with _opened(path) as descriptor:
        if not wanted or _View(descriptor, index, "video").long_track is None:
            return [wanted]
    numbers = [int(time // PART_SECONDS) for time, _ in wanted]
    borders = [k for k in range(1, len(wanted)) if numbers[k] != numbers[k - 1]]
    return [wanted[a:b] for a, b in pairwise([0, *borders, len(wanted)])]


@contextmanager
def open_sound(
    path: str, index: int
) -> Iterator[tuple[InputContainer, Any, Iterator[av.Packet[Any]]]]:
    """Open a film for one of its sound tracks, from its start to its end.

    Yields:
        The container, the stream in it, whose `index` may be another one, and all packets in file
        order, maybe with those of other streams. The packets of a long film come from several
        containers: decode them with the codec context of this stream.

    Raises:
        InputError: as `open_stream`.
    """
    with _opened(path) as descriptor:
        view = _View(descriptor, index, "audio")
        track = view.long_track
        parts = track_parts(track) if track else iter(())
        with view.open(path, next(parts, None)) as (container, stream):
            packets = chain(read_packets(container), view.later_packets(path, parts))
            yield container, stream, packets


def track_parts(track: LongTrack) -> Iterator[Part]:
    """Yield parts of a sound track that follow each other; none where that does not work."""
    ends = [*range(PART_SECONDS, ceil(track.seconds), PART_SECONDS), track.seconds + PART_SECONDS]
    spans = list(pairwise([0, *ends]))
    # Each is made twice: the tables of all parts of ten hours take 20 MB.
    if all(track.part(*span) for span in spans):
        for span in spans:
            part = track.part(*span)
            assert part is not None
            yield part


def tags_of(opened: InputContainer | Stream) -> dict[str, str]:
    """Return the tags of a file or stream, lower-case names; what is no UTF-8 shows as U+FFFD."""
    return {
        name.lower(): text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for name, text in opened.metadata.items()
    }


class _View:
    """One track of an open file, as it is shown to FFmpeg."""

    def __init__(self, descriptor: int, index: int, kind: Literal["video", "audio"]) -> None:
        self._descriptor = descriptor
        self._index = index
        self._kind = kind
        self._hidden: list[tuple[int, bytes]] = []
        self._is_alone = False
        self.long_track: LongTrack | None = None
        for box in boxes_of_file(descriptor):
            if box.kind == b"meta":  # still pictures, which count as streams too
                return
            if box.kind == b"moov":
                self._look_into(box)
                return

    def _look_into(self, moov: Box) -> None:
        parts = list(boxes(self._descriptor, moov.content, moov.end))
        kinds = [box.kind for box in parts]
        tracks = [box for box in parts if box.kind == b"trak"]
        # Cover pictures in front would shift the count of streams.
        if self._index >= len(tracks) or {b"udta", b"meta"} & set(kinds[: kinds.index(b"trak")]):
            return
        self.long_track = long_track(
            self._descriptor, moov, tracks[self._index], is_picture=self._kind == "video"
        )
        if b"mvex" not in kinds:  # fragments refer to their tracks
            self._is_alone = True
            others = [track for place, track in enumerate(tracks) if place != self._index]
            self._hidden = [(track.start + 4, b"free") for track in others]

    @contextmanager
    def open(self, path: str, part: Part | None) -> Iterator[tuple[InputContainer, Any]]:
        """Open a part of the track, or all of it, with the others where they cannot be hidden.

        Raises:
            InputError: the part cannot be opened, or there is no such track.
        """
        patches = [*self._hidden, *(part.patches if part else ())]
        if patches or part:
            overlay = Overlay(self._descriptor, patches, end=part.end if part else None)
            number = 0 if self._is_alone else self._index
            with _open_container(overlay, {}) as container:
                if number < len(container.streams):
                    stream = container.streams[number]
                    if _is_usable(stream, self._kind):
                        give_memory_back()
                        yield container, stream
                        return
        if part:
            raise InputError("a part of it cannot be opened")
        with open_media(path) as container:
            streams = container.streams
            if self._index >= len(streams) or not _is_usable(streams[self._index], self._kind):
                raise InputError(
                    f"its {self._kind} is gone; the file was replaced: look at it again"
                )
            yield container, streams[self._index]

    def later_packets(self, path: str, parts: Iterable[Part]) -> Iterator[av.Packet[Any]]:
        """Yield the packets of parts without their heads."""
        for part in parts:
            with self.open(path, part) as (container, _):
                for packet in read_packets(container):
                    if packet.pos not in part.head:
                        yield packet


def _is_usable(stream: Any, kind: str) -> bool:
    return stream.type == kind and stream.codec_context is not None


@contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = open_regular_file(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_descriptor(descriptor: int) -> InputContainer:
    by_number = {"fd": str(descriptor)}
    try:
        container = _open_container("fd:", by_number)
        name = container.format.name
        if (joint := find_joint(descriptor, name)) is not None:
            container.close()  # times come twice in it: only the first recording is shown
            return _open_container(Overlay(descriptor, end=joint.place), {})
        if name == "mpegts" and find_change(descriptor) == "renamed":
            container.close()
            os.lseek(descriptor, 0, os.SEEK_SET)  # where FFmpeg begins to read
            return _open_container("fd:", by_number | {"merge_pmt_versions": "1"})
        return container
    except InputError:
        cut = start_of_cut_fragment(descriptor)
        if not cut:
            raise
        return _open_container(Overlay(descriptor, end=cut), {})


def _open_container(source: Any, options: dict[str, str]) -> InputContainer:
    """Open an address of the protocol "fd", or an object that reads like a file.

    Raises:
        InputError: as `open_media`.
    """
    options = options | {
        "protocol_whitelist": "fd",
        "format_whitelist": ",".join(CONTAINERS + STILL_PICTURES),
    }
    try:
        container: InputContainer = av.open(source, options=options, **METADATA)
    except MemoryError as error:
        raise InputError("its header asks for more memory than allowed") from error
    except (av.FFmpegError, ValueError, UnicodeError) as error:
        raise InputError("it is no film or sound file, or a damaged one") from error
    if container.format.name in STILL_PICTURES or container.format.name.endswith("_pipe"):
        name = container.format.name
        container.close()
        raise InputError(f"it is a still picture ({name.removesuffix('_pipe')}), not a film")
    return container


def can_skip_frames(context: Any) -> bool:
    """Whether `skip_frame` of a decoder can change from packet to packet.

    External libraries under FFmpeg (dav1d) read it once, when they are opened.
    """
    return not str(context.codec.name).startswith("lib")
