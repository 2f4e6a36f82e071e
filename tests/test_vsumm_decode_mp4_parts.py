"""A long track shown in parts has the packets and the clock that it has as a whole."""

import subprocess
from contextlib import suppress
from itertools import pairwise

import imageio_ffmpeg
import numpy as np
import pytest
from films import make_film

from vsumm.decode.mp4.parts import MARGIN_SECONDS
from vsumm.decode.mp4.sample_tables import HEAD_SECONDS
from vsumm.decode.open_file import groups_of_wanted, open_media, open_sound, open_stream
from vsumm.decode.packets import read_packets
from vsumm.decode.pick_frames import FramePicker
from vsumm.errors import InputError

MINUTES = 130
KINDS = {
    "mp4": ("long.mp4", ()),
    "index in front": ("long.mp4", ("-movflags", "faststart")),
    "late picture": ("long.mov", ("-itsoffset", "0.7", "-map", "1:v", "-map", "0:a")),
    "large chunks": ("long.mp4", ("-max_interleave_delta", "0", "-chunk_duration", "4000000")),
    "fragments": ("long.mp4", ("-movflags", "frag_keyframe+empty_moov", "-frag_duration", "9M")),
    "own base": ("long.mp4", ("-movflags", "frag_keyframe+empty_moov+default_base_moof")),
    "dash": ("long.mp4", ("-movflags", "dash+cmaf+delay_moov")),
}


@pytest.fixture(scope="module")
def minute(tmp_path_factory):
    return make_film(
        tmp_path_factory.mktemp("films") / "minute.mp4",
        seconds=60, size=(32, 32), frame_rate=5, sample_rate=8000, gop_seconds=6,
    )  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def film(minute, tmp_path_factory, request):
    name, options = KINDS[request.param]
    path = tmp_path_factory.mktemp("long") / name
    source = ["-stream_loop", str(MINUTES - 1), "-i", str(minute)]
    inputs = [*source]
    if "-itsoffset" in options:
        inputs += [*options[:2], *source]
        options = options[2:]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *inputs, "-c", "copy", *options]
    subprocess.run([*command, str(path)], check=True)
    return str(path)


@pytest.fixture(scope="module")
def packets_of_the_whole(film):
    """The facts of all packets of each stream, and the clock of the picture in seconds."""
    facts = [], []
    with open_media(film) as container:
        for packet in read_packets(container):
            facts[packet.stream_index].append(facts_of(packet))
        return *facts, float(container.streams[0].time_base)


@pytest.mark.slow
def test_the_sound_in_parts_is_the_whole_sound(film, packets_of_the_whole):
    _, expected, _ = packets_of_the_whole
    with open_sound(film, 1) as (_, stream, packets):
        index = stream.index
        found = [facts_of(p) for p in packets if p.stream_index == index]
        assert len(stream.index_entries) < len(expected) / 3
    assert len(found) == len(expected)
    assert found == expected


@pytest.mark.parametrize("around", [(0.5, 2000.0), (3600.0, 3610.0), (7000.0, 7795.0)])
def test_a_part_of_the_picture_has_all_packets_around_the_wanted_times(
    film, packets_of_the_whole, around
):
    first, last = around
    expected, _, clock = packets_of_the_whole
    with open_stream(film, 0, "video", around=around) as (container, stream):
        packets = [facts_of(p) for p in read_packets(container) if p.stream_index == stream.index]
    inside = [facts for facts in expected if first - 50 <= facts[0] * clock <= last + 50]
    assert [facts for facts in packets if first - 50 <= facts[0] * clock <= last + 50] == inside
    assert {facts[:2] for facts in packets} <= {facts[:2] for facts in expected}
    longest = HEAD_SECONDS + last - first + 2 * MARGIN_SECONDS + 60
    assert len(packets) < longest * 5


def test_pictures_of_parts_are_those_of_the_whole(film):
    times = [(time, time) for time in (3.0, 1799.9, 1800.0, 1800.3, 5400.1, 7799.9, 7803.0)]
    with open_media(film) as container:
        expected = shown_at(container, container.streams[0], times)
    found = []
    groups = groups_of_wanted(film, 0, times)
    borders = [0, 1, 2, 4, 5, 6, 7]
    assert groups == [times[a:b] for a, b in pairwise(borders)]
    for group in groups:
        around = group[0][0], group[-1][1]
        with open_stream(film, 0, "video", around=around) as (container, stream):
            found += shown_at(container, stream, group)
    assert found == expected
    assert None not in [picture for _, picture in found[:-1]]


@pytest.mark.slow
def test_a_key_frame_far_before_the_part_is_in_it(minute, tmp_path):
    path = str(tmp_path / "long.mp4")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-stream_loop", "129", "-i"]
    keys = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "3000", "-sc_threshold", "0", "-an"]
    subprocess.run([*command, str(minute), *keys, path], check=True)
    with open_stream(path, 0, "video", around=(5000.0, 5001.0)) as (container, stream):
        times = [p.pts * stream.time_base for p in read_packets(container) if p.is_keyframe]
    assert max(time for time in times if time < 5000) > 4000
    assert all(b - a <= 600 or b > 4000 for a, b in pairwise(times))


def test_what_is_short_is_shown_whole(minute):
    wanted = [(1.0, 2.0), (59.0, 59.0)]
    assert groups_of_wanted(str(minute), 0, wanted) == [wanted]
    with open_sound(str(minute), 1) as (_, stream, packets):
        assert len(list(packets)) == len(stream.index_entries)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mp4", "fragments"])
def test_a_damaged_description_is_an_input_error_at_most(minute, tmp_path, kind):
    path = tmp_path / "long.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-stream_loop", "64", "-i"]
    options = ["-c", "copy", *KINDS[kind][1]]
    subprocess.run([*command, str(minute), *options, str(path)], check=True)
    data = path.read_bytes()
    moov = data.rfind(b"moov")
    end = moov + 4000 if kind == "fragments" else len(data)
    random = np.random.default_rng(0)
    num_read = 0
    for _ in range(60):
        damaged = bytearray(data)
        for place in random.integers(moov, end, 6):
            damaged[place] = random.integers(256)
        path.write_bytes(damaged)
        with suppress(InputError):
            groups = groups_of_wanted(str(path), 0, [(1.0, 2.0), (3700.0, 3701.0)])
            with open_stream(str(path), 0, "video", around=groups[-1][0]) as opened:
                num_read += next(read_packets(opened[0]), None) is not None
        with suppress(InputError), open_sound(str(path), 1) as (_, _, packets):
            num_read += len(list(packets)) > 0
    assert num_read > 60


def facts_of(packet):
    times = packet.pts, packet.dts, packet.duration
    return *times, packet.size, packet.is_keyframe, packet.is_discard, packet.pos, bytes(packet)


def shown_at(container, stream, times):
    picker = FramePicker(container, stream, lambda: None)
    return [
        (picked.time_seconds, picked.frame and picked.frame.to_ndarray().tobytes())
        for picked in picker.pick(times)
    ]
