"""`mmva build pictures` and `mmva build class-names`, on data sets made for the test."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmva_core import MMVA
from mmva_core.cli.program import main
from mmva_core.lite.class_names import load_class_names
from mmva_core.lite.tables import TRAINING_VIEWS

COLOURS = [
    (200, 40, 40),
    (40, 40, 200),
    (220, 220, 60),
    (30, 30, 30),
    (240, 240, 240),
    (60, 160, 60),
]


@pytest.fixture
def made_sets(tmp_path):
    """A folder with six pictures of OASIS's form and eight sentences of EmoBank's."""
    rows = ["file,theme,fold,valence,arousal"]
    (tmp_path / "oasis" / "images").mkdir(parents=True)
    generator = np.random.default_rng(0)
    for number, colour in enumerate(COLOURS):
        noise = generator.integers(-30, 30, (96, 128, 3))
        pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "oasis" / "images" / f"{number}.png")
        rows.append(f"images/{number}.png,theme {number // 2},1,{2 + number / 2},{5 - number / 2}")
    (tmp_path / "oasis" / "oasis.csv").write_text("\n".join(rows), encoding="utf-8")
    words = ["joy", "love", "sunshine", "friends", "war", "murder", "disease", "grief"]
    lines = [f"d_{k}_1,train,{4 if k < 4 else 2},3,{word}" for k, word in enumerate(words)]
    (tmp_path / "text").mkdir()
    table = "\n".join(["id,split,V,A,text", *lines])
    (tmp_path / "text" / "emobank.csv").write_text(table, encoding="utf-8")
    return tmp_path


def test_pictures_are_fitted_anew_and_nothing_else(made_sets, capsys):
    run = made_sets / "run"

    assert main(["build", "pictures", "--data", str(made_sets), "-o", str(run), "--quiet"]) == 0

    assert "run/model" in capsys.readouterr().out
    before = MMVA.from_pretrained("mmva-lite").own_state_dict()
    model = MMVA.from_pretrained(run / "model")
    assert model.config.image_va_centres == len(COLOURS) * len(TRAINING_VIEWS)
    after = model.own_state_dict()
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith("va_predictors.image.") for name in changed)


def test_a_model_that_is_there_stays(made_sets, capsys):
    (made_sets / "run" / "model").mkdir(parents=True)
    command = ["build", "pictures", "--data", str(made_sets), "-o", str(made_sets / "run")]

    assert main(command) == 1

    assert "use --force" in capsys.readouterr().err


def test_names_like_pleasant_sentences_are_pleasant(made_sets):
    pytest.importorskip("tokenizers")
    names = ["happiness", "killing", *(f"thing {number}" for number in range(70))]
    synsets = [f"n{number}" for number in range(len(names))]
    lemmas = "\n".join(f"{s}\t{name}, other" for s, name in zip(synsets, names, strict=True))
    (made_sets / "imagenet_synsets.txt").write_text("\n".join(synsets))
    (made_sets / "imagenet_synset_to_lemma.txt").write_text(lemmas)
    definitions = "\n".join(f"{s}\tsomething" for s in synsets)
    (made_sets / "imagenet_synset_to_definition.txt").write_text(definitions)
    target = made_sets / "names.safetensors"
    command = ["build", "class-names", "--data", str(made_sets), "--classes", str(made_sets)]

    assert main([*command, "-o", str(target)]) == 0

    made = load_class_names(target)
    assert made.embeds.shape == (len(names), 64)
    assert float(made.valence[0]) > float(made.valence[1])
