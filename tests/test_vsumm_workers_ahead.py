"""Working ahead in a thread changes nothing but the time it takes."""

import itertools
import threading

import pytest

from vsumm.workers.ahead import NUM_AHEAD, prefetched


def test_items_come_in_order_and_all_of_them():
    with prefetched(iter(range(100))) as items:
        assert list(items) == list(range(100))


def test_an_error_comes_out_where_it_is_due():
    def failing():
        yield from (1, 2)
        raise LookupError("here")

    with prefetched(failing()) as items:
        assert list(itertools.islice(items, 2)) == [1, 2]
        with pytest.raises(LookupError, match="here"):
            next(items)


def test_leaving_early_stops_the_thread():
    before = threading.active_count()
    with prefetched(itertools.count()) as items:
        assert next(items) == 0
    assert threading.active_count() == before


def test_it_runs_ahead_only_so_far():
    taken = []
    is_full = threading.Event()

    def counting():
        for number in range(1000):
            taken.append(number)
            if number > NUM_AHEAD:
                is_full.set()
            yield number

    with prefetched(counting()) as items:
        assert next(items) == 0
        assert is_full.wait(5)
    assert len(taken) <= NUM_AHEAD + 3
