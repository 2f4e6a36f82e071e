"""Indexing files with a small model, and asking the index, by the library and the command."""

import json
import os
import shutil
import wave
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from batches import Inline
from mmva_tiny import tiny_model
from PIL import Image

from mmva_core.cli.program import main
from mmva_core.errors import CheckpointError, DataError
from mmva_core.retrieval import encoder
from mmva_core.retrieval.build import build_index
from mmva_core.retrieval.encoder import Encoder
from mmva_core.retrieval.index import load_index
from mmva_core.retrieval.query import make_query, parse_point, search
from mmva_core.retrieval.sources import Source, find_sources, read_sources

RATE = 16_000
WINDOW_SECONDS = 2


def write_tone(path, seconds, hertz, level=0.5):
    times = np.arange(round(seconds * RATE)) / RATE
    samples = (level * 32767 * np.sin(2 * np.pi * hertz * times)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    model = tiny_model(sigma=0.3, music_window_seconds=WINDOW_SECONDS)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def made_library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    (folder / "deep").mkdir()
    write_tone(folder / "low.wav", 5, 110)
    write_tone(folder / "deep" / "high.wav", 2, 3000)
    write_tone(folder / ".hidden.wav", 2, 500)
    for name, colour in (("red.png", (250, 10, 10)), ("blue.png", (10, 10, 250))):
        Image.new("RGB", (64, 48), colour).save(folder / name)
    (folder / "notes.txt").write_text("not music", encoding="utf-8")
    return folder


@pytest.fixture
def library(made_library, tmp_path):
    return shutil.copytree(made_library, tmp_path / "library")


def build(library, output, model_folder, **options):
    return build_index(find_sources(library), output, str(model_folder), root=library, **options)


@pytest.fixture(scope="module")
def made_index(made_library, model_folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("indexes") / "index"
    build(made_library, output, model_folder)
    return output


def forbid_the_model(monkeypatch):
    def fail(*_args):
        raise AssertionError("something was encoded again")

    monkeypatch.setattr(Encoder, "encode", fail)


def test_folder_is_searched_for_music_and_pictures(library):
    names = [source.name for source in find_sources(library)]
    assert names == ["blue.png", "deep/high.wav", "low.wav", "red.png"]


def test_table_names_files_and_sentences(library):
    table = library / "table.csv"
    table.write_text("file,text,modality\nlow.wav,,\n,a calm song,\nodd,,music\n", encoding="utf-8")
    assert read_sources(table) == [
        Source("low.wav", "music", library / "low.wav"),
        Source("a calm song", "caption"),
        Source("odd", "music", library / "odd"),
    ]


def test_table_must_say_what_a_file_is(library):
    (library / "table.csv").write_text("file\nnotes.txt\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"notes\.txt is music or image"):
        read_sources(library / "table.csv")


def test_windows_are_those_of_the_model(made_index, made_library, model_folder):
    from mmva_core import MMVA
    from mmva_core.inputs.audio_file import read_audio_file

    index = load_index(made_index)
    place = [item.name for item in index.items].index("low.wav")
    rows = index.rows_of(place)
    assert rows.va[:, 2:].tolist() == [[0, 2], [2, 4], [3, 5]]  # the last is flush with the end
    model = MMVA.from_pretrained(model_folder)
    expected = model.predict_music(read_audio_file(made_library / "low.wav"), RATE).numpy()
    assert rows.va[:, :2] == pytest.approx(expected, abs=1e-6)


def test_music_finds_itself_first(made_index, made_library):
    index = load_index(made_index)
    query = make_query(str(made_library / "deep" / "high.wav"), index)
    for by in ("va", "cosine"):
        match = search(index, query, by=by, k=1, modality="music")[0]
        assert match.name == "deep/high.wav"
        assert match.score == pytest.approx(1, abs=1e-5)
    assert (match.start_seconds, match.end_seconds) == (0, 2)


def test_second_build_encodes_only_what_is_new(library, tmp_path, model_folder, monkeypatch):
    first = build(library, tmp_path / "index", model_folder)
    assert (first.num_encoded, first.num_reused) == (4, 0)
    write_tone(library / "new.wav", 2, 700)
    (library / "low.wav").rename(library / "renamed.wav")
    (library / "red.png").unlink()
    second = build(library, tmp_path / "index", model_folder)
    assert (second.num_encoded, second.num_reused) == (1, 3)
    names = [item.name for item in second.index.items]
    assert names == ["blue.png", "deep/high.wav", "new.wav", "renamed.wav"]
    forbid_the_model(monkeypatch)
    build(library, tmp_path / "index", model_folder)


def test_interrupted_build_goes_on_where_it_stopped(library, tmp_path, model_folder, monkeypatch):
    encode = Encoder.encode

    def stop_at_low(self, source, content):
        if source.name == "low.wav":
            raise KeyboardInterrupt
        return encode(self, source, content)

    with monkeypatch.context() as patch:
        patch.setattr(Encoder, "encode", stop_at_low)
        with pytest.raises(KeyboardInterrupt):
            build(library, tmp_path / "index", model_folder)
    report = build(library, tmp_path / "index", model_folder)
    assert report.num_encoded == 2
    assert not list((tmp_path / "index").glob("encoded-*"))


def test_music_is_listened_to_for_speech_and_pictures_are_not(made_index):
    speech = {item.name: item.speech for item in load_index(made_index).items}
    assert speech["red.png"] is None
    assert speech["low.wav"] == speech["deep/high.wav"] == 0


def test_an_index_without_speech_is_completed(library, tmp_path, model_folder):
    index = build(library, tmp_path / "index", model_folder).index
    (path,) = (tmp_path / "index").glob("items-*.json")
    items = json.loads(path.read_text(encoding="utf-8"))
    for item in items:
        del item["speech"]
    path.write_text(json.dumps(items), encoding="utf-8")
    assert load_index(tmp_path / "index").items[1].speech is None
    report = build(library, tmp_path / "index", model_folder)
    assert report.num_encoded == 2
    assert report.index.items == index.items


def test_index_of_another_model_is_encoded_again(library, tmp_path, model_folder):
    build(library, tmp_path / "index", model_folder)
    other = tmp_path / "other"
    tiny_model(seed=1, sigma=0.3, music_window_seconds=WINDOW_SECONDS).save_pretrained(other)
    assert build(library, tmp_path / "index", other).num_encoded == 4


def test_same_content_is_encoded_once(library, tmp_path, model_folder):
    shutil.copy(library / "red.png", library / "again.png")
    report = build(library, tmp_path / "index", model_folder)
    assert len(report.index) == 5
    assert report.num_encoded == 4


def test_file_that_cannot_be_read_does_not_stop_the_others(library, tmp_path, model_folder):
    (library / "broken.mp3").write_bytes(b"no sound at all")
    report = build(library, tmp_path / "index", model_folder)
    assert len(report.index) == 4
    assert len(report.problems) == 1
    assert "broken.mp3" in report.problems[0]


def test_folders_without_permission_are_said(library, tmp_path, model_folder, monkeypatch, capsys):
    # Root, as whom tests may run, is permitted everything: so the system's call is made to refuse.
    (library / "shut").mkdir()
    closed, scandir = str(library / "shut"), os.scandir

    def refuse(path):
        if str(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    options = ["-o", str(tmp_path / "index"), "--model", str(model_folder)]
    assert main(["index", str(library), *options]) == 1
    found = capsys.readouterr()
    assert f"{closed}: this folder cannot be read" in found.err
    assert "4 items" in found.out
    assert main(["index", closed, *options]) == 1
    assert "cannot be read: permission denied" in capsys.readouterr().err


def contents(folder):
    """Return the files of an index but for its header, whose names are drawn."""
    return {path.name.partition("-")[0]: path.read_bytes() for path in folder.glob("*.npy")}


def test_an_engine_makes_the_same_index(library, tmp_path, model_folder, made_index):
    shutil.copy(library / "low.wav", library / "low again.wav")
    (library / "bad.wav").write_text("no sound")
    here = build(library, tmp_path / "here", model_folder)
    engine = Inline(num_slots=2)
    there = build(library, tmp_path / "there", model_folder, engine=engine)
    assert len(engine.tasks) == 5  # of the two that are the same only one
    assert there.index.items == here.index.items
    assert there.problems == here.problems
    assert there.num_encoded == here.num_encoded == 4
    assert contents(tmp_path / "there") == contents(tmp_path / "here") != {}


def test_a_content_whose_process_dies_again_and_again_is_a_problem(library, tmp_path, model_folder):
    def do(task):
        if task.source.name == "low.wav":
            raise ConnectionError("killed")
        return encoder._encode(task)

    report = build(library, tmp_path / "index", model_folder, engine=Inline(do))
    assert report.problems == ("low.wav: 3 processes died that encoded it: killed",)
    assert len(report.index) == report.num_encoded == 3


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_ray_makes_the_same_index(library, tmp_path, model_folder, capsys):
    pytest.importorskip("ray")
    arguments = ["index", str(library), "--model", str(model_folder), "-o"]
    with one_thread():  # as many as a task of Ray has
        assert main([*arguments, str(tmp_path / "here")]) == 0
    assert main([*arguments, str(tmp_path / "there"), "--engine", "ray"]) == 0
    here, there = capsys.readouterr().out.replace("/here", "/there").splitlines()
    assert here == there
    assert contents(tmp_path / "there") == contents(tmp_path / "here") != {}


@contextmanager
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def test_an_address_needs_a_cluster(library, capsys):
    assert main(["index", str(library), "--address", "auto"]) == 2
    assert "needs --engine ray" in capsys.readouterr().err


def test_speech_is_said(library, tmp_path, model_folder, monkeypatch, capsys):
    monkeypatch.setattr(encoder.retrieval, "speech_share", lambda *_: 0.8)
    options = ["-o", str(tmp_path / "index"), "--model", str(model_folder)]
    assert main(["index", str(library), *options]) == 0
    said = "2 of them are speech and will not be chosen as music: deep/high.wav, low.wav\n"
    assert said in capsys.readouterr().out


def test_nothing_to_index_is_refused(library, tmp_path, capsys):
    (library / "table.csv").write_text("file\nlow.wav\n", encoding="utf-8")
    arguments = ["index", str(library / "table.csv"), "-o", str(tmp_path / "index")]
    assert main([*arguments, "--only", "image"]) == 1
    assert "nothing to index" in capsys.readouterr().err


def test_foreign_folder_is_left_alone(library, model_folder):
    with pytest.raises(DataError, match="is no index"):
        build(library, library, model_folder)
    assert (library / "notes.txt").read_text(encoding="utf-8") == "not music"


def test_model_without_sigma_is_refused(library, tmp_path):
    tiny_model().save_pretrained(tmp_path / "untrained")
    with pytest.raises(CheckpointError, match="never trained"):
        build(library, tmp_path / "index", tmp_path / "untrained")


def test_query_by_another_model_is_refused(made_index, tmp_path):
    tiny_model(seed=1, sigma=0.3).save_pretrained(tmp_path / "other")
    with pytest.raises(CheckpointError, match="another model"):
        make_query("a song", load_index(made_index), model_name=str(tmp_path / "other"))


@pytest.mark.parametrize("text", ["va:", "va:0.5", "va:0.1,0.2,0.3", "va:a,b", "va:0.5,1.5"])
def test_points_that_are_none_are_refused(text):
    with pytest.raises(DataError, match="is no point"):
        parse_point(text)


def test_point_has_no_embedding(made_index):
    index = load_index(made_index)
    with pytest.raises(DataError, match="by='va'"):
        search(index, make_query("va:0.5,0.5", index), by="cosine")


def test_commands_index_and_retrieve(library, tmp_path, model_folder, capsys):
    index = str(tmp_path / "index")
    assert main(["index", str(library), "-o", index, "--model", str(model_folder)]) == 0
    assert "4 items, 6 windows; 4 encoded" in capsys.readouterr().out
    assert main(["retrieve", str(library / "red.png"), "--in", index, "--k", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("query: image")
    assert lines[2].startswith(" 1.000")
    assert lines[2].endswith("red.png")
    assert len(lines) == 5


def test_command_prints_json(made_index, made_library, capsys):
    arguments = ["retrieve", "va:0.5,0.5", "--in", str(made_index), "--find", "music", "--json"]
    assert main(arguments) == 0
    content = json.loads(capsys.readouterr().out)
    match = content["matches"][0]
    assert content["num_items"] == 4
    assert match["path"] == str(made_library / match["name"])
    assert match["end_seconds"] - match["start_seconds"] == WINDOW_SECONDS


def test_command_reports_a_missing_index(tmp_path, capsys):
    assert main(["retrieve", "va:0.5,0.5", "--in", str(tmp_path)]) == 1
    assert "no index in" in capsys.readouterr().err
