"""The picture of a reel: from the stream of the source to packets.

Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

import av

from vsumm.decode import (
    BT709,
    FULL_RANGE,
    PictureTarget,
    StreamReader,
    is_hdr,
    output_matrix,
)
from vsumm.errors import OutputError
from vsumm.media import VideoStream
from vsumm.reel import compose, gif
from vsumm.reel.encode_pictures import EncodedPictures, PictureForm
from vsumm.reel.encoders import (
    choose_video_encoder,
    encoder_options,
    hdr10_parameters,
    hdr10_parameters_of_av1,
    lost_metadata,
    traits_of,
)
from vsumm.reel.layout import PlacedRun
from vsumm.reel.place_pictures import (
    EXACT_RATE,
    SLOWEST_CONSTANT_RATE,
    PicturePlacer,
    ReelClock,
    survey_rate,
)
from vsumm.reel.plan import ReelPlan
from vsumm.reel.shape import Reshaper, Shot

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


class PictureTrack(EncodedPictures):
    """The picture of the reel of one film: from its stream to packets."""

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
        average_rate = reader.average_rate
        first = reader.peek(runs[0].source_start)
        form = _form_of(first)
        hdr = is_hdr(form.transfer)
        # Pictures are composed in 8 bits.
        keeps_hdr = hdr and not is_composed
        encoder = choose_video_encoder(plan.format, plan.config, hdr=keeps_hdr)
        rate = survey_rate(reader, runs)
        is_constant = plan.format.has_constant_rate or is_composed
        clock = _choose_clock(encoder, rate, average_rate, is_constant=is_constant)
        target = _choose_target(
            video, form, encoder, plan.geometry.size, hdr=hdr, keeps_hdr=keeps_hdr
        )
        indexer = None
        if encoder == gif.ENCODER:
            samples = (reader.peek(time) for time in gif.sample_times(runs))
            indexer = gif.Indexer([frame for frame in samples if frame is not None])
        reshapers = [Reshaper(plan.geometry, shots) for _ in readers]
        whole = reshapers[0].film_target(target)
        matrix = output_matrix(form.pixel_format, form.matrix, form.transfer, whole)
        is_mapped = hdr and target.is_tone_mapped
        self.config = plan.config
        options = encoder_options(encoder, plan.config)
        self.lost = lost_metadata(first, encoder, is_mapped=is_mapped)
        if keeps_hdr and encoder == "libx265":
            mastering = hdr10_parameters(first)
            options["x265-params"] = ":".join([options["x265-params"], *mastering])
        elif keeps_hdr and encoder == "libsvtav1":
            options |= {"svtav1-params": ":".join(hdr10_parameters_of_av1(first))}
        begin = Fraction(video.start_seconds)
        span = begin, begin + Fraction(video.duration_seconds)
        placers = [
            PicturePlacer(each, clock, target, span=span, reshaper=reshaper)
            for each, reshaper in zip(readers, reshapers, strict=True)
        ]
        self.placer: PicturePlacer | compose.ComposedPictures = placers[0]
        if is_composed:
            # Named through its folder, which loads moviepy only now: that takes half a second.
            self.placer = compose.ComposedPictures(
                placers, clock, target, plan.config, matrix=matrix
            )
        self.copied_seconds = 0.0
        super().__init__(
            PictureForm(
                encoder,
                options,
                clock,
                target,
                matrix,
                primaries=BT709 if is_mapped else form.primaries,
                transfer=BT709 if is_mapped else form.transfer,
                frame_rate=clock.rate if clock.is_constant else average_rate,
                has_one_clock=plan.format.has_constant_rate,
            ),
            self.placer,
            runs,
            indexer=indexer,
        )

    @property
    def missing_glyphs(self) -> str:
        """The characters of the title that its font does not have."""
        return "" if isinstance(self.placer, PicturePlacer) else self.placer.missing_glyphs


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
