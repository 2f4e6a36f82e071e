"""Which encoders, rates and layouts are chosen, and what is refused before work starts."""

import av
import pytest

from vsumm.errors import OutputError
from vsumm.reel.config import ReelConfig
from vsumm.reel.encoders import (
    choose_video_encoder,
    encoder_options,
    nearest_layout,
    nearest_rate,
)
from vsumm.reel.formats import FORMATS, reel_format


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_every_container_has_encoders_that_are_there(suffix):
    chosen = FORMATS[suffix]
    names = (chosen.video_encoder, chosen.audio_encoder, chosen.hdr_encoder)
    assert any(names)
    for name in filter(None, names):
        av.Codec(name, "w")
    assert av.format.ContainerFormat(chosen.muxer, "w").is_output


def test_the_extension_decides_whatever_its_case():
    assert reel_format("Reel.MP4") == FORMATS[".mp4"]


@pytest.mark.parametrize("name", ["reel", "reel.", "reel.m3u8", "reel.concat", "reel.jpg"])
def test_other_extensions_are_refused(name):
    with pytest.raises(OutputError, match=r"use one of \.avi .* \.webm"):
        reel_format(name)


def test_high_dynamic_range_gets_an_encoder_with_ten_bits():
    chosen = choose_video_encoder(FORMATS[".mp4"], ReelConfig(), hdr=True)
    assert chosen == "libx265"
    assert choose_video_encoder(FORMATS[".avi"], ReelConfig(), hdr=True) == "mpeg4"


def test_settings_replace_the_defaults():
    options = encoder_options("libx264", ReelConfig(crf=18.5, preset="slow"))
    assert options == {"crf": "18.5", "preset": "slow"}


def test_a_setting_that_the_encoder_lacks_is_refused():
    with pytest.raises(OutputError, match="gif has no preset"):
        encoder_options("gif", ReelConfig(preset="slow"))


@pytest.mark.parametrize(
    ("encoder", "rate", "expected"),
    [
        ("aac", 44100, 44100),
        ("libopus", 44100, 48000),
        ("libopus", 96000, 48000),
        ("libmp3lame", 8000, 8000),
        ("libmp3lame", 96000, 48000),
        ("pcm_s16le", 12345, 12345),
    ],
)
def test_the_rate_is_kept_or_raised(encoder, rate, expected):
    assert nearest_rate(encoder, rate) == expected


@pytest.mark.parametrize(
    ("encoder", "layout", "expected"),
    [
        ("aac", "5.1", "5.1"),
        ("libopus", "5.1(side)", "5.1"),
        ("libmp3lame", "5.1", "stereo"),
        ("aac", "mono", "mono"),
    ],
)
def test_the_layout_is_kept_or_the_nearest(encoder, layout, expected):
    assert nearest_layout(encoder, layout, 48000) == expected
