"""What is kept of a file is given back only while nobody has written to it."""

import os
import shutil
import time

import pytest

from vsumm.files import RecordCache, fact_of_file, is_known, unchanged


@pytest.fixture
def cache(tmp_path):
    return RecordCache(tmp_path / "cache")


@pytest.fixture
def film(tmp_path, monkeypatch):
    """A file that counts as settled at once."""
    monkeypatch.setattr(unchanged, "SETTLED_SECONDS", 0.0)
    path = tmp_path / "film.mp4"
    path.write_bytes(b"one")
    time.sleep(0.05)  # file systems keep times by ticks of some milliseconds
    return path


def content(path, cache):
    return fact_of_file(path, "content", lambda: path.read_bytes().decode(), cache)


def test_a_fact_of_a_file_is_found_out_once(film, cache):
    calls = []
    for _ in range(3):
        assert fact_of_file(film, "length", lambda: calls.append(1) or 3, cache) == 3
    assert len(calls) == 1
    assert is_known(film, "length", cache)
    assert not is_known(film, "content", cache)


def test_a_file_that_is_written_in_place_is_looked_at_anew_whatever_its_time_says(film, cache):
    before = film.stat()
    assert content(film, cache) == "one"
    film.write_bytes(b"two")
    os.utime(film, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (film.stat().st_mtime_ns, film.stat().st_size) == (before.st_mtime_ns, before.st_size)
    assert content(film, cache) == "two"


def test_a_file_that_is_replaced_is_looked_at_anew(film, cache, tmp_path):
    assert content(film, cache) == "one"
    other = tmp_path / "other.mp4"
    other.write_bytes(b"two")
    shutil.copystat(film, other)
    other.replace(film)
    assert content(film, cache) == "two"


def test_nothing_is_kept_of_a_file_that_changed_just_now(film, cache, monkeypatch):
    monkeypatch.setattr(unchanged, "SETTLED_SECONDS", 60.0)
    assert content(film, cache) == "one"
    assert not is_known(film, "content", cache)


def test_nothing_is_kept_of_a_file_that_changes_meanwhile(film, cache):
    def write():
        film.write_bytes(b"two")
        return "between"

    assert fact_of_file(film, "content", write, cache) == "between"
    assert content(film, cache) == "two"


def test_without_a_cache_or_a_file_it_is_found_out_each_time(film, cache, tmp_path):
    assert content(film, None) == "one"
    assert fact_of_file(tmp_path / "missing", "content", lambda: 7, cache) == 7
    assert not is_known(tmp_path / "missing", "content", cache)
