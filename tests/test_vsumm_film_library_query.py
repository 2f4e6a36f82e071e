"""What words, points and files become as queries."""

import numpy as np
import pytest
from PIL import Image

import vsumm.film_library.query as queries
from vsumm.errors import InputError, LibraryError
from vsumm.film_library.header import Header
from vsumm.film_library.query import PLANE, query_file, query_point, query_text


def test_a_point_needs_no_model(monkeypatch):
    monkeypatch.setattr(queries, "content", None)
    query = query_text("va:0.8,0.7")
    assert query.column == PLANE
    assert np.allclose(query.vector, query_point(0.8, 0.7).vector)


@pytest.mark.parametrize("text", ["va:2,0", "va:", " "])
def test_what_is_no_query_is_one_line(text):
    with pytest.raises(LibraryError):
        query_text(text)


@pytest.mark.slow
def test_words_are_closer_to_what_they_name():
    pytest.importorskip("tokenizers")
    dog, puppy, church = (query_text(word).vector for word in ("a dog", "a puppy", "a church"))
    assert dog @ puppy > dog @ church + 0.2
    assert np.linalg.norm(dog) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.slow
def test_a_picture_and_a_sound_go_to_their_columns(tmp_path):
    from films import make_film

    from mmva_core.store import model_fingerprint

    header = Header(1, "mmva-lite", model_fingerprint("mmva-lite"), {})
    Image.new("RGB", (64, 48), "red").save(tmp_path / "red.png")
    sound = make_film(tmp_path / "a.wav", seconds=3.0, video=False, beeps=[1.0])
    for path, column in ((tmp_path / "red.png", "picture"), (sound, "sound")):
        query = query_file(path, header)
        assert query.column == column
        assert query.vector.shape == (512,)
        assert np.linalg.norm(query.vector) == pytest.approx(1.0, abs=1e-5)
    with pytest.raises(InputError, match="no such"):
        query_file(tmp_path / "missing.png", header)
    with pytest.raises(LibraryError, match="is not what the library was made with"):
        query_file(sound, Header(1, "mmva-lite", "other", {}))
