"""From made folders of IAPS, NAPS, EMOTIC and DEAM to the paper's tables, in one command."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch
from mmva_imemnet import write_tone
from mmva_towers import write_clip, write_mert, write_roberta
from PIL import Image
from transformers import AutoTokenizer, BartConfig

from mmva_core.cli.program import main
from mmva_core.config import PAPER_CONFIG
from mmva_core.data.imemnet.labels import read_labels
from mmva_core.data.imemnet.run_file import RawConfig, read_raw_config, read_run_config
from mmva_core.data.sources.captions import LPMusicCaps
from mmva_core.errors import MmvaError
from mmva_core.retrievers.methods import RETRIEVERS
from mmva_core.train.config import TrainConfig

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "paper.toml"
NUM_PICTURES = 12
"""Of each of the three sets."""
NUM_SONGS = 24
RATED_SECONDS = (15, 28)


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    """All four data sets, tiny towers and a tiny captioner, laid out as in the example."""
    folder = tmp_path_factory.mktemp("miniature")
    raw = folder / "raw"
    _write_pictures(raw)
    _write_deam(raw / "DEAM")
    _write_captioner(raw / "lp-music-caps")
    for name, write in (("clip", write_clip), ("mert", write_mert), ("roberta", write_roberta)):
        write(folder / name)
    clips = [f"{song}-8" for song in range(NUM_SONGS)]
    lines = [f"{clip} iaps{n % NUM_PICTURES} 0.5" for n, clip in enumerate(clips)]
    (raw / "IMEMNet").mkdir()
    (raw / "IMEMNet" / "train_matching.txt").write_text("\n".join(lines) + "\n")
    text = EXAMPLE.read_text(encoding="utf-8")
    text = text.replace("epochs = 1000", "epochs = 2").replace("batch_size = 128", "batch_size = 8")
    text = text.replace('bart = "facebook/bart-base"', 'bart = "raw/lp-music-caps"')
    text = text.replace(
        'base = "mmva" ',
        'base = "mmva"\nembedding_dim = 8\nhidden_dim = 8\nimage_weights = "clip"\n'
        'music_weights = "mert"\ncaption_weights = "roberta" ',
    )
    (folder / "paper.toml").write_text(text)
    return folder


def _write_pictures(raw):
    generator = np.random.default_rng(0)
    ratings = {name: generator.uniform(size=(NUM_PICTURES, 2)) for name in ("iaps", "naps", "emo")}
    for name, rows in ratings.items():
        folder = raw / {"iaps": "IAPS", "naps": "NAPS", "emo": "EMOTIC"}[name] / "pictures"
        folder.mkdir(parents=True)
        for number, (valence, arousal) in enumerate(rows):
            color = [round(255 * arousal), round(255 * valence), 128]
            pixels = np.full((40, 50, 3), color, np.uint8)
            Image.fromarray(pixels).save(folder / f"{name}{number}.jpg")
    lines = ["IAPS\tvalmn\taromn"]
    lines += [f"iaps{n}\t{1 + 8 * v}\t{1 + 8 * a}" for n, (v, a) in enumerate(ratings["iaps"])]
    (raw / "IAPS" / "AllSubjects_1-20.txt").write_text("\n".join(lines) + "\n")
    lines = ["ID,M_Valence,M_Arousal"]
    lines += [f"naps{n},{1 + 8 * v},{1 + 8 * a}" for n, (v, a) in enumerate(ratings["naps"])]
    (raw / "NAPS" / "NAPS.csv").write_text("\n".join(lines) + "\n")
    people = [
        {
            "filename": f"emo{n}.jpg",
            "person": [{"combined_continuous": {"valence": 1 + 9 * v, "arousal": 1 + 9 * a}}],
        }
        for n, (v, a) in enumerate(ratings["emo"])
    ]
    scipy.io.savemat(raw / "EMOTIC" / "Annotations.mat", {"train": people[:6], "test": people[6:]})


def _write_deam(folder):
    (folder / "audio").mkdir(parents=True)
    generator = np.random.default_rng(1)
    times = range(1000 * RATED_SECONDS[0], 1000 * RATED_SECONDS[1], 500)
    va = generator.uniform(-1, 1, size=(NUM_SONGS, 2))
    for column, name in enumerate(("valence", "arousal")):
        lines = ["song_id," + ",".join(f"sample_{time}ms" for time in times)]
        lines += [
            f"{n}," + ",".join([f"{row[column]:.3f}"] * len(times)) for n, row in enumerate(va)
        ]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    for number, (_, arousal) in enumerate(va):
        path = folder / "audio" / f"{number}.wav"
        write_tone(path, 400 + 300 * arousal, seconds=RATED_SECONDS[1], rate=8000)


def _write_captioner(folder):
    folder.mkdir()
    write_roberta(folder)  # for its byte-level tokenizer, which is BART's kind too
    for path in folder.glob("*.safetensors"):
        path.unlink()
    config = BartConfig(
        vocab_size=300,
        d_model=8,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=8,
        decoder_ffn_dim=8,
        max_position_embeddings=160,
    )
    config.save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        captioner = LPMusicCaps(config, AutoTokenizer.from_pretrained(folder))
    torch.save(captioner.state_dict(), folder / "transfer.pth")


@pytest.mark.slow
def test_one_command_goes_from_folders_to_tables_and_goes_on_where_it_stopped(
    miniature, tmp_path, capsys, monkeypatch
):
    for kind in RETRIEVERS.values():
        monkeypatch.setattr(kind, "EPOCHS", 1)
    caption = LPMusicCaps.caption

    def name_the_pitch(captioner, windows):
        """What no captioner without training does: say something else of other music."""
        crossings = (windows[:, 1:] * windows[:, :-1] < 0).float().mean(1)
        pitches = ["high" if share > 0.05 else "low" for share in crossings]
        return [f"{text} {p}" for text, p in zip(caption(captioner, windows), pitches, strict=True)]

    monkeypatch.setattr(LPMusicCaps, "caption", name_the_pitch)
    arguments = ["reproduce", str(miniature / "paper.toml"), "-o", str(tmp_path), "--pairs", "3"]
    assert main([*arguments, "--quiet", "--device", "cpu"]) == 0
    first = capsys.readouterr().out
    commands = re.findall(r"^\$ mmva (\w+ ?\w*)", first, re.MULTILINE)
    assert commands[:3] == ["build images", "build music", "build captions"]
    assert [name.split()[0] for name in commands[3:]] == ["train"] * 3 + ["evaluate"] * 6

    samples, _ = read_labels(miniature / "imemnet-c" / "image_va.csv")
    assert len(samples) == 3 * NUM_PICTURES
    clips, _ = read_labels(miniature / "imemnet-c" / "music_va.csv")
    assert {clip.id for clip in clips} >= {"0-8", "0-13"}  # ten seconds, and what is left
    assert all(clip.caption for clip in clips)

    for part in ("similarity", "cdcml (our reading)", "contrastive-bert (our reading)", "chance"):
        assert part in first
    assert first.count("MMVA, the paper's figure") == 3 * 7
    # "No Similarity Predictor" has no row of similarity but the paper's.
    last = first.partition("evaluate --config")[2].rpartition("no-similarity-predictor/model")[0]
    assert (
        " similarity " not in last.rpartition("$ mmva evaluate --config")[2].split("MMVA, the")[0]
    )

    assert main([*arguments, "--quiet", "--device", "cpu"]) == 0
    again = capsys.readouterr().out
    assert "$ mmva build" not in again
    figures = [text.partition("$ mmva evaluate")[2] for text in (first, again)]
    assert figures[0] == figures[1]


def test_the_example_is_the_papers_run():
    config = read_run_config(EXAMPLE)
    assert replace(config.model) == PAPER_CONFIG
    assert config.train == TrainConfig(epochs=1000)
    raw = read_raw_config(EXAMPLE)
    assert raw.iaps == str(EXAMPLE.parent / "raw/IAPS/AllSubjects_1-20.txt")
    assert (raw.bart, raw.refine, raw.join) == ("facebook/bart-base", None, RawConfig.join)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("iaps =", "iap ="), r"unknown settings in \[raw\]: iap"),
        (("naps =", "# naps ="), r"missing settings in \[raw\]: naps"),
        (("[raw]", "[sources]"), "unknown parts sources; known: raw, model, train, data"),
    ],
)
def test_a_wrong_part_of_sources_is_one_line(tmp_path, change, message):
    (tmp_path / "paper.toml").write_text(EXAMPLE.read_text(encoding="utf-8").replace(*change))
    with pytest.raises(MmvaError, match=message):
        read_raw_config(tmp_path / "paper.toml")


def test_without_a_match_list_nothing_is_begun(tmp_path, capsys):
    text = EXAMPLE.read_text(encoding="utf-8").replace("pairs =", "# pairs =")
    (tmp_path / "paper.toml").write_text(text)
    assert main(["reproduce", str(tmp_path / "paper.toml"), "-o", str(tmp_path / "run")]) == 1
    assert "needs a match list, pairs in [data]" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_the_example_has_every_part():
    assert set(tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))) == {
        "raw",
        "model",
        "train",
        "data",
    }
