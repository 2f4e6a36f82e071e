"""Films wait in their order; one that the others would wait for is split."""

from pathlib import Path

import pytest
from batches import Inline

from vsumm.batch.ledger import FileFacts
from vsumm.batch.plan import PlannedFilm
from vsumm.batch.queue import WorkQueue

HOUR = 3600.0


def queue_of(*lengths, num_jobs=2, split_seconds=HOUR / 2):
    films = [
        PlannedFilm(Path(str(number)), FileFacts(1, 1, 1), film_seconds=seconds)
        for number, seconds in enumerate(lengths)
    ]
    return WorkQueue(films, split_seconds, Inline(None, num_jobs))


def taken(queue):
    """Take all that waits; return names of films, with those of parts."""
    names = []
    while queue:
        work = queue.take()
        names.append(" ".join(str(each) for each in work.name if each is not None))
    return names


def test_a_long_film_is_split_where_others_would_wait_for_it():
    assert taken(queue_of(HOUR, 60.0)) == ["0 sound", "0 0", "0 1", "1"]


@pytest.mark.parametrize(
    ("lengths", "num_jobs"),
    [
        ((HOUR,), 1),  # nobody is there to wait
        ((HOUR, HOUR), 2),  # each job has one
        ((HOUR - 1, 60.0), 2),  # too short
        ((None, 60.0), 2),  # nobody knows
    ],
)
def test_others_are_not_split(lengths, num_jobs):
    assert taken(queue_of(*lengths, num_jobs=num_jobs)) == [str(k) for k in range(len(lengths))]


def test_none_is_split_if_none_shall_be():
    assert taken(queue_of(HOUR, split_seconds=None)) == ["0"]


def test_the_last_of_three_is_split_once_the_others_are_done():
    queue = queue_of(HOUR, HOUR, HOUR)
    first = queue.take()
    queue.take()
    queue.end(first)
    assert taken(queue) == ["2"]
    queue = queue_of(HOUR, HOUR, HOUR)
    first, second = queue.take(), queue.take()
    queue.end(first)
    queue.end(second)
    assert taken(queue) == ["2 sound", "2 0", "2 1"]


def test_a_film_follows_its_last_part_and_knows_how_long_they_took():
    queue = queue_of(HOUR, 60.0)
    parts = [queue.take() for _ in range(3)]
    for part in parts[:2]:
        queue.end(part, 10.0)
    assert [work.name for work in parts] == [(Path("0"), part) for part in ("sound", 0, 1)]
    queue.end(parts[2], 5.0)
    whole = queue.take()
    assert (whole.part, whole.num_ranges, whole.seconds_of_parts) == (None, 2, 25.0)
    assert taken(queue) == ["1"]


def test_what_is_put_back_waits_behind_the_others():
    queue = queue_of(60.0, 60.0)
    queue.put_back(queue.take())
    assert taken(queue) == ["1", "0"]
