"""The sound of a reel: from the tracks of the film and the soundtrack to packets.

Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from typing import Any

from vsumm.decode import StreamReader
from vsumm.media import MediaInfo
from vsumm.reel.compose import DuckedSound, SoundSource, Soundtrack
from vsumm.reel.encoders import nearest_layout, nearest_rate, open_encoder
from vsumm.reel.formats import ReelFormat
from vsumm.reel.join_sound import JoinedSound
from vsumm.reel.layout import PlacedRun
from vsumm.reel.place_sound import Samples, SoundPlacer, to_audio_frame
from vsumm.reel.plan import ReelPlan

BITS_PER_SECOND_AND_CHANNEL = 80_000
"""Rate of lossy sound; less where the sample rate is low."""
BITS_PER_SAMPLE = 4
"""Upper limit of that rate for low sample rates, where encoders refuse more."""


class SoundTrack:
    """The sound of the reel: from a source to packets."""

    def __init__(
        self,
        chosen: ReelFormat,
        runs: Sequence[PlacedRun],
        source: SoundSource,
        *,
        language: str | None = None,
    ) -> None:
        assert chosen.audio_encoder is not None
        self.encoder = chosen.audio_encoder
        self.source = source
        self.written_seconds = 0.0
        self._language = language
        self._runs = runs
        self._stream: Any = None

    def add_to(self, container: Any) -> None:
        """Make the stream in an output container."""
        rate = nearest_rate(self.encoder, self.source.sample_rate)
        layout = nearest_layout(self.encoder, self.source.layout, rate)
        stream = container.add_stream(self.encoder, rate=rate, layout=layout)
        if not self.encoder.startswith(("pcm", "flac")):
            per_channel = min(BITS_PER_SECOND_AND_CHANNEL, BITS_PER_SAMPLE * rate)
            stream.codec_context.bit_rate = per_channel * stream.codec_context.layout.nb_channels
        if self._language:
            stream.metadata["language"] = self._language
        open_encoder(stream.codec_context, self.encoder, {})
        self._stream = stream

    def packets(self) -> Iterator[tuple[float, list[Any]]]:
        """Yield the reel time reached, and the packets that became ready."""
        position = 0
        for samples in self.source.blocks(self._runs):
            packets = self._encode(samples, position)
            position += samples.shape[1]
            self.written_seconds = position / self.source.sample_rate
            yield self.written_seconds, packets
        yield self.written_seconds, self._stream.encode(None)

    def _encode(self, samples: Samples, position: int) -> list[Any]:
        rate, layout = self.source.sample_rate, self.source.layout
        frame = to_audio_frame(samples, position=position, sample_rate=rate, layout=layout)
        packets: list[Any] = self._stream.encode(frame)
        return packets


def open_sound(plan: ReelPlan, runs: Sequence[PlacedRun], stack: ExitStack) -> SoundSource | None:
    """Open what the reel's sound consists of; None where it has no sound.

    Args:
        plan: the film, its track, the soundtrack and how they are combined.
        runs: what is taken of the film.
        stack: closes the files.

    Raises:
        InputError: a file cannot be opened.
    """
    if plan.format.audio_encoder is None:
        return None
    film: SoundSource | None = None
    is_replaced = plan.soundtrack is not None and plan.config.soundtrack_mode == "replace"
    if plan.info.audio and not is_replaced:
        film = JoinedSound(_open_track(plan.info, plan.audio_track, runs[0].source_start, stack))
    if plan.soundtrack is None:
        return film
    form = (film.sample_rate, film.layout) if film else None
    soundtrack = Soundtrack(
        _open_track(plan.soundtrack, plan.soundtrack.main_track, Fraction(0), stack, form),
        start_seconds=plan.config.soundtrack_start_seconds,
    )
    return DuckedSound(film, soundtrack) if film else soundtrack


def _open_track(
    info: MediaInfo,
    number: int,
    start: Fraction,
    stack: ExitStack,
    form: tuple[int, str] | None = None,
) -> SoundPlacer:
    track = info.audio[number]
    reader = stack.enter_context(StreamReader(info, track.index, "audio"))
    begin = Fraction(track.start_seconds)
    span = begin, begin + Fraction(track.duration_seconds)
    return SoundPlacer(reader, reader.peek(start), track, span=span, form=form)
