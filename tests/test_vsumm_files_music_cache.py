"""Indexes of music in the user's cache."""

from vsumm.files import MusicCache, RecordCache


def test_indexes_are_counted_and_removed_and_records_stay(tmp_path):
    music, records = MusicCache(tmp_path), RecordCache(tmp_path)
    records.put({"key": 1}, "record")
    for key in ("a" * 64, "b" * 64):
        folder, memory = music.place_of(key)
        folder.mkdir(parents=True)
        (folder / "index.json").write_bytes(b"12")
        memory.write_bytes(b"1")
    assert music.size() == (2, 6)
    assert music.clear() == 2
    assert music.size() == (0, 0)
    assert not list(music.folder.iterdir())
    assert records.get({"key": 1}) == "record"


def test_there_need_be_none(tmp_path):
    assert MusicCache(tmp_path).size() == (0, 0)
    assert MusicCache(tmp_path).clear() == 0
