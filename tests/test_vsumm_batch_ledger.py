"""What is done is remembered, whatever is killed, damaged or edited."""

import subprocess
import sys
from dataclasses import replace

import pytest

from vsumm.batch.ledger import FileFacts, FilmRecord, Ledger, Seen, key_of
from vsumm.errors import OutputError

KEY = key_of("ab" * 32, {"budget": 1})
RECORD = FilmRecord(
    "/films/a\nb\udcff.mp4", "done", KEY, "ab" * 32, 7, reel="a/a.mp4", notes=("x",)
)


@pytest.fixture
def ledger(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a.mp4").touch()
    return Ledger(tmp_path)


def test_a_film_is_known_by_content_and_settings():
    assert key_of("ab", {"x": 1, "y": 2}) == key_of("ab", {"y": 2, "x": 1})
    assert len({key_of("ab", {"x": 1}), key_of("ab", {"x": 2}), key_of("ac", {"x": 1})}) == 3


def test_a_record_comes_back_as_it_was(ledger):
    ledger.write(RECORD)
    assert ledger.record(KEY) == RECORD
    assert list(ledger.records()) == [RECORD]
    ledger.write(replace(RECORD, seconds=2.5))
    assert ledger.record(KEY).seconds == 2.5


def test_a_record_whose_results_are_gone_counts_no_more(ledger):
    ledger.write(RECORD)
    (ledger.output / "a" / "a.mp4").unlink()
    assert ledger.record(KEY) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"path": 3}', '{"path": "a", "state": "eaten"}'])
def test_a_damaged_record_is_no_record(ledger, text, caplog):
    ledger.write(RECORD)
    (path,) = ledger.output.glob(".vsumm/records/*/*.json")
    path.write_text(text)
    assert ledger.record(KEY) is None
    assert list(ledger.records()) == []
    assert "damaged record" in caplog.text


def test_a_record_of_a_later_version_stops_the_batch_and_stays(ledger):
    ledger.write(RECORD)
    (path,) = (ledger.output / ".vsumm").glob("records/*/*.json")
    later = path.read_text().replace('"version": 1', '"version": 2')
    path.write_text(later)
    with pytest.raises(OutputError, match="version 2, this program reads 1"):
        list(ledger.records())
    assert path.read_text() == later


def test_a_record_from_before_there_were_versions_is_read(ledger):
    ledger.write(RECORD)
    (path,) = (ledger.output / ".vsumm").glob("records/*/*.json")
    path.write_text(path.read_text().replace('"version": 1, ', ""))
    assert ledger.record(KEY) == RECORD


def test_what_was_seen_survives_a_line_that_was_cut_off(ledger):
    first, second = (Seen(FileFacts(k, 2, 3), "ab", 1.5) for k in (1, 9))
    ledger.see("a\nb\udcff", first)
    with (ledger.output / ".vsumm" / "seen.jsonl").open("a") as file:
        file.write('["c", [1,')
    ledger.see("d", second)
    assert ledger.seen() == {"a\nb\udcff": first, "d": second}


def test_the_last_that_was_seen_counts(ledger):
    ledger.see("a", Seen(FileFacts(1, 2, 3)))
    ledger.see("a", Seen(FileFacts(1, 2, 4), "ab"))
    assert ledger.seen() == {"a": Seen(FileFacts(1, 2, 4), "ab")}


def test_nothing_has_been_seen_in_a_new_folder(tmp_path):
    assert (Ledger(tmp_path).seen(), list(Ledger(tmp_path).records())) == ({}, [])


LOCKED = """
import sys
from pathlib import Path
from vsumm.batch.ledger import Ledger
with Ledger(Path(sys.argv[1])).locked(sys.argv[2]) as is_ours:
    print(is_ours, flush=True)
    sys.stdin.read()
"""


def test_one_process_works_on_a_film_and_others_on_others(ledger):
    def start(key):
        return subprocess.Popen(
            [sys.executable, "-c", LOCKED, ledger.output, key],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    with start(KEY) as first:
        assert first.stdout.readline() == "True\n"
        with ledger.locked(KEY) as is_ours:
            assert not is_ours
        with ledger.locked(key_of("cd", {})) as is_ours:
            assert is_ours
        first.kill()
    with ledger.locked(KEY) as is_ours:
        assert is_ours
    assert (ledger.output / ".vsumm" / "locks").stat().st_size == 0
