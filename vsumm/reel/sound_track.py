"""The sound of a reel: from the tracks of the film and the soundtrack to packets.

Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from fractions import Fraction
from typing import Any

import av
from av.audio.fifo import AudioFifo

from vsumm.decode import StreamReader
from vsumm.media import MediaInfo
from vsumm.reel.compose import SoundSource, Soundtrack
from vsumm.reel.config import USUAL_FADE_SECONDS, ReelConfig
from vsumm.reel.duck import DuckedSound
from vsumm.reel.encoders import decoder_of, nearest_layout, nearest_rate, open_encoder
from vsumm.reel.formats import ReelFormat
from vsumm.reel.join_sound import JoinedSound
from vsumm.reel.layout import PlacedRun
from vsumm.reel.loudness import LevelledSound
from vsumm.reel.place_sound import Samples, SoundPlacer, to_audio_frame
from vsumm.reel.plan import ReelPlan

BITS_PER_SECOND_AND_CHANNEL = 80_000
"""Rate of lossy sound; less where the sample rate is low."""
BITS_PER_SAMPLE = 4
"""Upper limit of that rate for low sample rates, where encoders refuse more."""
LOSSLESS = ("pcm", "flac")
"""Beginnings of the names of encoders that lose nothing."""
HEARD_SAMPLES = 16_384
"""Length of the frames in which decoded sound is measured."""
KEPT_BYTES = 64 << 20
"""Packets that were encoded to be measured are kept up to this: an hour of stereo."""


class TriedEncoding:
    """Sound that is encoded, and decoded to be measured; it need not be encoded again.

    Attributes:
        kept: the reel time reached, and the packets that became ready, see `is_whole`.
    """

    def __init__(self, encoded: Iterator[tuple[float, list[Any]]], decoder: Any) -> None:
        """Prepare to encode; `decoder` is fit for the packets in `encoded`."""
        self.kept: list[tuple[float, list[Any]]] = []
        self._encoded = encoded
        self._decoder = decoder
        self._num_bytes = 0

    @property
    def is_whole(self) -> bool:
        """Whether all packets were kept."""
        return bool(self.kept)

    def frames(self) -> Iterator[Any]:
        """Yield what a player makes of it, in frames of PyAV."""
        heard = AudioFifo()  # what measures them takes less for few long frames
        for reached_seconds, packets in self._encoded:
            self._keep(reached_seconds, packets)
            for packet in packets:
                for frame in self._decoder.decode(packet):
                    if frame.pts is None or frame.pts + frame.samples > 0:  # no lead-in
                        frame.pts = None
                        heard.write(frame)
                yield from heard.read_many(HEARD_SAMPLES)
        for frame in self._decoder.decode(None):
            frame.pts = None
            heard.write(frame)
        yield from heard.read_many(HEARD_SAMPLES, partial=True)

    def _keep(self, reached_seconds: float, packets: list[Any]) -> None:
        self._num_bytes += sum(packet.size for packet in packets)
        if self._num_bytes <= KEPT_BYTES:
            self.kept.append((reached_seconds, packets))
        else:
            self.kept.clear()


class SoundTrack:
    """The sound of the reel: from a source to packets."""

    def __init__(
        self,
        chosen: ReelFormat,
        runs: Sequence[PlacedRun],
        source: SoundSource,
        *,
        language: str | None = None,
        loudness: float | None = None,
    ) -> None:
        """Prepare to write.

        Args:
            chosen: the container.
            runs: what is taken of the film.
            source: the sound.
            language: its language, as the container names it.
            loudness: what to bring it to, LUFS; None: leave it, but never above full scale where
                several sounds are added up.
        """
        assert chosen.audio_encoder is not None
        self.encoder = chosen.audio_encoder
        self.source = source
        self.written_seconds = 0.0
        self._levelled = None
        if loudness is not None or isinstance(source, DuckedSound):
            is_lossy = not self.encoder.startswith(LOSSLESS)
            self._levelled = LevelledSound(source, loudness, self._tried, is_lossy=is_lossy)
        self._language = language
        self._runs = runs
        self._stream: Any = None

    @property
    def note(self) -> str | None:
        """What is not as it was asked for, once all is written."""
        return self._levelled.note if self._levelled else None

    def add_to(self, container: Any) -> None:
        """Make the stream in an output container."""
        rate, layout = self._form()
        stream = container.add_stream(self.encoder, rate=rate, layout=layout)
        if self._language:
            stream.metadata["language"] = self._language
        self._open(stream.codec_context)
        self._stream = stream

    def packets(self) -> Iterator[tuple[float, list[Any]]]:
        """Yield the reel time reached, and the packets that became ready."""
        if self._levelled is None:
            yield from self._written(self._encoded(self.source.blocks(self._runs), self._stream))
            return
        with closing(self._levelled) as levelled:
            for _ in levelled.prepare(self._runs):
                yield 0.0, []
            if isinstance(levelled.encoding, TriedEncoding) and levelled.encoding.is_whole:
                yield from self._written(self._moved(levelled.encoding))
            else:
                yield from self._written(self._encoded(levelled.blocks(), self._stream))

    def _written(
        self, encoded: Iterator[tuple[float, list[Any]]]
    ) -> Iterator[tuple[float, list[Any]]]:
        for reached_seconds, packets in encoded:
            self.written_seconds = reached_seconds
            yield reached_seconds, packets

    def _moved(self, tried: TriedEncoding) -> Iterator[tuple[float, list[Any]]]:
        """Yield what was encoded to be measured, as packets of the reel."""
        for reached_seconds, packets in tried.kept:
            for packet in packets:
                packet.stream = self._stream
            yield reached_seconds, packets

    def _tried(self, blocks: Iterator[Samples]) -> TriedEncoding:
        """Encode blocks (C, T) as the reel's, to be listened to."""
        rate, layout = self._form()
        encoder: Any = av.CodecContext.create(self.encoder, "w")
        encoder.sample_rate, encoder.layout = rate, layout
        encoder.format = encoder.codec.audio_formats[0]
        self._open(encoder)
        decoder: Any = av.CodecContext.create(decoder_of(self.encoder), "r")
        decoder.sample_rate, decoder.layout = rate, layout
        decoder.extradata = encoder.extradata
        return TriedEncoding(self._encoded(blocks, encoder), decoder)

    def _encoded(
        self, blocks: Iterator[Samples], encoder: Any
    ) -> Iterator[tuple[float, list[Any]]]:
        """Encode blocks (C, T); yield the time reached, seconds, and packets."""
        rate, layout = self.source.sample_rate, self.source.layout
        num_samples = 0
        for samples in blocks:
            packets: list[Any] = []
            if samples.shape[1]:
                frame = to_audio_frame(
                    samples, position=num_samples, sample_rate=rate, layout=layout
                )
                packets = encoder.encode(frame)
            num_samples += samples.shape[1]
            yield num_samples / rate, packets
        yield num_samples / rate, encoder.encode(None)

    def _form(self) -> tuple[int, str]:
        """Return the rate, Hz, and the layout that the encoder takes."""
        rate = nearest_rate(self.encoder, self.source.sample_rate)
        return rate, nearest_layout(self.encoder, self.source.layout, rate)

    def _open(self, context: Any) -> None:
        """Open an encoder whose rate and layout are set."""
        if not self.encoder.startswith(LOSSLESS):
            per_channel = min(BITS_PER_SECOND_AND_CHANNEL, BITS_PER_SAMPLE * context.sample_rate)
            context.bit_rate = per_channel * context.layout.nb_channels
        open_encoder(context, self.encoder, {})


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
        film = JoinedSound(open_track(plan.info, plan.audio_track, runs[0].source_start, stack))
    return with_soundtrack(film, plan.soundtrack, plan.config, stack)


def with_soundtrack(
    film: SoundSource | None, soundtrack: MediaInfo | None, config: ReelConfig, stack: ExitStack
) -> SoundSource | None:
    """Lay a soundtrack under the sound of films, or instead of it; None where there is neither.

    Args:
        film: what is heard of the films; None for nothing.
        soundtrack: the file that is laid under it; None for none.
        config: where in it the reel begins, and what is heard of the films over it.
        stack: closes the file.

    Raises:
        InputError: the file cannot be opened.
    """
    if soundtrack is None:
        return film
    form = (film.sample_rate, film.layout) if film else None
    fade_seconds = config.soundtrack_fade_seconds
    music = Soundtrack(
        open_track(soundtrack, soundtrack.main_track, Fraction(0), stack, form),
        start_seconds=config.soundtrack_start_seconds,
        fade_seconds=USUAL_FADE_SECONDS if fade_seconds is None else fade_seconds,
    )
    keeps_noise = config.soundtrack_mode == "duck"
    return DuckedSound(film, music, keeps_noise=keeps_noise) if film else music


def open_track(
    info: MediaInfo,
    number: int,
    start: Fraction,
    stack: ExitStack,
    form: tuple[int, str] | None = None,
) -> SoundPlacer:
    """Open one track of a file.

    Args:
        info: the file.
        number: which of its audio tracks, counted from 0.
        start: an instant at which it is read, on the presentation clock, to learn its form.
        stack: closes the file.
        form: sample rate and layout of what is read, if not the track's own.

    Raises:
        InputError: the file cannot be opened.
    """
    track = info.audio[number]
    reader = stack.enter_context(StreamReader(info, track.index, "audio"))
    begin = Fraction(track.start_seconds)
    span = begin, begin + Fraction(track.duration_seconds)
    return SoundPlacer(reader, reader.peek(start), track, span=span, form=form)
