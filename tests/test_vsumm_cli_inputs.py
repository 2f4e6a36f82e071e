"""Which files the arguments of the command line mean."""

import argparse

import pytest

from vsumm.cli.inputs import find_films, input_path
from vsumm.errors import InputError


@pytest.fixture
def folder(tmp_path):
    films = ["b.mp4", "A.MKV", "b.summary.mp4", ".hidden.mp4", ".trash/x.mp4", "raw/c.mov"]
    for name in [*films, "raw/d.ts", "notes.txt"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(folder, films):
    return [film.relative_to(folder).as_posix() for film in films]


def test_a_folder_means_the_films_in_it_and_below(folder):
    assert names(folder, find_films([folder])) == ["A.MKV", "b.mp4", "raw/c.mov", "raw/d.ts"]


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        (["*.ts"], ["A.MKV", "b.mp4", "raw/c.mov"]),
        (["raw/*", "A*"], ["b.mp4"]),
    ],
)
def test_exclude_goes_by_name_and_by_path_in_the_folder(folder, exclude, left):
    assert names(folder, find_films([folder], exclude=exclude)) == left


def test_a_named_file_counts_whatever_its_name(folder):
    named = [folder / "notes.txt", folder / "missing.mp4"]
    assert find_films(named) == named


@pytest.mark.parametrize(("inside", "exclude"), [(".trash", []), ("raw", ["*"])])
def test_nothing_found_is_an_error(folder, inside, exclude):
    (folder / ".trash" / "x.mp4").unlink()
    with pytest.raises(InputError, match=inside):
        find_films([folder / inside], exclude=exclude)


@pytest.mark.parametrize(
    ("text", "advice"), [("-", "to a file first"), ("https://example.org/a.mp4", "download it")]
)
def test_what_is_no_file_is_refused_with_advice(text, advice):
    with pytest.raises(argparse.ArgumentTypeError, match=advice):
        input_path(text)
