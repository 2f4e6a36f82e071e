"""The job that reads the subtitles inside a film.

Runs in a worker only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
from av.stream import Discard

from vsumm.decode import open_media, read_packets

if TYPE_CHECKING:
    from vsumm.workers import Messages

CUES_PER_MESSAGE = 1000
PACKETS_PER_TICK = 1000
DEFAULT_MILLISECONDS = 5000
"""How long a cue is shown where the film does not say it and no other cue follows."""
ASS_CODECS = ("ass", "ssa")
CAPTION_CODEC = "eia_608"
"""Closed captions: a packet adds letters, and says later that they are shown, or are over."""
VERBATIM_CODECS = ("subrip", "text", "webvtt")
"""Codecs whose packets are the words of a cue as files have them."""

Cue = list[Any]
"""Start and end in milliseconds on the presentation clock, words, settings of WebVTT."""


def run_subtitles(
    messages: Messages, *, path: str, streams: list[int], start_seconds: float
) -> None:
    """Send the cues of tracks, for each in "cues" messages and one "header" message.

    Args:
        messages: where to.
        path: the film.
        streams: which of its streams.
        start_seconds: start of the presentation on the container's clock.
    """
    with open_media(path) as container:
        for stream in container.streams:
            stream.discard = Discard.default if stream.index in streams else Discard.all
        readers = {
            index: _TrackReader(container.streams[index], start_seconds) for index in streams
        }
        for number, packet in enumerate(read_packets(container)):
            if number % PACKETS_PER_TICK == 0:
                messages.tick()
            reader = readers.get(packet.stream_index)
            if reader is not None and packet.size and packet.pts is not None:
                reader.take(packet)
        for index, reader in readers.items():
            reader.finish()
            cues = reader.cues()
            for first in range(0, len(cues), CUES_PER_MESSAGE):
                batch = cues[first : first + CUES_PER_MESSAGE]
                messages.send("cues", stream=index, cues=batch)
            messages.send("header", stream=index, form=reader.form, header=reader.header)


class _TrackReader:
    """Turns the packets of one track into cues."""

    def __init__(self, stream: Any, start_seconds: float) -> None:
        self._context = stream.codec_context
        self._base = Fraction(stream.time_base)
        self._start = Fraction(start_seconds)
        self._codec = self._context.codec.canonical_name
        self._cues: list[Cue] = []

    @property
    def form(self) -> str:
        """How the words of the cues are written."""
        if self._codec in VERBATIM_CODECS:
            return "vtt" if self._codec == "webvtt" else "srt"
        return "ass"

    @property
    def header(self) -> str:
        """The styles of an ASS track."""
        data = self._context.extradata if self._codec in ASS_CODECS else None
        return _text(data or self._context.subtitle_header or b"")

    def take(self, packet: Any) -> None:
        """Keep the cue of a packet, if there is one in it."""
        if self._codec == CAPTION_CODEC:
            self._take_captions(packet)
            return
        settings = ""
        if self.form != "ass":
            words = [_text(bytes(packet))]
            if self._codec == "webvtt" and packet.has_sidedata("webvtt_settings"):
                settings = _text(bytes(packet.get_sidedata("webvtt_settings")))
        elif self._codec in ASS_CODECS:
            words = [_text(bytes(packet))]
        else:
            words = self._decoded(packet)
        start = round((packet.pts * self._base - self._start) * 1000)
        length = round((packet.duration or 0) * self._base * 1000)
        self._cues += [[start, start + length, text, settings] for text in words]

    def finish(self) -> None:
        """Keep what is still shown at the end."""
        if self._codec == CAPTION_CODEC:
            self._take_captions(av.Packet())

    def _take_captions(self, packet: Any) -> None:
        """Keep the captions that are over with a packet, at the times that the decoder names."""
        with suppress(av.FFmpegError):
            if (shown := self._context.decode2(packet)) is not None:
                start = round((Fraction(shown.pts, av.time_base) - self._start) * 1000)
                end = start + shown.end_display_time
                self._cues += [[start, end, _text(rect.ass), ""] for rect in shown]

    def _decoded(self, packet: Any) -> list[str]:
        try:
            return [_text(rect.ass) for rect in self._context.decode2(packet) or ()]
        except av.FFmpegError:
            return []

    def cues(self) -> list[Cue]:
        """Return the cues in the order of their times; each ends after it begins."""
        cues = sorted(self._cues, key=lambda cue: cue[0])
        starts = [cue[0] for cue in cues[1:]]
        for cue, following in zip(cues, [*starts, None], strict=False):
            if cue[1] <= cue[0]:
                usual = cue[0] + DEFAULT_MILLISECONDS
                cue[1] = usual if following is None else min(usual, max(following, cue[0] + 1))
        return cues


def _text(data: bytes) -> str:
    return bytes(data).decode("utf-8", "replace").replace("\0", "")
