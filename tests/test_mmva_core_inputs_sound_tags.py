"""Title, artist and licence of sound files."""

import struct

import pytest
from music import make_tone

from mmva_core.inputs import Tags, read_sound_tags


@pytest.mark.parametrize("suffix", [".mp3", ".ogg", ".flac", ".m4a"])
def test_tags_are_read_from_file_and_stream(suffix, tmp_path):
    written = {"title": "Calm", "artist": "Somebody", "copyright": "CC BY 4.0"}
    path = make_tone(tmp_path / f"tone{suffix}", tags=written)
    assert read_sound_tags(path) == Tags("Calm", "Somebody", "CC BY 4.0")


def test_a_licence_counts_for_more_than_a_copyright_notice(tmp_path):
    written = {"copyright": "2020 Somebody", "license": "CC0"}
    assert read_sound_tags(make_tone(tmp_path / "tone.ogg", tags=written)).licence == "CC0"


def id3_frame(name, content):
    return name.encode() + struct.pack(">IH", len(content), 0) + content


def test_the_address_of_a_licence_is_read_from_id3(tmp_path):
    made = make_tone(tmp_path / "tone.mp3", tags={"title": "Calm", "copyright": "2020 Somebody"})
    data = made.read_bytes()
    address = b"https://creativecommons.org/licenses/by/4.0/"
    frames = id3_frame("TIT2", b"\x03Calm") + id3_frame("WCOP", address)
    size = bytes(len(frames) >> shift & 127 for shift in (21, 14, 7, 0))
    old_size = sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    made.write_bytes(b"ID3\x03\x00\x00" + size + frames + data[10 + old_size :])
    assert read_sound_tags(made) == Tags("Calm", "", address.decode())


def test_tags_become_one_line_of_bounded_length(tmp_path):
    written = {"title": "two\nlines \x1b[31m", "artist": "x" * 5000}
    tags = read_sound_tags(make_tone(tmp_path / "tone.flac", tags=written))
    assert str(tags).isprintable()
    assert tags.title.startswith("two lines")
    assert len(str(tags)) < 300


def test_a_file_without_tags_is_said_to_have_none(tmp_path):
    assert "check that you may use it" in str(read_sound_tags(make_tone(tmp_path / "tone.wav")))
    assert read_sound_tags(tmp_path / "missing.wav") == Tags()
