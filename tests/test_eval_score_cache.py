import pytest

from eval.score_cache import ScoreCache, default_cache_folder, hash_folder
from vsumm.errors import OutputError


def counting(values):
    calls = []

    def make():
        calls.append(1)
        return values

    return make, calls


def test_a_record_is_made_once_per_key(tmp_path):
    cache = ScoreCache(tmp_path / "deep" / "er")
    make, calls = counting([1.5, None, "x"])
    for key in ({"a": 1}, {"a": 1}, {"a": 2}):
        assert cache.get_or_make(key, make) == [1.5, None, "x"]
    assert len(calls) == 2


def test_a_damaged_record_is_made_anew(tmp_path, caplog):
    cache = ScoreCache(tmp_path)
    make, calls = counting(7)
    cache.get_or_make({"a": 1}, make)
    (path,) = tmp_path.glob("*.json")
    path.write_text(path.read_text()[:10])
    assert cache.get_or_make({"a": 1}, make) == 7
    assert len(calls) == 2
    assert "unreadable record" in caplog.text


def test_a_failure_leaves_no_record(tmp_path):
    with pytest.raises(ZeroDivisionError):
        ScoreCache(tmp_path).get_or_make({"a": 1}, lambda: 1 / 0)
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_nothing_is_kept():
    make, calls = counting(7)
    for _ in range(2):
        assert ScoreCache(None).get_or_make({"a": 1}, make) == 7
    assert len(calls) == 2


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="--no-cache"):
        ScoreCache(tmp_path / "file" / "cache").get_or_make({"a": 1}, lambda: 1)


def test_the_default_folder_follows_the_users_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_folder() == tmp_path / "vsumm" / "eval"


def test_the_digest_of_a_folder_follows_names_and_contents(tmp_path):
    digests = set()
    for name, content in (("a", "1"), ("a", "2"), ("b", "2")):
        for old in tmp_path.iterdir():
            old.unlink()
        (tmp_path / name).write_text(content)
        digests.add(hash_folder(tmp_path))
        assert hash_folder(tmp_path) in digests
    assert len(digests) == 3
