"""Judging pairs of music and captions: both directions, both ways, ties, and a user's table."""

import csv
import json
import wave

import numpy as np
import pytest
from mmva_tiny import tiny_data, tiny_model

from mmva_core.cli.program import main
from mmva_core.errors import DataError
from mmva_core.retrieval.metrics import chance_metrics
from mmva_core.studies.retrieval import CHANCE, EncodedPairs, retrieval_rows, retrieval_text
from mmva_core.studies.retrieval_pairs import encode_pairs, read_pairs, table_pairs
from mmva_core.studies.tables import render


def made_pairs(num_pairs=20, seed=0, noise=0.0):
    generator = np.random.default_rng(seed)
    va = generator.random((num_pairs, 2)).astype(np.float32)
    embeds = generator.normal(size=(num_pairs, 8)).astype(np.float32)
    other = va + noise * generator.normal(size=va.shape).astype(np.float32)
    return EncodedPairs(va, other, embeds, 3 * embeds)


def row_of(rows, direction, by):
    (row,) = (row for row in rows if (row.direction, row.by) == (direction, by))
    return row


def test_pairs_that_agree_are_all_found():
    rows = retrieval_rows([made_pairs()], "made", "data")
    for row in rows:
        expected = 1 if row.source == "made" else pytest.approx(1 / 20)
        assert row.recall_at_1 == expected


def test_model_that_says_the_same_of_everything_is_at_chance():
    same = np.full((30, 2), 0.4, dtype=np.float32)
    embeds = np.ones((30, 4), dtype=np.float32)
    rows = retrieval_rows([EncodedPairs(same, same, embeds, embeds)], "flat", "data")
    for row in rows:
        assert row.recall_at_10 == pytest.approx(chance_metrics(30).recall_at_10)
        assert row.map_at_10 == pytest.approx(chance_metrics(30).map_at_10)


def test_directions_are_told_apart():
    # Both captions lie near the first piece, its own a little further off than the other.
    music = np.array([[0.0, 0.0], [1.0, 1.0]], dtype=np.float32)
    caption = np.array([[0.1, 0.1], [0.0, 0.05]], dtype=np.float32)
    embeds = np.eye(2, dtype=np.float32)
    rows = retrieval_rows([EncodedPairs(music, caption, embeds, embeds)], "made", "data")
    assert row_of(rows, "caption to music", "va").recall_at_1 == 0.5
    assert row_of(rows, "music to caption", "va").recall_at_1 == 0
    assert row_of(rows, "music to caption", "cosine").recall_at_1 == 1


def test_captions_that_read_the_same_share_their_places():
    music = np.array([[0.2, 0.2], [0.9, 0.9]], dtype=np.float32)
    caption = np.array([[0.5, 0.5], [0.5, 0.5]], dtype=np.float32)
    embeds = np.ones((2, 3), dtype=np.float32)
    rows = retrieval_rows([EncodedPairs(music, caption, embeds, embeds)], "made", "data")
    assert row_of(rows, "music to caption", "va").recall_at_1 == 0.5


def test_folds_count_by_their_size():
    small, large = made_pairs(10), made_pairs(30, seed=1, noise=10.0)
    together = row_of(retrieval_rows([small, large], "m", "d"), "caption to music", "va")
    alone = row_of(retrieval_rows([large], "m", "d"), "caption to music", "va")
    assert together.recall_at_1 == pytest.approx((10 * 1 + 30 * alone.recall_at_1) / 40)
    assert together.num_items == 20


def test_interval_holds_the_figure():
    row = row_of(retrieval_rows([made_pairs(noise=0.2)], "m", "d"), "caption to music", "va")
    assert row.recall_at_10_low <= row.recall_at_10 <= row.recall_at_10_high


def test_pairs_must_be_pairs():
    pairs = made_pairs()
    with pytest.raises(ValueError, match="as many pieces as captions"):
        EncodedPairs(pairs.music_va[:5], pairs.caption_va, pairs.music_embeds, pairs.caption_embeds)


@pytest.mark.parametrize("form", ["text", "csv", "json"])
def test_tables_hold_every_row(form):
    rows = retrieval_rows([made_pairs(noise=0.1)], "made", "some pairs")
    text = render(rows, form, retrieval_text)
    if form == "json":
        assert [entry["map_at_10"] for entry in json.loads(text)] == [row.map_at_10 for row in rows]
    elif form == "csv":
        table = list(csv.DictReader(text.splitlines()))
        assert [entry["by"] for entry in table] == [row.by or "" for row in rows]
    else:
        assert len(text.splitlines()) == 2 + len(rows)
        assert text.count(CHANCE) == 2


def test_table_of_features_is_encoded_row_by_row():
    model = tiny_model()
    data = tiny_data(model)
    pairs = table_pairs(model, data)
    output = model.forward_features(None, data.music.features, data.caption.features)
    assert pairs.music_va == pytest.approx(output.music_va.detach().numpy(), abs=1e-6)
    assert pairs.caption_embeds == pytest.approx(output.caption_embeds.detach().numpy(), abs=1e-5)


def write_wave(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(samples.astype("<i2").tobytes())


def write_table(folder, rows):
    path = folder / "pairs.csv"
    lines = [f"{music},{caption}" for music, caption in rows]
    path.write_text("\n".join(["music,caption", *lines, ""]), encoding="utf-8")
    return path


def test_users_table_is_read_and_drawn_from(tmp_path):
    path = write_table(tmp_path, [(f"{n}.wav", f"song {n}") for n in range(50)])
    assert read_pairs(path)[3] == (tmp_path / "3.wav", "song 3")
    drawn = read_pairs(path, limit=10, seed=1)
    assert len(set(drawn)) == 10
    assert drawn == read_pairs(path, limit=10, seed=1) != read_pairs(path, limit=10, seed=2)


@pytest.mark.parametrize("text", ["", "file,text\na,b\n", "music,caption\n,\n"])
def test_table_without_pairs_is_refused(tmp_path, text):
    (tmp_path / "pairs.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="columns 'music' and 'caption'"):
        read_pairs(tmp_path / "pairs.csv")


def test_users_pairs_are_encoded_as_predict_does(tmp_path):
    samples = np.random.default_rng(0).normal(size=3 * 16000) * 3000
    write_wave(tmp_path / "noise.wav", samples)
    model = tiny_model(music_window_seconds=2)
    pairs = read_pairs(write_table(tmp_path, [("noise.wav", "loud noise")] * 2))
    encoded = encode_pairs(model, pairs)
    expected = model.predict_captions(["loud noise"]).numpy()
    assert encoded.caption_va == pytest.approx(expected.repeat(2, axis=0), abs=1e-6)
    assert np.array_equal(encoded.caption_va[0], encoded.caption_va[1])
    sound = (samples.astype("<i2") / 32768).astype(np.float32)
    expected = model.predict_music(sound, 16000).numpy().mean(axis=0)
    assert encoded.music_va[0] == pytest.approx(expected, abs=1e-4)


def test_command_judges_a_users_pairs(tmp_path, capsys):
    for name, hertz in (("low", 100), ("high", 2000)):
        samples = 9000 * np.sin(2 * np.pi * hertz * np.arange(16000) / 16000)
        write_wave(tmp_path / f"{name}.wav", samples)
    tiny_model(sigma=0.3, music_window_seconds=1).save_pretrained(tmp_path / "model")
    table = write_table(tmp_path, [("low.wav", "a dark song"), ("high.wav", "a shrill song")])
    arguments = ["evaluate", "retrieval", "--pairs", str(table), "--format", "json"]
    assert main([*arguments, "--model", str(tmp_path / "model")]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 6
    assert {row["num_items"] for row in rows} == {2}
    assert all(row["recall_at_5"] == 1 for row in rows)
