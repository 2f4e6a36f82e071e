"""A library of an earlier version becomes one of this, whole or not at all."""

import json

import numpy as np
import pytest

pytest.importorskip("lancedb")

from libraries import WIDTHS, add_made, make_empty

from mmva_core.retrieval import JointHead, load_joint_head
from vsumm.errors import LibraryError
from vsumm.film_library import migrate
from vsumm.film_library.header import read_header
from vsumm.film_library.query import Query
from vsumm.film_library.schema import SCHEMA_VERSION, rows_of_vectors
from vsumm.film_library.search import search
from vsumm.film_library.store import open_library
from vsumm.film_library.upkeep import verify

SIZE = 3


@pytest.fixture
def head(monkeypatch):
    generator = np.random.default_rng(5)
    means = {"music": generator.standard_normal(WIDTHS["sound"]).astype(np.float32)}
    maps = {"music": generator.standard_normal((WIDTHS["sound"], SIZE)).astype(np.float32)}
    head = JointHead(means, maps)
    monkeypatch.setattr(migrate.retrieval, "load_joint_head", lambda model: head)
    return head


@pytest.fixture
def old(tmp_path):
    """Make a library as version 1 had it."""
    library = make_empty(tmp_path / "lib")
    for number in range(3):
        add_made(library, f"f{number}", 5, seed=number)
    add_made(library, "silent", 2, sound=np.full((2, WIDTHS["sound"]), np.nan))
    black = np.full((3, WIDTHS["concepts"]), np.nan)
    black[1] = 1.0
    add_made(library, "black", 3, concepts=black)
    header = tmp_path / "lib" / "library.json"
    document = json.loads(header.read_text())
    del document["segments"]
    header.write_text(json.dumps({**document, "schema_version": 1}))
    return tmp_path / "lib"


def test_version_1_gets_the_places_of_its_sound(old, head):
    library = open_library(old)
    assert library.header.schema_version == SCHEMA_VERSION == read_header(old).schema_version
    rows = library.rows_of("f1f1")
    sound = rows_of_vectors(rows["sound"]).astype(np.float64)
    sound /= np.linalg.norm(sound, axis=1, keepdims=True)
    assert np.allclose(rows_of_vectors(rows["joint"]), head.place("music", sound), atol=2e-3)
    assert library.rows_of("silentsilent")["joint"].null_count == 2
    assert library.rows_of("blackblack")["concepts"].null_count == 2
    assert verify(library) == []
    place = rows_of_vectors(rows["joint"])[3].astype(np.float32)
    first, *_ = search(library, Query("joint", place, "sounds like it"), k=3)
    assert (first.film.sha256, first.best_seconds) == ("f1f1", 7.0)
    assert not (old / "segments.lance").exists()


def test_who_is_stopped_in_the_middle_begins_again(old, head, monkeypatch):
    def stop(folder, header):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(migrate, "write_header", stop)
        with pytest.raises(KeyboardInterrupt):
            open_library(old)
    assert read_header(old).schema_version == 1
    assert len(open_library(old).films()) == 5
    assert verify(open_library(old)) == []


def test_an_empty_library_is_migrated(tmp_path, head):
    make_empty(tmp_path / "lib")
    header = tmp_path / "lib" / "library.json"
    header.write_text(json.dumps({**json.loads(header.read_text()), "schema_version": 1}))
    library = open_library(tmp_path / "lib")
    assert "joint" in library.segments_table.schema.names
    with pytest.raises(LibraryError, match="cannot search"):
        search(library, Query("nothing", np.ones(3, np.float32), "odd"))


def test_the_embedded_model_has_a_joint_space():
    width = migrate.joint_width("mmva-lite")
    assert width == load_joint_head("mmva-lite").maps["caption"].shape[1]
    assert migrate.joint_width("there is no such model") is None
