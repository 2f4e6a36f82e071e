"""What is to do is what has no record: by content, not by name."""

import errno
import os
import random
import shutil
from dataclasses import replace

import pytest
from films import make_film
from tiny_files import make_tiny_files

from mmva_core.store import sha256_file
from vsumm.batch import plan as module
from vsumm.batch.ledger import FilmRecord, Ledger, facts_of, key_of
from vsumm.batch.plan import plan_films, read_list
from vsumm.batch.task import BatchSettings
from vsumm.config import SummaryConfig
from vsumm.errors import InputError
from vsumm.media import probe
from vsumm.reel import ReelConfig

SETTINGS = BatchSettings(SummaryConfig(), ReelConfig())


@pytest.fixture
def films(tmp_path):
    folder = tmp_path / "films"
    (folder / "more").mkdir(parents=True)
    for number, name in enumerate(["b.mp4", "more/a.mp4", "c.mp4"]):
        make_film(folder / name, seconds=2 + number, size=(64, 36), audio=False)
        os.utime(folder / name, (1000 + number, 1000 + number))
    (folder / "bad.mp4").write_text("no film")
    os.utime(folder / "bad.mp4", (1, 1))
    return folder


def plan(inputs, output, settings=SETTINGS, **options):
    return plan_films([inputs], output, settings, **options)


def names(films):
    return [film.path.name for film in films]


def do(planned, **changes):
    """Keep the record that a film is done."""
    (film,) = (film for film in planned.films if film.path.name == "c.mp4")
    sha256 = sha256_file(film.path)
    key = key_of(sha256, planned.plain_settings)
    fields = {"num_bytes": film.facts.num_bytes, "seconds": 8.0, "film_seconds": 4.0} | changes
    record = FilmRecord(str(film.path), "done", key, sha256, **fields)
    Ledger(planned.output).write(record)
    return record


def test_everything_is_to_do_at_first(films, tmp_path):
    planned = plan(films, tmp_path / "out")
    assert names(planned.to_do) == ["b.mp4", "bad.mp4", "c.mp4", "a.mp4"]
    assert planned.film_seconds == pytest.approx(9.0, abs=0.1)
    assert planned.estimate_seconds is None
    assert [film.sha256 for film in planned.films] == [None] * 4  # nothing had to be read


def test_what_is_done_stays_done_under_another_name(films, tmp_path):
    record = do(plan(films, tmp_path / "out"))
    (films / "c.mp4").rename(films / "more" / "moved.mp4")
    planned = plan(films, tmp_path / "out")
    assert names(planned.to_do) == ["b.mp4", "bad.mp4", "a.mp4"]
    (done,) = (film for film in planned.films if film.record)
    assert (done.record.key, done.record.path) == (record.key, str(films / "more" / "moved.mp4"))


def test_another_content_under_the_same_name_is_to_do(films, tmp_path):
    do(plan(films, tmp_path / "out"))
    shutil.copyfile(films / "b.mp4", films / "c.mp4")
    assert "c.mp4" in names(plan(films, tmp_path / "out").to_do)


def test_other_settings_are_other_results(films, tmp_path):
    do(plan(films, tmp_path / "out"))
    other = BatchSettings(SummaryConfig(budget_seconds=1), ReelConfig())
    assert "c.mp4" in names(plan(films, tmp_path / "out", other).to_do)
    assert "c.mp4" not in names(plan(films, tmp_path / "out").to_do)


def test_a_file_is_read_once_to_know_what_it_is(films, tmp_path, monkeypatch):
    do(plan(films, tmp_path / "out"))
    hashed, probed = [], []
    module = "vsumm.batch.plan"
    monkeypatch.setattr(f"{module}.sha256_file", lambda p: hashed.append(p.name) or sha256_file(p))
    monkeypatch.setattr(f"{module}.probe", lambda p: probed.append(p.name) or probe(p))
    for _ in range(2):
        assert "c.mp4" not in names(plan(films, tmp_path / "out").to_do)
    assert hashed == ["c.mp4"]
    assert not probed


def test_the_estimate_is_by_the_speed_of_what_is_done(films, tmp_path):
    do(plan(films, tmp_path / "out"), num_jobs=2)  # 8 s for 4 s of film, two films at a time
    planned = plan(films, tmp_path / "out")
    assert planned.num_measured == 1
    assert planned.estimate_seconds == pytest.approx(planned.film_seconds)


def test_known_broken_films_are_tried_again_if_asked_for(films, tmp_path):
    planned = plan(films, tmp_path / "out")
    Ledger(planned.output).write(replace(do(planned), state="broken"))
    assert "c.mp4" not in names(plan(films, tmp_path / "out").to_do)
    assert "c.mp4" in names(plan(films, tmp_path / "out", retry_broken=True).to_do)


@pytest.mark.parametrize(
    ("order", "first"),
    [("name", ["b.mp4", "bad.mp4"]), ("newest", ["c.mp4", "a.mp4"]), ("smallest", ["bad.mp4"])],
)
def test_the_order_is_as_asked_for(films, tmp_path, order, first):
    assert names(plan(films, tmp_path / "out", order=order).films)[: len(first)] == first


def test_an_unknown_order_is_refused(films, tmp_path):
    with pytest.raises(ValueError, match="order must be one of name, newest, smallest"):
        plan(films, tmp_path / "out", order="best")


def test_results_inside_the_folder_are_no_films(films):
    out = films / "out"
    out.mkdir()
    shutil.copyfile(films / "b.mp4", out / "reel.mp4")
    assert "reel.mp4" not in names(plan(films, out).films)


def test_links_in_circles_and_two_ways_to_a_folder_name_every_film_once(films, tmp_path):
    (films / "more" / "up").symlink_to(films)
    (films / "again").symlink_to(films / "more")
    (films / "itself").symlink_to("itself")
    assert names(plan(films, tmp_path / "out").films) == ["a.mp4", "b.mp4", "bad.mp4", "c.mp4"]


def test_exclude_goes_by_name_and_by_path_in_the_folder(films, tmp_path):
    planned = plan(films, tmp_path / "out", exclude=["more/*", "bad*"])
    assert names(planned.films) == ["b.mp4", "c.mp4"]


def test_nothing_left_is_an_error(films, tmp_path):
    with pytest.raises(InputError, match="there are no films in"):
        plan(films, tmp_path / "out", exclude=["*"])


def test_a_list_names_films_relative_to_itself(films, tmp_path):
    (films / "list.txt").write_text("b.mp4\n\nmissing.mp4\r\nmore/a.mp4\nb.mp4\n")
    planned = plan(films / "list.txt", tmp_path / "out")
    assert names(planned.to_do) == ["b.mp4", "missing.mp4", "a.mp4"]


def test_a_list_of_names_with_line_breaks_is_separated_by_null_bytes(tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_bytes(b"a\nb.mp4\0\xff.mp4\0")
    assert read_list(listed) == [tmp_path / "a\nb.mp4", tmp_path / os.fsdecode(b"\xff.mp4")]


@pytest.mark.parametrize(("text", "match"), [("\n \n", "lists no films"), (None, "no such file")])
def test_a_list_without_films_is_an_error(tmp_path, text, match):
    path = tmp_path / "list.txt"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=match):
        read_list(path)


def test_tiny_files_that_are_no_films_are_opened_once_and_not_hashed(tmp_path, monkeypatch):
    """A hundred times as many are in `tests/trials/many_files.py`."""
    num_films = make_tiny_files(tmp_path / "films", 1000, random.Random(0))
    opened = []
    monkeypatch.setattr(module, "probe", lambda path: opened.append(path) or probe(path))
    monkeypatch.delattr(module, "sha256_file")
    for _ in range(2):
        planned = plan(tmp_path / "films", tmp_path / "out")
        assert len(planned.to_do) == len(opened) == len(set(opened)) == num_films == 100
        assert any("\n" in name for name in names(planned.films))


def test_what_cannot_be_read_for_now_is_opened_again(films, tmp_path, monkeypatch):
    def fail(path):
        raise InputError("a network drive is away") from OSError(errno.ESTALE, "stale")

    with monkeypatch.context() as patch:
        patch.setattr(module, "probe", fail)
        assert plan(films / "b.mp4", tmp_path / "out").film_seconds == 0
    assert plan(films / "b.mp4", tmp_path / "out").film_seconds > 0


def test_a_file_that_changes_is_told_from_what_it_was(films):
    before = facts_of((films / "b.mp4").stat())
    os.utime(films / "b.mp4", (5, 5))
    assert facts_of((films / "b.mp4").stat()) != before
