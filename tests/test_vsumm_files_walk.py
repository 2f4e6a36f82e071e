"""Films in folders: each once, whatever leads to it."""

import os

import pytest

from vsumm.errors import InputError
from vsumm.files.walk import walk_films


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def names(folder, **options):
    return [path.relative_to(folder).as_posix() for path in walk_films(folder, **options)]


def test_folders_come_behind_the_films_beside_them_in_order_of_name(tmp_path):
    touch(tmp_path, "z.mp4", "a/2.MKV", "a/1.mov", "b/3.ts", "notes.txt", "z.summary.mp4")
    assert names(tmp_path) == ["z.mp4", "a/1.mov", "a/2.MKV", "b/3.ts"]


def test_hidden_files_and_folders_are_left_out(tmp_path):
    touch(tmp_path, ".a.mp4", ".trash/b.mp4", "c.mp4")
    assert names(tmp_path) == ["c.mp4"]


def test_links_in_circles_end_and_every_folder_is_entered_once(tmp_path):
    touch(tmp_path, "a/1.mp4", "b/2.mp4")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b" / "to a").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert names(tmp_path) == ["a/1.mp4", "b/2.mp4"]


def test_a_link_to_a_folder_elsewhere_is_followed(tmp_path):
    touch(tmp_path, "elsewhere/1.mp4", "here/2.mp4")
    (tmp_path / "here" / "more").symlink_to(tmp_path / "elsewhere")
    assert names(tmp_path / "here") == ["2.mp4", "more/1.mp4"]


def test_a_folder_may_be_left_out(tmp_path):
    touch(tmp_path, "1.mp4", "reels/2.mp4")
    assert names(tmp_path, leave_out=[tmp_path / "reels", tmp_path / "missing"]) == ["1.mp4"]


def test_names_may_hold_anything(tmp_path):
    odd = [b"a\nb.mp4", b"\xff\xfe.mp4", b"c\td.mp4"]
    for name in odd:
        (tmp_path / os.fsdecode(name)).touch()
    assert [os.fsencode(path.name) for path in walk_films(tmp_path)] == sorted(odd)


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(InputError, match="missing: cannot be read: no such file"):
        list(walk_films(tmp_path / "missing"))


def test_a_pipe_is_no_film(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    assert names(tmp_path) == []
