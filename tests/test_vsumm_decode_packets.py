import itertools
from types import SimpleNamespace

import av
import numpy as np
import pytest
from av.stream import Discard
from films import make_film

from vsumm.decode.packets import AVI_GAP_BYTES, MAX_ERRORS_IN_A_ROW, SPARE_PACKETS, read_packets


class FakeContainer:
    """A container whose packets and errors are made up, over as many calls as it takes."""

    size = 100
    format = SimpleNamespace(name="matroska,webm")

    def __init__(self, events):
        self._events = iter(events)

    def demux(self):
        for event in self._events:
            if isinstance(event, Exception):
                raise event
            yield event


def packet(time):
    return SimpleNamespace(dts=time, pts=time, size=1)


DAMAGE = av.InvalidDataError(1, "damaged")
FLUSH = SimpleNamespace(dts=None, pts=None, size=0)


def test_reading_goes_on_after_errors():
    container = FakeContainer([packet(0), DAMAGE, DAMAGE, packet(1), FLUSH, packet(2)])
    assert [p.pts for p in read_packets(container)] == [0, 1]


def test_errors_alone_end_the_file():
    container = FakeContainer(itertools.chain([packet(0)], itertools.repeat(DAMAGE)))
    assert len(list(read_packets(container))) == 1
    assert MAX_ERRORS_IN_A_ROW > 1


def test_a_file_is_not_read_in_circles():
    container = FakeContainer(itertools.cycle([packet(0), DAMAGE]))
    assert len(list(read_packets(container))) == FakeContainer.size + SPARE_PACKETS


def test_packets_of_streams_that_appear_late_are_left_out():
    late = IndexError("list index out of range")
    container = FakeContainer([packet(0), late, late, packet(1), FLUSH])
    assert [p.pts for p in read_packets(container)] == [0, 1]


def test_damage_that_looks_like_another_stream_does_not_end_the_film(tmp_path):
    path = make_film(tmp_path / "film.flv", seconds=4, size=(64, 36))
    with av.open(str(path)) as container:
        packets = [p for p in container.demux() if p.size]
        times = [p.pts for p in packets]
        place = next(p.pos for p in packets if p.stream_index == 1 and p.pts > times[-1] / 2)
    data = bytearray(path.read_bytes())
    data[place] = 18  # the kind of a tag: neither picture nor sound, but a script
    path.write_bytes(data)
    with av.open(str(path)) as container:
        found = [p.pts for p in read_packets(container) if p.stream_index < 2]
    assert len(found) > 0.9 * len(times)
    assert found[-1] == times[-1]


@pytest.mark.parametrize(
    ("codec", "layout"),
    [("pcm_s16le", "stereo"), ("adpcm_ima_wav", "mono"), ("libmp3lame", "mono")],
)
def test_avi_sound_between_large_pictures_keeps_its_clock(tmp_path, codec, layout):
    # A reader of the sound alone sees a gap in the file for each picture.
    path = make_film(
        tmp_path / "film.avi", seconds=4, codec="rawvideo", size=(128, 72), audio_codec=codec,
        layout=layout,
    )  # fmt: skip
    assert path.stat().st_size > 4 * 25 * AVI_GAP_BYTES
    with av.open(str(path)) as container:
        container.streams.video[0].discard = Discard.all
        packets = [p for p in read_packets(container) if p.stream_index == 1]
        steps = np.diff([p.pts for p in packets])
    assert (steps == [p.duration for p in packets[:-1]]).all()
