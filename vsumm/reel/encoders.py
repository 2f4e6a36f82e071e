"""Choose picture and sound encoders, and the options to open them with.

Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import av
from av.codec.codec import UnknownCodecError
from av.error import FFmpegError
from av.sidedata.sidedata import Type

from vsumm.errors import OutputError
from vsumm.reel.config import ReelConfig
from vsumm.reel.formats import ReelFormat

HDR10_TYPES = {Type.MASTERING_DISPLAY_METADATA, Type.CONTENT_LIGHT_LEVEL}
"""What HDR10 says of a whole film."""
HDR10_ENCODERS = ("libx265", "libsvtav1")
"""Encoders that are told it."""
DYNAMIC_TYPES = {
    Type.DOVI_METADATA: "Dolby Vision metadata",
    Type.DYNAMIC_HDR_PLUS: "HDR10+ metadata",
}
"""What other kinds say of each picture, which no encoder here can write."""
CAPTION_ENCODERS = ("libx264", "mpeg2video")
"""Encoders that keep closed captions, which lie in the pictures themselves (ATSC A/53)."""
CHROMATICITY_STEPS, LUMINANCE_STEPS = 50_000, 10_000
"""Units of ST 2086: 0.00002, and 0.0001 cd/m2."""


@dataclass(frozen=True)
class EncoderTraits:
    """Where an encoder keeps its two settings, and which values are used unless given."""

    crf_option: str | None
    """Option that takes the rate factor."""
    crf: float | None
    """Default rate factor."""
    preset_option: str | None
    """Option that takes the preset."""
    preset: str | None
    """Default preset."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Options that are always set."""
    has_full_range: bool = False
    """Whether it takes full-range (yuvj) pictures and says so in the stream."""


_TRAITS: Mapping[str, EncoderTraits] = {
    "libx264": EncoderTraits("crf", 20, "preset", "veryfast", has_full_range=True),
    "libx265": EncoderTraits(
        "crf", 23, "preset", "veryfast", {"x265-params": "log-level=error"}, has_full_range=True
    ),
    "libvpx-vp9": EncoderTraits(
        "crf", 31, "cpu-used", "6", {"deadline": "realtime", "row-mt": "1", "b": "0"}
    ),
    "libsvtav1": EncoderTraits("crf", 32, "preset", "10"),
    "mpeg4": EncoderTraits(None, None, None, None, {"qmin": "3", "qmax": "5"}),
    "gif": EncoderTraits(None, None, None, None),
}
_OTHER_ENCODER = EncoderTraits("crf", None, "preset", None)


def hdr10_parameters(frame: Any) -> list[str]:
    """Return parameters of x265 for the display that a film was mastered on (SMPTE ST 2086).

    Args:
        frame: a frame of the film, which may say so.
    """
    parameters = []
    if display := _mastering_display(frame):
        points = [round(value * CHROMATICITY_STEPS) for value in display[:8]]
        least, largest = (round(value * LUMINANCE_STEPS) for value in display[8:])
        shown = _display_text([str(point) for point in points])
        parameters.append(f"master-display={shown}L({largest},{least})")
    if level := _light_level(frame):
        parameters.append(f"max-cll={level[0]},{level[1]}")
    return parameters


def hdr10_parameters_of_av1(frame: Any) -> list[str]:
    """Return what `hdr10_parameters` does as parameters of SVT-AV1."""
    parameters = []
    if display := _mastering_display(frame):
        shown = _display_text([f"{value:.6g}" for value in display[:8]])
        parameters.append(f"mastering-display={shown}L({display[9]:.6g},{display[8]:.6g})")
    if level := _light_level(frame):
        parameters.append(f"content-light={level[0]},{level[1]}")
    return parameters


def _mastering_display(frame: Any) -> list[float]:
    """Return red, green, blue and white, x and y each, then least and largest cd/m2, if known."""
    mastering = frame.side_data.get(Type.MASTERING_DISPLAY_METADATA)
    if mastering is None:
        return []
    # All of them are fractions; then whether the points and whether the luminances are known.
    *numbers, has_points, has_luminance = struct.unpack("=22i", bytes(mastering))
    if not (has_points and has_luminance):
        return []
    return [number / (divisor or 1) for number, divisor in _pairs(numbers)]


def _display_text(points: Sequence[str]) -> str:
    red, green, blue, white = zip(points[::2], points[1::2], strict=True)
    colours = zip(("G", "B", "R", "WP"), (green, blue, red, white), strict=True)
    return "".join(f"{name}({x},{y})" for name, (x, y) in colours)


def _light_level(frame: Any) -> tuple[int, int] | None:
    """Return the greatest light of a pixel, and of a frame on average, cd/m2."""
    level = frame.side_data.get(Type.CONTENT_LIGHT_LEVEL)
    return None if level is None else struct.unpack_from("=2I", bytes(level))


def lost_metadata(frame: Any, encoder: str, *, is_mapped: bool) -> tuple[str, ...]:
    """Return what a film says of its pictures that a reel does not, one name each.

    Args:
        frame: the first frame of the reel, as it is in the film; None where there is none.
        encoder: the picture encoder.
        is_mapped: whether high dynamic range becomes an ordinary one.
    """
    data = frame.side_data if frame is not None else {}
    lost = ["high dynamic range"] if is_mapped else []
    if (
        not is_mapped
        and encoder not in HDR10_ENCODERS
        and any(kind in data for kind in HDR10_TYPES)
    ):
        lost.append("HDR10 metadata")
    if Type.A53_CC in data and encoder not in CAPTION_ENCODERS:
        lost.append("closed captions")
    return (*lost, *(name for kind, name in DYNAMIC_TYPES.items() if kind in data))


def _pairs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def choose_video_encoder(chosen: ReelFormat, config: ReelConfig, *, hdr: bool) -> str:
    """Name the picture encoder: the user's, or the container's for this kind of picture.

    Raises:
        OutputError: no picture encoder has the name that the user gave.
    """
    if config.encoder is not None:
        try:
            codec = av.Codec(config.encoder, "w")
        except UnknownCodecError as error:
            raise OutputError(f"no encoder is named {config.encoder!r}") from error
        if codec.type != "video":
            raise OutputError(f"the encoder {config.encoder!r} does not encode pictures")
        return config.encoder
    assert chosen.video_encoder is not None
    return chosen.hdr_encoder if hdr and chosen.hdr_encoder else chosen.video_encoder


def traits_of(encoder: str) -> EncoderTraits:
    """Return the traits of an encoder; the usual ones for one that is not listed."""
    return _TRAITS.get(encoder, _OTHER_ENCODER)


def encoder_options(encoder: str, config: ReelConfig) -> dict[str, str]:
    """Options to open `encoder` with.

    Raises:
        OutputError: a setting was given that this encoder does not have.

    >>> encoder_options("libx264", ReelConfig(crf=18))
    {'crf': '18', 'preset': 'veryfast'}
    """
    traits = traits_of(encoder)
    options = dict(traits.fixed)
    choices = (
        ("crf", config.crf, traits.crf_option, traits.crf),
        ("preset", config.preset, traits.preset_option, traits.preset),
    )
    for name, given, option, default in choices:
        value = default if given is None else given
        if value is None:
            continue
        if option is None or option not in _option_names(encoder):
            raise OutputError(f"the encoder {encoder} has no {name}; leave it out")
        options[option] = f"{value:g}" if isinstance(value, int | float) else value
    return options


def nearest_rate(encoder: str, sample_rate: int) -> int:
    """Return the encoder's lowest rate that loses nothing, or its highest."""
    rates = av.Codec(encoder, "w").audio_rates
    if not rates or sample_rate in rates:
        return sample_rate
    return min((rate for rate in rates if rate >= sample_rate), default=max(rates))


def nearest_layout(encoder: str, layout: str, sample_rate: int) -> str:
    """Return the track's channel layout if the encoder takes it, a similar one, or stereo."""
    plain = layout.replace("(side)", "").replace("(back)", "")
    for candidate in (layout, plain):
        context: Any = av.CodecContext.create(encoder, "w")
        context.format = (av.Codec(encoder, "w").audio_formats or [])[0].name
        context.sample_rate = sample_rate
        try:
            context.layout = candidate
            context.open()
        except (FFmpegError, ValueError):
            continue
        return candidate
    return "stereo"


def decoder_of(encoder: str) -> str:
    """Return the decoder of what an encoder of sound makes: in floats, which hold any peak.

    >>> decoder_of("libmp3lame"), decoder_of("libopus")
    ('mp3float', 'opus')
    """
    name = av.Codec(encoder, "w").canonical_name
    return "mp3float" if name == "mp3" else name


def open_encoder(context: Any, encoder: str, options: Mapping[str, str]) -> None:
    """Open the codec context of `encoder`.

    Raises:
        OutputError: the encoder refuses the pictures or sound, or the options.
    """
    try:
        context.open()
    except (FFmpegError, ValueError) as error:
        given = " ".join(f"{name}={value}" for name, value in options.items())
        raise OutputError(
            f"the encoder {encoder} does not take this film with {given or 'its defaults'}"
        ) from error


def _option_names(encoder: str) -> set[str]:
    options = av.CodecContext.create(encoder, "w").supported_options
    return {option.name for option in options.private}
