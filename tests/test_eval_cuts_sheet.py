"""The picture of the frames around edges."""

from itertools import pairwise

import numpy as np
import pytest
from films import make_film
from PIL import Image
from shots import make_shots

from eval.cuts.sheet import GAP, LABEL_WIDTH, write_edge_sheet
from vsumm.errors import NoSignalError, OutputError
from vsumm.media import Segment, probe

WIDTH, HEIGHT = 160, 90


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_shots(tmp_path_factory.mktemp("film") / "film.mp4", [2.6, 3.4, 2.0])


def tiles_of(path, row):
    pixels = np.asarray(Image.open(path).convert("RGB"), np.float64)
    top = GAP + row * (HEIGHT + GAP)
    lefts = [LABEL_WIDTH + (k + (k >= 4)) * (WIDTH + GAP) for k in range(8)]
    return [pixels[top : top + HEIGHT, left : left + WIDTH] for left in lefts]


def test_tiles_are_the_frames_on_both_sides_of_each_edge(film, tmp_path):
    path = tmp_path / "edges.png"
    write_edge_sheet(probe(film), [Segment(0.0, 2.0), Segment(2.6, 6.0)], path)
    first, second = tiles_of(path, 0), tiles_of(path, 1)
    assert first[0].max() < 30  # before the film there is nothing
    colours = [tile.mean(axis=(0, 1)) for tile in second]
    changes = [np.abs(a - b).mean() for a, b in pairwise(colours)]
    is_cut = [change > 15 for change in changes]
    assert is_cut == [False, True, False, False, False, True, False]


def test_nothing_is_replaced_and_only_pictures_are_written(film, tmp_path):
    with pytest.raises(OutputError, match=r"\.txt"):
        write_edge_sheet(probe(film), [Segment(0.0, 2.0)], tmp_path / "edges.txt")
    (tmp_path / "edges.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        write_edge_sheet(probe(film), [Segment(0.0, 2.0)], tmp_path / "edges.png")


def test_a_film_without_a_picture_is_said(tmp_path):
    info = probe(make_film(tmp_path / "sound.m4a", seconds=3.0, video=False))
    with pytest.raises(NoSignalError, match="picture"):
        write_edge_sheet(info, [Segment(0.0, 2.0)], tmp_path / "edges.png")
