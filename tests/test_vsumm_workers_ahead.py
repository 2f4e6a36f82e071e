"""Working ahead in a thread changes nothing but the time it takes."""

import itertools
import threading

import pytest

from vsumm.workers.ahead import Ahead

NUM_AHEAD = 6


def test_items_come_in_order_and_all_of_them():
    with Ahead(iter(range(100)), NUM_AHEAD) as items:
        assert list(items) == list(range(100))


def test_an_error_comes_out_where_it_is_due():
    def failing():
        yield from (1, 2)
        raise LookupError("here")

    with Ahead(failing(), NUM_AHEAD) as items:
        assert list(itertools.islice(items, 2)) == [1, 2]
        with pytest.raises(LookupError, match="here"):
            next(items)


def test_leaving_early_stops_the_thread():
    before = threading.active_count()
    with Ahead(itertools.count(), NUM_AHEAD) as items:
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

    with Ahead(counting(), NUM_AHEAD) as items:
        assert next(items) == 0
        assert is_full.wait(5)
    assert len(taken) <= NUM_AHEAD + 3


def test_an_error_comes_out_once_and_then_nothing_more():
    def failing():
        raise LookupError("here")
        yield

    with Ahead(failing(), NUM_AHEAD) as items:
        with pytest.raises(LookupError, match="here"):
            next(items)
        assert list(items) == []


def test_closing_from_another_thread_wakes_who_waits():
    is_given_up = threading.Event()

    def waiting():
        is_given_up.wait()
        yield 1

    items = Ahead(waiting(), NUM_AHEAD)
    found = []
    consumer = threading.Thread(target=lambda: found.append(list(items)))
    consumer.start()
    closer = threading.Thread(target=items.close)
    closer.start()
    consumer.join(5)
    assert found == [[]]
    is_given_up.set()
    closer.join(5)
    assert not closer.is_alive()


def test_a_thread_that_waits_for_room_is_stopped():
    before = threading.active_count()
    items = Ahead(range(100), 1)
    assert next(items) == 0
    items.close()
    assert list(items) == []
    assert threading.active_count() == before
