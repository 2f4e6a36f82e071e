import itertools
from types import SimpleNamespace

import av

from vsumm.decode_packets import MAX_ERRORS_IN_A_ROW, SPARE_PACKETS, read_packets


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


def test_streams_that_appear_late_end_the_file_in_peace():
    container = FakeContainer([packet(0), IndexError("list index out of range"), packet(1)])
    assert len(list(read_packets(container))) == 1
