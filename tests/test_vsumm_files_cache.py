"""The cache gives back what was put in, or nothing."""

import json
import os

import pytest

from vsumm.errors import OutputError
from vsumm.files.cache import RecordCache, default_cache_folder

KEY = {"content": "abc", "settings": {"frames": 1}}
RECORD = {"va": [[0.25, 0.75], None]}


@pytest.fixture
def cache(tmp_path):
    return RecordCache(tmp_path / "cache")


def test_a_record_comes_back(cache):
    assert cache.get(KEY) is None
    cache.put(KEY, RECORD)
    assert cache.get(KEY) == RECORD
    assert cache.get({**KEY, "content": "abd"}) is None


def test_what_is_there_is_not_made_again(cache):
    assert cache.get_or_make(KEY, lambda: 1) == 1
    assert cache.get_or_make(KEY, lambda: 2) == 1


def change_record(stored):
    stored["record"]["va"][0][0] = 0.26
    return json.dumps(stored)


@pytest.mark.parametrize(
    "damage",
    [
        lambda stored: "",
        lambda stored: json.dumps(stored)[:-9],
        lambda stored: "[]",
        lambda stored: json.dumps({**stored, "key": {"content": "other"}}),
        change_record,
    ],
)
def test_a_damaged_record_is_never_believed(cache, damage, caplog):
    cache.put(KEY, RECORD)
    (path,) = cache.folder.iterdir()
    path.write_text(damage(json.loads(path.read_text())))
    assert cache.get(KEY) is None
    assert "made anew" in caplog.text
    assert cache.get_or_make(KEY, lambda: RECORD) == RECORD


def test_the_folder_is_bounded_and_the_longest_unused_goes_first(tmp_path):
    cache = RecordCache(tmp_path, max_bytes=2500)
    for number in range(3):
        cache.put({"number": number}, "x" * 800)
        path = cache._path({"number": number})
        if path.exists():
            os.utime(path, (number, number))
    assert [cache.get({"number": k}) is None for k in range(3)] == [True, False, False]
    assert cache.size()[1] <= 2500


def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    cache = RecordCache(tmp_path / "file" / "cache")
    assert cache.get_or_make(KEY, lambda: RECORD) == RECORD
    assert "nothing is cached" in caplog.text


def test_clearing_leaves_nothing(cache):
    cache.put(KEY, RECORD)
    assert cache.clear() == 1
    assert cache.size() == (0, 0)


def test_without_a_home_folder_the_error_says_what_to_set(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("vsumm.files.cache.Path.home", no_home)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    with pytest.raises(OutputError, match="XDG_CACHE_HOME"):
        default_cache_folder()
