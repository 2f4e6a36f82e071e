"""Recordings that were put one after the other: all of it is used, or the rest is named."""

import os
import re

import numpy as np
import pytest
from films import find_beeps, is_flash, make_film, run_ffmpeg

from vsumm.decode import read_audio, read_frames
from vsumm.decode.joined import EBML, SEGMENT, find_joint
from vsumm.decode.transport import find_change
from vsumm.media import probe

SMALL = {"size": (96, 54), "sample_rate": 48000}
PS = {"-c:v": "mpeg1video", "-c:a": "mp2"}
JOINED = {
    "mpeg": PS,
    "vob": PS | {"-c:v": "mpeg2video"},
    "ogg": {"-c:v": "libtheora", "-c:a": "libvorbis"},
    "opus": {"-vn": None, "-c:a": "libopus"},
    "mp4": {"-c": "copy"},
    "ts": {"-c": "copy"},
    "mkv": {"-c": "copy"},
    "flv": {"-c:v": "copy", "-c:a": "libmp3lame", "-ar": "44100"},
    "wmv": {"-c:v": "wmv2", "-c:a": "wmav2"},
    "wav": {"-vn": None},
    "flac": {"-vn": None},
}


def beeps_of(info):
    with read_audio(info, sample_rate=16000) as blocks:
        return find_beeps(np.concatenate([block.samples for block in blocks]), 16000)


def join(folder, suffix, *parts):
    path = folder / f"film.{suffix}"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


@pytest.mark.parametrize("suffix", JOINED)
def test_the_first_recording_is_used_and_the_rest_is_named(tmp_path, suffix):
    parts = []
    for number, seconds in enumerate((8, 5)):
        film = make_film(tmp_path / f"{number}.mp4", seconds=seconds, beeps=[1.0, 4.0], **SMALL)
        parts.append(tmp_path / f"{number}.{suffix}" if suffix != "mp4" else film)
        options = [word for pair in JOINED[suffix].items() for word in pair if word is not None]
        if suffix != "mp4":
            run_ffmpeg("-i", film, *options, parts[-1])
    assert probe(parts[0]).problems == ()
    info = probe(join(tmp_path, suffix, *parts))
    assert info.duration_seconds == pytest.approx(probe(parts[0]).duration_seconds, abs=0.05)
    (problem,) = info.problems
    assert re.fullmatch(
        r"another recording follows in the last [34]\d% of the file: it is not used"
        r"|its clock starts again after [78] s: about [45] s behind that are not used",
        problem,
    )
    assert beeps_of(info) == pytest.approx([1.0, 4.0], abs=0.05)


def test_the_middle_of_three_recordings_is_not_taken_for_the_second(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=4, **SMALL)
    part = tmp_path / "part.mpeg"
    run_ffmpeg("-i", film, "-c:v", "mpeg1video", "-c:a", "mp2", part)
    info = probe(join(tmp_path, "mpg", part, part, part))
    assert info.duration_seconds == pytest.approx(4, abs=0.1)
    (problem,) = info.problems
    assert re.fullmatch(r"its clock starts again after [34] s: about [678] s .*", problem)


def transport_part(folder, number, *options, offset=1, **film):
    source = make_film(folder / f"{number}.mkv", **SMALL, **film)
    part = folder / f"{number}.ts"
    timing = "-output_ts_offset", str(offset), "-muxdelay", "0", "-muxpreload", "0"
    run_ffmpeg("-i", source, "-c", "copy", *timing, *options, part)
    return part


@pytest.mark.parametrize("others", [(), ("-map", "0:v", "-map", "0:a", "-map", "0:a")])
def test_a_stream_goes_on_under_another_identifier(tmp_path, others):
    first = transport_part(tmp_path, 1, seconds=8, beeps=[1.0], flashes=[1.0])
    others = *others, "-streamid", "0:700", "-streamid", "1:701"
    second = transport_part(tmp_path, 2, *others, offset=9, seconds=6, beeps=[2.0], flashes=[2.0])
    info = probe(join(tmp_path, "ts", first, second))
    assert info.problems == ()
    assert info.duration_seconds == pytest.approx(14, abs=0.1)
    assert beeps_of(info) == pytest.approx([1.0, 10.0], abs=0.05)
    times = [0.5, 1.1, 9.5, 10.1, 12.0]
    with read_frames(info, times) as frames:
        assert [is_flash(frame.pixels) for frame in frames] == [False, True, False, True, False]


def test_identifiers_that_come_back_are_noticed(tmp_path):
    parts = []
    for number, pids in enumerate(((256, 257), (700, 701), (256, 257))):
        named = "-streamid", f"0:{pids[0]}", "-streamid", f"1:{pids[1]}"
        film = {"seconds": 4, "beeps": [1.0]}
        parts.append(transport_part(tmp_path, number, *named, offset=1 + 4 * number, **film))
    info = probe(join(tmp_path, "ts", *parts))
    assert (info.problems, len(info.audio), info.other_streams) == ((), 1, ())
    assert beeps_of(info) == pytest.approx([1.0, 5.0, 9.0], abs=0.05)


def test_streams_of_other_kinds_in_the_middle_are_named(tmp_path):
    first = transport_part(tmp_path, 1, seconds=8)
    others = "-streamid", "0:700", "-streamid", "1:701", "-c:v", "mpeg2video"
    second = transport_part(tmp_path, 2, *others, offset=9, seconds=6)
    info = probe(join(tmp_path, "ts", first, second))
    assert info.duration_seconds == pytest.approx(8, abs=0.2)
    (problem,) = info.problems
    assert problem == "its streams change in the middle: those that are new there are not used"


def test_a_clock_that_wraps_around_does_not_start_again(tmp_path):
    offset = 2**33 / 90000 - 3
    film = make_film(tmp_path / "film.ts", seconds=8, start_offset_seconds=offset)
    info = probe(film)
    assert info.problems == ()
    assert info.duration_seconds == pytest.approx(8, abs=0.1)


def test_a_tag_in_front_of_a_file_is_no_recording(tmp_path):
    sound = tmp_path / "sound.flac"
    film = make_film(tmp_path / "film.mp4", seconds=2, **SMALL)
    run_ffmpeg("-i", film, "-vn", sound)
    tag = b"ID3\x03\0\0\0\0\x01\0" + bytes(128)
    sound.write_bytes(tag + sound.read_bytes())
    info = probe(sound)
    assert (info.duration_seconds, info.problems) == (pytest.approx(2), ())


@pytest.mark.parametrize("size", [b"\x01" + b"\xff" * 6 + b"\xfe", b"\x00" + b"\xff" * 7 + b"\xfe"])
def test_an_end_far_behind_the_file_is_none(tmp_path, size):
    path = tmp_path / "film.mkv"
    path.write_bytes(EBML + b"\x80" + SEGMENT + size + bytes(64))
    descriptor = os.open(path, os.O_RDONLY)
    try:
        assert find_joint(descriptor, "matroska,webm") is None
    finally:
        os.close(descriptor)


def test_a_damaged_clock_or_table_changes_nothing(tmp_path):
    film = make_film(tmp_path / "film.ts", seconds=8, **SMALL)
    data = film.read_bytes()
    packets = range(0, len(data), 188)
    clocks = [p for p in packets if data[p + 3] & 0x20 and data[p + 4] >= 7 and data[p + 5] & 0x10]
    tables = [p for p in packets if data[p + 1 : p + 3] == b"\x50\x00"]  # FFmpeg's, of streams
    assert len(clocks) > 50
    assert len(tables) > 50
    for places, offset, value in ((clocks, 6, 0xFF), (clocks, 6, 0), (tables, 18, 0x55)):
        for place in places[2:-2]:
            damaged = bytearray(data)
            damaged[place + offset] = value
            film.write_bytes(damaged)
            descriptor = os.open(film, os.O_RDONLY)
            try:
                assert find_joint(descriptor, "mpegts") is None
                assert find_change(descriptor) is None
            finally:
                os.close(descriptor)
