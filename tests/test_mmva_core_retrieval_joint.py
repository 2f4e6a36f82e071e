"""The joint space of music and captions: its arithmetic, its file, and search in it."""

import json

import numpy as np
import pytest
import torch
from mmva_imemnet import write_tone
from mmva_tiny import tiny_model

from mmva_core.cli.program import main
from mmva_core.errors import CheckpointError, DataError
from mmva_core.retrieval.index import IndexHeader, IndexItem, ItemRows, save_index
from mmva_core.retrieval.joint import JOINT_NAME, JointHead, load_joint_head, save_joint_head
from mmva_core.retrieval.query import Query, search
from mmva_core.retrieval.rank import unit_rows
from mmva_core.retrievers.head import fit_joint_head

DIM, WIDTH = 8, 3


def made_head(seed=0):
    generator = np.random.default_rng(seed)
    means, maps = (
        {
            name: generator.normal(size=shape).astype(np.float16).astype(np.float32)
            for name in ("music", "caption")
        }
        for shape in ((DIM,), (DIM, WIDTH))
    )
    return JointHead(means, maps)


def unit(num_rows, seed=0):
    return unit_rows(np.random.default_rng(seed).normal(size=(num_rows, DIM)))


def test_a_place_is_the_mapped_difference_from_the_mean_at_length_one():
    head, embeds = made_head(), unit(5)
    for name in ("music", "caption"):
        mapped = (embeds[2] - head.means[name]) @ head.maps[name]
        expected = mapped / np.linalg.norm(mapped)
        assert head.place(name, embeds)[2] == pytest.approx(expected, abs=1e-6)


def test_pictures_have_no_place():
    with pytest.raises(DataError, match="of music and captions, not of an image"):
        made_head().place("image", unit(1))


@pytest.fixture
def model_folder(tmp_path):
    return tiny_model(sigma=0.3, music_window_seconds=1.0).save_pretrained(tmp_path / "model")


def test_a_head_survives_its_file(model_folder):
    head = made_head()
    save_joint_head(head, model_folder / JOINT_NAME, model_folder)
    again = load_joint_head(model_folder)
    for name in ("music", "caption"):
        assert np.array_equal(again.maps[name], head.maps[name])
        assert np.array_equal(again.means[name], head.means[name])


def test_a_model_without_a_head_a_damaged_and_a_foreign_one_are_one_line(model_folder, tmp_path):
    with pytest.raises(CheckpointError, match="has no joint space: mmva build joint makes"):
        load_joint_head(model_folder)
    (model_folder / JOINT_NAME).write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=f"cannot read .*{JOINT_NAME}"):
        load_joint_head(model_folder)
    other = tiny_model(seed=1, sigma=0.3).save_pretrained(tmp_path / "other")
    save_joint_head(made_head(), model_folder / JOINT_NAME, other)
    with pytest.raises(CheckpointError, match="fitted to other weights"):
        load_joint_head(model_folder)


def made_index(folder, model="some-model"):
    kinds = ["music", "image", "caption", "music", "caption", "music"]
    counts = [3, 1, 1, 2, 1, 1]
    rows = []
    for number, count in enumerate(counts):
        va = np.full((count, 4), np.nan, dtype=np.float32)
        va[:, :2] = 0.5
        if kinds[number] == "music":
            va[:, 2:] = np.arange(count)[:, None] * 10 + [0, 10]
        rows.append(ItemRows(va, unit(count, seed=number)))
    items = [
        IndexItem(f"item{n}", kind, f"{n:064x}", count)
        for n, (kind, count) in enumerate(zip(kinds, counts, strict=True))
    ]
    header = IndexHeader(1, str(model), "f" * 64, 0.3, "/somewhere")
    return save_index(folder, header, items, rows.__getitem__), items, rows


def test_search_equals_comparing_every_window(tmp_path):
    index, items, rows = made_index(tmp_path / "index")
    head, query = made_head(), unit(1, seed=9)[0]
    place = head.place("caption", query[None])[0]
    best = {
        item.name: max(float(one) for one in head.place(item.modality, own.embeds) @ place)
        for item, own in zip(items, rows, strict=True)
        if item.modality != "image"
    }
    matches = index.search_joint(head, query, "caption", k=9)
    assert [match.name for match in matches] == sorted(best, key=best.__getitem__, reverse=True)
    assert [match.score for match in matches] == pytest.approx(
        sorted(best.values(), reverse=True), abs=1e-6
    )
    found = index.search_joint(head, query, "caption", k=2, modality="music")
    assert [match.name for match in found] == [m.name for m in matches if m.modality == "music"][:2]


def test_pictures_are_neither_query_nor_answer(tmp_path, model_folder):
    index, *_ = made_index(tmp_path / "index", model_folder)
    save_joint_head(made_head(), model_folder / JOINT_NAME, model_folder)
    va = np.array([0.5, 0.5])
    embed = unit(1)[0]
    for query, modality in (
        (Query("image", va, embed), None),
        (Query("caption", va, embed), "image"),
    ):
        with pytest.raises(DataError, match="not of an image"):
            search(index, query, by="joint", modality=modality)
    with pytest.raises(DataError, match="a point has no embedding"):
        search(index, Query(None, va), by="joint")


def paired_embeds(num_pairs, seed):
    """Embeddings of two sides that show the same four numbers, each in its own directions."""
    generator = np.random.default_rng(seed)
    directions = np.random.default_rng(5).normal(size=(2, 4, 32))
    shared = generator.normal(size=(num_pairs, 4))
    noise = 0.2 * generator.normal(size=(2, num_pairs, 32))
    return [torch.from_numpy(shared @ directions[side] + noise[side]).float() for side in (0, 1)]


def test_fitted_maps_bring_unseen_pairs_together_and_repeat():
    music, caption = paired_embeds(200, seed=0)
    captions = [f"song {number}" for number in range(200)]
    losses = []
    head = fit_joint_head(
        music, caption, captions, on_epoch=lambda epoch, loss: losses.append(loss)
    )
    assert losses[-1] < losses[0]
    music, caption = (unit_rows(side.numpy()) for side in paired_embeds(30, seed=1))
    cosines = head.place("caption", caption) @ head.place("music", music).T
    assert (cosines.argmax(1) == np.arange(30)).mean() > 0.6  # chance is 0.03
    before = caption @ music.T
    assert (before.argmax(1) == np.arange(30)).mean() < 0.2
    again = fit_joint_head(*paired_embeds(200, seed=0), captions)
    assert np.array_equal(again.maps["music"], head.maps["music"])


def test_the_command_searches_in_the_space_of_its_model(tmp_path, model_folder, capsys):
    (tmp_path / "songs").mkdir()
    for name, hertz in (("low", 100), ("high", 3000)):
        write_tone(tmp_path / "songs" / f"{name}.wav", hertz, seconds=1.5)
    index = str(tmp_path / "index")
    model = str(model_folder)
    assert main(["index", str(tmp_path / "songs"), "-o", index, "--model", model]) == 0
    arguments = ["retrieve", "a dark song", "--in", index, "--by", "joint", "--json"]
    capsys.readouterr()
    assert main(arguments) == 1
    assert "has no joint space" in capsys.readouterr().err
    save_joint_head(made_head(), model_folder / JOINT_NAME, model_folder)
    assert main(arguments) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["by"] == "joint"
    assert {match["name"] for match in record["matches"]} == {"low.wav", "high.wav"}
    assert all(-1 <= match["score"] <= 1 for match in record["matches"])


@pytest.mark.slow
@pytest.mark.dataset
def test_the_shipped_head_finds_music_that_it_was_fitted_to(data_folder):
    """Guards the way from files and sentences to the space; figures are those of the folds."""
    from mmva_core.data.open.captions import captions_of, load_tag_captions
    from mmva_core.data.open.sets import load_emotify
    from mmva_core.model import MMVA
    from mmva_core.retrieval.encode import encode_content, read_content

    clips = load_emotify(data_folder)
    said = captions_of(clips, load_tag_captions(data_folder))
    model, head = MMVA.from_pretrained("mmva-lite", device="cpu"), load_joint_head("mmva-lite")
    rows = range(0, len(clips), 10)
    music = np.stack(
        [
            encode_content(
                model, "music", read_content("music", clips.paths[row], model.music_sample_rate)
            ).embeds[1]
            for row in rows
        ]
    )
    caption = np.stack([encode_content(model, "caption", said[row]).embeds[0] for row in rows])
    cosines = head.place("caption", caption) @ head.place("music", music).T
    places = (cosines > np.diag(cosines)[:, None]).sum(1)
    assert (places < 5).mean() > 0.6  # of 30; chance is 0.17
