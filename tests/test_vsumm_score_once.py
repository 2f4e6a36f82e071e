"""Meters that get the same pieces of a film share what a tower makes of them."""

import numpy as np
import pytest
from films import make_film

from vsumm.config import SummaryConfig
from vsumm.media import probe, split_into_segments
from vsumm.score import IMAGE, MUSIC, Film, ModelSource, embeds_measurements, measure
from vsumm.score.once import Once


class Piece:
    pass


def test_the_same_pieces_are_run_once_and_others_again():
    runs = []
    a, b = Piece(), Piece()
    once = Once()
    for pieces in ([a, b], [a, b], [a], [b], [a, b]):
        assert once.of(pieces, lambda pieces: runs.append(pieces) or len(runs)) == len(runs)
    assert runs == [[a, b], [a], [b], [a, b]]


def test_pieces_are_not_kept_alive_and_new_ones_are_no_old_ones():
    once = Once()
    assert once.of([Piece()], lambda _: 1) == 1
    assert once.of([Piece()], lambda _: 2) == 2


@pytest.mark.slow
def test_affect_and_embeddings_take_one_pass_of_each_tower(tmp_path, monkeypatch):
    path = make_film(tmp_path / "film.mp4", seconds=12, size=(64, 36), flashes=[3.0], beeps=[6.0])
    calls = []
    config = SummaryConfig(audio_track=0)
    model = type(ModelSource(config).model)
    for name in ("image_features", "music_features_at"):
        run = getattr(model, name)
        counted = lambda *args, run=run, name=name: calls.append(name) or run(*args)  # noqa: E731
        monkeypatch.setattr(model, name, counted)
    info = probe(path)
    film = Film(info, split_into_segments(info.duration_seconds), config, ModelSource(config))
    embeds = embeds_measurements(film)
    both = measure(film, [IMAGE, MUSIC, *embeds], content="a")
    assert sorted(calls) == ["image_features", "music_features_at"]
    for alone in (measure(film, [IMAGE, MUSIC], content="a"), measure(film, embeds, content="a")):
        for name, values in alone.arrays.items():
            np.testing.assert_array_equal(both.arrays[name], values)
