"""Baselines of retrieval on made pairs, and the command on a made IMEMNet-C."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmva_imemnet import write_imemnet
from mmva_tiny import feature_table, tiny_model

from mmva_core.cli.program import main
from mmva_core.data.imemnet.run_file import read_run_config
from mmva_core.data.imemnet.runs import load_imemnet
from mmva_core.studies import text_to_music
from mmva_core.studies.text_to_music import (
    CaptionedMusic,
    baseline_rows,
    open_set_parts,
    texts_of,
)
from mmva_core.train.tables import InputTable

METHODS = ["class-bin", "triplet-words", "triplet-bert", "contrastive-bert"]


class OwnNumber:
    """Knows of a caption "piece K" that it is of the piece whose first feature is K."""

    EPOCHS = 2

    def __init__(self, music_dim, *, epochs=None, seed=0):
        self.seed = seed

    def fit(self, music, captions, *, on_epoch):
        for epoch in (1, 2):
            on_epoch(epoch, len(captions) / epoch)

    def score(self, music, captions):
        wanted = np.array([float(caption.removeprefix("piece ")) for caption in captions])
        return -np.abs(wanted[:, None] - music[:, 0].numpy()[None])


def made_music(numbers, said=None):
    features = torch.tensor([[float(number), 1.0] for number in numbers])
    return CaptionedMusic(features, [f"piece {number}" for number in said or numbers])


@pytest.fixture
def one_method(monkeypatch):
    monkeypatch.setattr(text_to_music, "RETRIEVERS", {"own": OwnNumber})


def test_rows_are_of_both_directions_with_intervals(one_method, tmp_path):
    part = (made_music(range(4)), made_music(range(20)))
    rows = baseline_rows([part, part], tmp_path / "logs", "made")
    assert [row.direction for row in rows] == ["caption to music", "music to caption"]
    assert {row.source for row in rows} == {"own (our reading)"}
    for row in rows:
        assert row.by is None
        assert (row.recall_at_1, row.map_at_10, row.num_items) == (1, 1, 20)
        assert (row.map_at_10_low, row.map_at_10_high) == (1, 1)
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == ["own-1.csv", "own-2.csv"]
    assert (tmp_path / "logs" / "own-1.csv").read_text() == "epoch,loss\n1,4.0\n2,2.0\n"


def test_other_captions_are_asked_of_the_same_method(one_method, tmp_path):
    part = (made_music([0]), made_music(range(12)))
    others = {"reversed": [[f"piece {number}" for number in reversed(range(12))]]}
    rows = baseline_rows([part], tmp_path / "logs", "made", other_captions=others)
    own, other = (next(row for row in rows if row.data == name) for name in ("made", "reversed"))
    assert own.recall_at_1 == 1
    distances = [abs(11 - 2 * place) for place in range(12)]
    assert other.recall_at_1 == 0
    assert other.recall_at_5 == pytest.approx(_expected(distances, 5))
    assert len(list((tmp_path / "logs").iterdir())) == 1


def _expected(distances, k):
    """Return R@k by hand where caption K asks for piece 11 - K and its own is piece K."""
    hits = 0.0
    for place, own in enumerate(distances):
        to_all = [abs(11 - place - piece) for piece in range(12)]
        closer = sum(other < own for other in to_all)
        equal = sum(other == own for other in to_all)
        hits += min(max(k - closer, 0), equal) / equal
    return hits / 12


def test_a_clip_without_a_caption_is_named(one_method):
    table = replace(feature_table(2, (5,)), ids=("4qaed/a", "emotify/b"))
    assert texts_of(table, {("4qaed", "a"): "x", ("emotify", "b"): "y"}) == ["x", "y"]
    with pytest.raises(ValueError, match="1 of 2 clips have no caption"):
        texts_of(table, {("4qaed", "a"): "x"})


def test_recall_and_precision_are_those_counted_by_hand(one_method, tmp_path):
    # Caption K asks for piece K, but the piece beside it in the table is another one for two of
    # twelve: their own pieces lie at distance 11, so the ten nearer ones and more come before.
    numbers = list(range(12))
    said = [11, *range(1, 11), 0]
    part = (made_music([0]), made_music(numbers, said))
    found, _ = baseline_rows([part], tmp_path, "made")
    assert found.recall_at_1 == found.recall_at_5 == found.recall_at_10 == pytest.approx(10 / 12)
    assert found.map_at_10 == pytest.approx(10 / 12)
    assert found.map_at_10_low < 10 / 12 < found.map_at_10_high


def test_hidden_states_are_averaged_and_inputs_refused():
    table = feature_table(3, (4, 5))
    music = CaptionedMusic.of(table, ["a", "b", "c"])
    torch.testing.assert_close(music.features, table.features.mean(1))
    inputs = InputTable(load=lambda ids: {}, va=table.va, ids=table.ids)
    with pytest.raises(TypeError, match="feature tables"):
        CaptionedMusic.of(inputs, ["a", "b", "c"])


class MadeFold:
    def __init__(self, music):
        self.music = music

    def without(self, fold):
        return self

    only = without


def test_keyboard_music_has_no_caption_and_windows_have_that_of_their_clip():
    ids = ("4qaed/a/b.ogg window 7", "vgmidi bar 4", "emotify/pop_1.ogg")
    table = replace(feature_table(3, (5,)), ids=ids)
    captions = {("4qaed", "a/b.ogg"): "calm", ("emotify", "pop_1.ogg"): "wild"}
    ((training, _),) = open_set_parts({"1": MadeFold(table)}, captions)
    assert training.captions == ["calm", "wild"]
    assert torch.equal(training.features, table.features[[0, 2]])


def test_clips_are_drawn_with_their_captions(tmp_path):
    dataset = load_imemnet(read_run_config(write_imemnet(tmp_path)).data)
    drawn = dataset.draw_music(5, seed=1)
    assert len(drawn.music.ids) == 5
    assert drawn.music.ids == drawn.captions.ids
    assert drawn.music.ids != dataset.draw_music(5, seed=2).music.ids
    assert torch.equal(drawn.music.va, drawn.captions.va)
    assert dataset.draw_music(None, seed=1) is dataset.draw_music(99, seed=1) is dataset


@pytest.mark.slow
def test_the_command_measures_the_test_songs_of_a_config(tmp_path, capsys):
    config = write_imemnet(tmp_path)
    tiny_model(sigma=0.3, music_window_seconds=1).save_pretrained(tmp_path / "model")
    arguments = ["evaluate", "retrieval", "--config", str(config), "--n", "3", "--baselines"]
    arguments += ["--model", str(tmp_path / "model"), "--scratch", str(tmp_path / "logs")]
    assert main([*arguments, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["num_items"] for row in rows} == {"3"}
    assert [row["source"] for row in rows[6:]] == [
        f"{name} (our reading)" for name in METHODS for _ in range(2)
    ]
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {f"{n}-1.csv" for n in METHODS}
