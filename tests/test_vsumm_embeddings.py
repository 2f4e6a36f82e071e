"""Embeddings of the segments of a film."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from films import make_film
from foretold import BrightLoudModel

import vsumm
from vsumm.cli.program import main
from vsumm.embeddings import check_embeddings
from vsumm.errors import OutputError

WIDTH = 3


class EmbeddingModel(BrightLoudModel):
    """Embeds a picture as its features and a window of sound as its loudness, thrice."""

    config = SimpleNamespace(music_window_seconds=2.0, finetune=(), embedding_dim=WIDTH)

    def music_features(self, samples, sample_rate):
        loudness = np.sqrt(np.mean(np.square(samples), axis=1))
        return torch.tensor(loudness, dtype=torch.float32)[:, None]

    def embeds_of_features(self, modality, features):
        return features[:, -1:].float().expand(-1, WIDTH)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "film.mp4"
    return make_film(path, seconds=8.0, size=(64, 48), flashes=[3.0], beeps=[5.0])


def test_every_segment_has_a_row_of_picture_and_of_sound(film):
    model = EmbeddingModel()
    summary = vsumm.summarize(film, model=model, budget="2s", by="image")
    embeddings = vsumm.embed(summary, model=model)
    assert embeddings.image.shape == embeddings.music.shape == (4, WIDTH)
    assert embeddings.start_seconds.tolist() == [0, 2, 4, 6]
    assert repr(embeddings) == "<Embeddings of 4 segments: image (4, 3), music (4, 3)>"
    loud = [row.start_seconds <= 5.0 < row.end_seconds for row in summary.segments].index(True)
    assert np.nanargmax(embeddings.music[:, 0]) == loud


def test_a_sound_file_has_no_rows_of_pictures(tmp_path):
    sound = make_film(tmp_path / "film.m4a", seconds=4.0, video=False, beeps=[1.0])
    model = EmbeddingModel()
    embeddings = vsumm.embed(vsumm.summarize(sound, model=model, budget="2s"), model=model)
    assert embeddings.image is None
    assert len(embeddings.music) == 2


def test_what_is_no_summary_is_refused_by_name():
    with pytest.raises(TypeError, match=r"summary must be a Summary; got 'film.mp4' \(str\)"):
        vsumm.embed("film.mp4")


def test_the_command_writes_embeddings_and_a_table(film, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("vsumm.score.model_source.load_model", lambda config: EmbeddingModel())
    monkeypatch.setattr("vsumm.score.model_source.model_fingerprint", lambda name: "embedding")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files = {"--embeddings": tmp_path / "e.npz", "--table": tmp_path / "t.csv"}
    options = [text for option, path in files.items() for text in (option, str(path))]
    output = ["--no-reel", "-o", str(tmp_path / "film.mp4")]
    assert main([str(film), *output, *options]) == 0
    with np.load(files["--embeddings"]) as arrays:
        rows = {name: len(array) for name, array in arrays.items()}
    num_lines = len(files["--table"].read_text().splitlines())
    assert rows == dict.fromkeys(("start_seconds", "end_seconds", "image", "music"), num_lines - 1)
    assert "e.npz" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--embeddings", "--table"])
def test_another_extension_is_refused_before_the_work(film, tmp_path, option, capsys):
    assert main([str(film), "--no-reel", "-o", str(tmp_path / "x.mp4"), option, "a.txt"]) == 1
    assert "a.txt" in capsys.readouterr().err
    assert not (tmp_path / "x.json").exists()


def test_the_form_follows_the_extension():
    assert check_embeddings("A.NPZ") == ".npz"
    with pytest.raises(OutputError, match=r"written as \.npz or \.parquet"):
        check_embeddings("a.json")


def test_without_its_writer_parquet_is_refused_before_the_work(monkeypatch):
    monkeypatch.setattr("vsumm.files.outputs.PARQUET_WRITERS", ("gone",))
    with pytest.raises(OutputError, match="pip install pyarrow"):
        check_embeddings("a.parquet")


def test_parquet_holds_lists(film, tmp_path):
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    model = EmbeddingModel()
    summary = vsumm.summarize(film, model=model, budget="2s", by="image")
    path = vsumm.embed(summary, model=model).write(tmp_path / "e.parquet")
    assert [len(row) for row in pandas.read_parquet(path)["image"]] == [WIDTH] * 4
