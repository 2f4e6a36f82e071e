"""The picture of a reel: from the stream of the source to packets.

Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

import av

from vsumm.decode import (
    BT709,
    FULL_RANGE,
    LIMITED_RANGE,
    PictureTarget,
    StreamReader,
    is_hdr,
    output_matrix,
)
from vsumm.errors import OutputError
from vsumm.media import VideoStream
from vsumm.reel import compose, gif
from vsumm.reel.encoders import (
    choose_video_encoder,
    encoder_options,
    hdr10_parameters,
    hdr10_parameters_of_av1,
    lost_metadata,
    open_encoder,
    traits_of,
)
from vsumm.reel.layout import PlacedRun
from vsumm.reel.place_pictures import (
    EXACT_RATE,
    SLOWEST_CONSTANT_RATE,
    PicturePlacer,
    ReelClock,
    ReelPicture,
    survey_rate,
)
from vsumm.reel.plan import ReelPlan
from vsumm.reel.shape import Reshaper, Shot
from vsumm.workers import Ahead

KEY_FRAME_SECONDS = 5
"""Longest distance of key frames, so that a player can seek in the reel."""
PICTURES_AHEAD = 6
"""Pictures that are kept ready for the encoder."""
FINEST_MPEG4_CLOCK = 65_535
"""MPEG-4 part 2 stores its ticks per second in 16 bits."""
FASTEST_REPEATED_RATE = 240
"""Most frames per second where every tick must show one, however fast the film claims to be."""


@dataclass(frozen=True)
class _SourceForm:
    """Form and colours of the source's frames; numbers as in ITU-T H.273, 2 is unspecified."""

    pixel_format: str = "yuv420p"
    color_range: int = 0
    matrix: int = 2
    primaries: int = 2
    transfer: int = 2


class PictureTrack:
    """The picture of the reel: from the source's stream to packets."""

    def __init__(
        self,
        plan: ReelPlan,
        runs: Sequence[PlacedRun],
        readers: Sequence[StreamReader],
        video: VideoStream,
        shots: Sequence[Shot] = (),
    ) -> None:
        """Prepare to write.

        Args:
            plan: what the reel will be.
            runs: where the runs lie in the reel.
            readers: the picture stream of the source; a second time for runs that overlap.
            video: what was found out about it before.
            shots: what the reel shows of the shots of the film.
        """
        reader = readers[0]
        is_composed = plan.config.changes_picture
        # Read now: the stream is another one after the file was opened again.
        self._average_rate = reader.average_rate
        first = reader.peek(runs[0].source_start)
        form = _form_of(first)
        hdr = is_hdr(form.transfer)
        # Pictures are composed in 8 bits.
        keeps_hdr = hdr and not is_composed
        self.encoder = choose_video_encoder(plan.format, plan.config, hdr=keeps_hdr)
        rate = survey_rate(reader, runs)
        is_constant = plan.format.has_constant_rate or is_composed
        self.clock = _choose_clock(self.encoder, rate, self._average_rate, is_constant=is_constant)
        self.target = _choose_target(
            video, form, self.encoder, plan.geometry.size, hdr=hdr, keeps_hdr=keeps_hdr
        )
        self._indexer = None
        if self.encoder == gif.ENCODER:
            samples = (reader.peek(time) for time in gif.sample_times(runs))
            self._indexer = gif.Indexer([frame for frame in samples if frame is not None])
        reshapers = [Reshaper(plan.geometry, shots) for _ in readers]
        whole = reshapers[0].film_target(self.target)
        self._matrix = output_matrix(form.pixel_format, form.matrix, form.transfer, whole)
        self.config = plan.config
        self.options = encoder_options(self.encoder, plan.config)
        self.lost = lost_metadata(first, self.encoder, is_mapped=hdr and self.target.is_tone_mapped)
        if keeps_hdr and self.encoder == "libx265":
            mastering = hdr10_parameters(first)
            self.options["x265-params"] = ":".join([self.options["x265-params"], *mastering])
        elif keeps_hdr and self.encoder == "libsvtav1":
            self.options |= {"svtav1-params": ":".join(hdr10_parameters_of_av1(first))}
        begin = Fraction(video.start_seconds)
        span = begin, begin + Fraction(video.duration_seconds)
        placers = [
            PicturePlacer(each, self.clock, self.target, span=span, reshaper=reshaper)
            for each, reshaper in zip(readers, reshapers, strict=True)
        ]
        self.placer = self._composed(placers) if is_composed else placers[0]
        self.written_seconds = self.copied_seconds = 0.0
        self._runs = runs
        self._form = form
        self._has_one_clock = plan.format.has_constant_rate
        self._stream: Any = None
        self._durations: dict[int, int] = {}

    @property
    def _rate(self) -> Fraction:
        return self.clock.rate if self.clock.is_constant else self._average_rate

    @property
    def missing_glyphs(self) -> str:
        """The characters of the title that its font does not have."""
        return "" if isinstance(self.placer, PicturePlacer) else self.placer.missing_glyphs

    def _composed(self, placers: Sequence[PicturePlacer]) -> compose.ComposedPictures:
        # Named through its folder, which loads moviepy only now: that takes half a second.
        return compose.ComposedPictures(
            placers, self.clock, self.target, self.config, matrix=self._matrix
        )

    def add_to(self, container: Any) -> None:
        """Make the stream in an output container."""
        try:
            stream = container.add_stream(self.encoder, rate=self._rate, options=self.options)
        except ValueError as error:
            raise OutputError(f"the container cannot hold what {self.encoder} makes") from error
        context = stream.codec_context
        self.configure(context)
        if self.encoder == "libx265":
            context.codec_tag = "hvc1"  # players of Apple want this name in MP4 files
        open_encoder(context, self.encoder, self.options)
        self._stream = stream

    def configure(self, context: Any) -> None:
        """Tell an encoder what the pictures are."""
        context.width, context.height = self.target.width, self.target.height
        context.pix_fmt = self.target.pixel_format
        if self._indexer is not None:
            context.pix_fmt = gif.PIXEL_FORMAT
        context.time_base = 1 / self.clock.rate
        context.gop_size = max(1, round(KEY_FRAME_SECONDS * float(self._rate)))
        if not self.clock.is_constant or self._has_one_clock:
            # MP4 counts a track's length in decoding times, which B-frames shift by whole frames;
            # AVI knows no other times.
            context.max_b_frames = 0
        context.thread_type = "AUTO"
        context.color_range = FULL_RANGE if self.target.is_full_range else LIMITED_RANGE
        context.colorspace = self._matrix
        is_mapped = self.target.is_tone_mapped and is_hdr(self._form.transfer)
        context.color_primaries = BT709 if is_mapped else self._form.primaries
        context.color_trc = BT709 if is_mapped else self._form.transfer

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


def _form_of(frame: Any) -> _SourceForm:
    if frame is None:
        return _SourceForm()
    return _SourceForm(
        pixel_format=frame.format.name,
        color_range=frame.color_range,
        matrix=frame.colorspace,
        primaries=frame.color_primaries,
        transfer=frame.color_trc,
    )


def _choose_clock(
    encoder: str, rate: Fraction | None, average_rate: Fraction, *, is_constant: bool
) -> ReelClock:
    """Keep a constant rate; else keep exact times, unless every tick must have its picture."""
    if encoder == gif.ENCODER:
        return gif.clock_for(average_rate, is_constant=is_constant)
    if is_constant:
        rate = min(rate or average_rate, Fraction(FASTEST_REPEATED_RATE))
        finest = max(1, FINEST_MPEG4_CLOCK // ceil(rate))
        return ReelClock(rate.limit_denominator(finest), is_constant=True)
    if rate is None or rate < SLOWEST_CONSTANT_RATE:
        return ReelClock(EXACT_RATE, is_constant=False)
    return ReelClock(rate, is_constant=True)


def _choose_target(
    video: VideoStream,
    form: _SourceForm,
    encoder: str,
    size: tuple[int, int],
    *,
    hdr: bool,
    keeps_hdr: bool,
) -> PictureTarget:
    """Choose the pixel format: 4:2:0, 8 bits, or 10 for high dynamic range."""
    known = {pixel_format.name for pixel_format in av.Codec(encoder, "w").video_formats or []}
    is_full = form.color_range == FULL_RANGE or form.pixel_format.startswith("yuvj")
    wanted = ["yuv420p"]
    if keeps_hdr:
        wanted.insert(0, "yuv420p10le")
    elif is_full and not hdr and traits_of(encoder).has_full_range:
        wanted.insert(0, "yuvj420p")
    if encoder == gif.ENCODER:
        wanted, known = ["rgb24"], {"rgb24"}
    pixel_format = next((name for name in wanted if name in known), None)
    if pixel_format is None:
        raise OutputError(f"the encoder {encoder} takes none of {', '.join(wanted)}")
    return PictureTarget.of_video(
        video,
        size,
        pixel_format,
        is_tone_mapped="10" not in pixel_format,
    )
