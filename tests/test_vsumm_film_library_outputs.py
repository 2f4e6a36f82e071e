"""What was found, as one reel across films and as a table."""

import pytest

pytest.importorskip("lancedb")
import pyarrow.parquet as pq
from films import make_film
from libraries import add_made, film_row, made_segments, make_empty

from vsumm.errors import NoSignalError, OutputError
from vsumm.film_library.export import export
from vsumm.film_library.query import query_point
from vsumm.film_library.reel import write_found
from vsumm.film_library.search import search
from vsumm.media import probe


def test_a_reel_has_all_stretches_of_films_of_other_shapes_and_rates(tmp_path):
    library = make_empty(tmp_path / "lib")
    forms = {"a": {"size": (64, 48), "frame_rate": 25}, "b": {"size": (96, 54), "frame_rate": 30}}
    for name, form in forms.items():
        path = make_film(tmp_path / f"{name}.mp4", seconds=4.0, **form)
        segments = made_segments(name, 2)
        library.add(film_row(path, segments), segments)
    found = search(library, query_point(0.5, 0.5), k=2)
    assert {one.film.path.stem for one in found} == {"a", "b"}
    reel = write_found(found, tmp_path / "reel.mp4")
    length = sum(one.segment.duration_seconds for one in found)
    assert probe(reel).duration_seconds == pytest.approx(length, abs=0.1)


def test_no_reel_is_made_of_nothing(tmp_path):
    with pytest.raises(NoSignalError, match="nothing was found"):
        write_found([], tmp_path / "reel.mp4")


def test_the_export_has_a_row_for_every_segment_of_every_film(tmp_path):
    library = make_empty(tmp_path / "lib")
    add_made(library, "a", 3)
    add_made(library, "b", 2)
    library.segments_table.add(made_segments("orphan", 4))
    assert export(library, tmp_path / "all.parquet") == 5
    table = pq.read_table(tmp_path / "all.parquet")
    assert sorted(table["path"].to_pylist()) == ["/films/a.mp4"] * 3 + ["/films/b.mp4"] * 2
    assert len(table["picture"][0].as_py()) == 4
    with pytest.raises(OutputError, match="exists already"):
        export(library, tmp_path / "all.parquet")
    with pytest.raises(OutputError, match=r"written as \.parquet"):
        export(library, tmp_path / "all.csv")
