"""The page of what was found."""

import re

import pytest

pytest.importorskip("lancedb")
from films import make_film
from libraries import add_made, film_row, made_segments, make_empty

from vsumm.errors import OutputError
from vsumm.film_library.page import write_page
from vsumm.film_library.query import query_point
from vsumm.film_library.search import search


def test_every_stretch_has_its_picture_time_and_reason(tmp_path):
    library = make_empty(tmp_path / "lib")
    film = make_film(tmp_path / "a <b> & c.mp4", seconds=8.0, size=(64, 48))
    segments = made_segments("a", 4)
    library.add(film_row(film, segments), segments)
    add_made(library, "gone", 4)
    found = search(library, query_point(0.5, 0.5), k=8)
    text = write_page(found, tmp_path / "found.html", title="<script>").read_text("utf-8")
    num_here = sum(one.film.path == film for one in found)
    assert 0 < num_here < len(found)
    assert text.count("data:image/jpeg;base64,") == num_here
    assert len(re.findall(r'href="a%20%3Cb%3E%20%26%20c\.mp4#t=', text)) == num_here
    assert "<script" not in text
    assert "a &lt;b&gt; &amp; c.mp4" in text
    assert f"{len(found)} stretches of 2 films" in text
    assert text.count("near valence 0.5, arousal 0.5") == len(found)
    with pytest.raises(OutputError, match="exists already"):
        write_page(found, tmp_path / "found.html", title="again")


def test_a_page_of_nothing_says_so(tmp_path):
    text = write_page([], tmp_path / "found.html", title="calm").read_text("utf-8")
    assert "Nothing was found." in text
