"""Write cut subtitles into the container of the reel.

Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import Any

import av
from av.stream import Disposition

from vsumm.decode import is_font, open_media
from vsumm.reel.languages import code_for
from vsumm.reel.subtitles.plan import CutTrack

MILLISECONDS = Fraction(1, 1000)
_DEMUXERS = {"srt": "srt", "ass": "ass", "vtt": "webvtt"}
_CODECS = {"srt": "subrip", "ass": "ass", "vtt": "webvtt"}


def copy_fonts(film: str, container: Any) -> None:
    """Attach the fonts of a film to an output container.

    Raises:
        InputError: the film cannot be opened.
    """
    with open_media(film) as source:
        fonts: list[Any] = [stream for stream in source.streams if is_font(stream)]
        for stream in fonts:
            name = stream.metadata.get("filename", "font")
            container.add_attachment(name, stream.mimetype, stream.data)


class SubtitleTrack:
    """One track of subtitles: from its text to packets."""

    def __init__(self, track: CutTrack, muxer: str, stack: ExitStack) -> None:
        """Prepare to write.

        Args:
            track: what to write.
            muxer: FFmpeg's name of the reel's container.
            stack: closes what is opened; not before the reel is complete.
        """
        self._track = track
        self._muxer = muxer
        self._stream: Any = None
        data = io.BytesIO(track.text.encode("utf-8"))
        container: Any = stack.enter_context(av.open(data, format=_DEMUXERS[track.form]))
        self._source: Any = container.streams.subtitles[0]
        self._packets = [packet for packet in container.demux(self._source) if packet.size]
        self._is_copied = _CODECS[track.form] == track.plan.encoder
        self._cues = [] if self._is_copied else self._decoded()

    def _decoded(self) -> list[tuple[Any, Any]]:
        context = self._source.codec_context
        cues = [(packet, context.decode2(packet)) for packet in self._packets]
        return [(packet, cue) for packet, cue in cues if cue is not None and len(cue)]

    def add_to(self, container: Any) -> None:
        """Make the stream in an output container."""
        plan = self._track.plan
        if self._is_copied:
            stream = container.add_stream_from_template(self._source)
        else:
            stream = container.add_stream(plan.encoder)
            stream.codec_context.subtitle_header = self._source.codec_context.subtitle_header
            stream.codec_context.time_base = MILLISECONDS
        if plan.language:
            stream.metadata["language"] = code_for(plan.language, self._muxer)
        if plan.title:
            stream.metadata["title"] = plan.title
        flags = [Disposition[name] for name in plan.flags if name in Disposition.__members__]
        stream.disposition = Disposition(sum(flags))
        self._stream = stream

    def packets(self) -> Iterator[tuple[float, list[Any]]]:
        """Yield the reel time reached, and the packets that became ready."""
        for packet in self._packets if self._is_copied else self._encoded():
            packet.stream = self._stream
            yield float(packet.pts * packet.time_base), [packet]

    def _encoded(self) -> Iterator[Any]:
        context = self._stream.codec_context
        for source, cue in self._cues:
            packet = context.encode_subtitle(cue)
            scale = Fraction(source.time_base) / MILLISECONDS
            packet.pts = packet.dts = round(source.pts * scale)
            packet.duration = round(source.duration * scale)
            packet.time_base = MILLISECONDS
            yield packet
