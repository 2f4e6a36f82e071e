"""A stream opened alone has the packets that it has among the others."""

import pytest
from films import make_film

from vsumm.decode.open_file import open_media, open_stream
from vsumm.decode.packets import read_packets
from vsumm.errors import InputError

KINDS = {
    "plain": ("film.mp4", {}),
    "index in front": ("film.mov", {"container_options": {"movflags": "faststart"}}),
    "late picture": ("film.mp4", {"video_start_seconds": 0.7}),
    "late sound": ("film.mp4", {"audio_start_seconds": 0.7}),
    "several tracks": ("film.mp4", {"num_audio_tracks": 3}),
    "cover": ("film.mp4", {"cover": True}),
    "fragments": ("film.mp4", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
    "no boxes": ("film.mkv", {"num_audio_tracks": 2}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_alone_has_the_same_packets_and_clock(tmp_path, kind):
    name, options = KINDS[kind]
    path = str(make_film(tmp_path / name, seconds=2, size=(64, 36), **options))
    with open_media(path) as container:
        kinds = [stream.type for stream in container.streams]
        starts = [stream.start_time for stream in container.streams]
        expected = [facts_of(packet) for packet in read_packets(container)]
    for index, stream_type in enumerate(kinds):
        with open_stream(path, index, stream_type) as (container, stream):
            packets = [p for p in read_packets(container) if p.stream_index == stream.index]
        assert stream.start_time == starts[index]
        assert [facts_of(p)[1:] for p in packets] == [f[1:] for f in expected if f[0] == index]


def test_the_index_of_the_other_tracks_is_not_built(tmp_path):
    path = str(make_film(tmp_path / "film.mp4", seconds=2, num_audio_tracks=2))
    with open_stream(path, 1, "audio") as (container, stream):
        assert [stream.type for stream in container.streams] == ["audio"]
        assert len(stream.index_entries) > 0


@pytest.mark.parametrize("index", [0, 7])
def test_a_stream_that_is_gone_is_an_input_error(tmp_path, index):
    path = str(make_film(tmp_path / "film.mp4", seconds=1))
    with pytest.raises(InputError, match="its audio is gone"), open_stream(path, index, "audio"):
        pass


def facts_of(packet):
    times = packet.pts, packet.dts, packet.duration
    return packet.stream_index, *times, packet.size, packet.is_keyframe, packet.is_discard
