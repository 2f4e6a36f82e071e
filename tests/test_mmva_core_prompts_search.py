"""The table of prompts, its cache, the search, films, and the command."""

import json
import shutil

import numpy as np
import pytest
from mmva_tiny import tiny_model
from PIL import Image

from mmva_core import MMVA, prompts
from mmva_core.cli.program import main
from mmva_core.errors import DataError
from mmva_core.prompts import table as prompts_table
from mmva_core.prompts import targets as prompts_targets
from mmva_core.prompts.film import parse_film_curve, stretches_of
from mmva_core.prompts.search import (
    Spread,
    search_prompts,
    spread_of,
    warnings_about,
)
from mmva_core.prompts.table import (
    has_label_scale,
    prompt_va,
    prompt_va_on_label_scale,
    write_table,
)
from mmva_core.prompts.templates import Templates, load_templates

HALF_STEP = 5e-4
"""Half floats below 1 are 2^-11 apart; sums in another order add less than that."""

OWN = """
sentences = ["A {size} piece of {genre}.", "{instrument_1} with {instrument_2}."]
[words]
size = ["short", "long and winding"]
genre = ["jazz", "rock"]
instrument = ["piano", "drum", "violin"]
"""


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    tiny_model(sigma=0.3).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def own_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("templates") / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def own(own_file):
    return load_templates(own_file)


LABEL_SCALE = np.float32([[0.5, 0.1], [-0.2, 0.3], [0.4, 0.0], [0.0, 0.6], [0.1, -0.1]])


def write(folder, templates, va, labels):
    path = folder / "prompts.safetensors"
    write_table(str(folder), templates, va, path, label_scale=LABEL_SCALE, labels=labels)


def made_table(templates, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 6, size=(len(templates), 2)).astype(np.float32) / 5


def forbid_the_model(monkeypatch):
    def fail(*_args, **_options):
        raise AssertionError("the model was loaded again")

    monkeypatch.setattr(MMVA, "from_pretrained", fail)


def film(*rows):
    """Two-second segments of (valence, arousal), as vsumm writes them."""
    segments = [
        {"start_seconds": 2 * n, "end_seconds": 2 * n + 2, "score": 0.5, "selected": False}
        | {"signals": {"image_valence": valence, "image_arousal": arousal}}
        for n, (valence, arousal) in enumerate(rows)
    ]
    return json.dumps({"schema_version": 2, "model": "mmva-lite", "segments": segments})


def test_table_is_what_the_model_says_of_each_prompt(own, model_folder, tmp_path):
    table = prompt_va(str(model_folder), own, cache=tmp_path)
    texts = [own.prompt(place) for place in range(len(own))]
    expected = MMVA.from_pretrained(model_folder).predict_captions(texts).numpy()
    assert table == pytest.approx(expected, abs=1e-6)


def test_second_time_nothing_is_computed(own, model_folder, tmp_path, monkeypatch):
    first = np.array(prompt_va(str(model_folder), own, cache=tmp_path))
    forbid_the_model(monkeypatch)
    second = prompt_va(str(model_folder), own, cache=tmp_path)
    assert isinstance(second, np.memmap)
    assert np.array_equal(first, second)


def test_interrupted_table_is_completed(own, model_folder, tmp_path, monkeypatch):
    expected = np.array(prompt_va(str(model_folder), own, cache=tmp_path / "other"))
    monkeypatch.setattr(prompts_table, "PROMPTS_AT_ONCE", 5)
    predict, seen = prompts.predict_by_length, []

    def stop_in_the_third_part(model, texts):
        seen.extend(texts)
        if len(seen) > 10:
            raise KeyboardInterrupt
        yield from predict(model, texts)

    with monkeypatch.context() as patch:
        patch.setattr(prompts, "predict_by_length", stop_in_the_third_part)
        with pytest.raises(KeyboardInterrupt):
            prompt_va(str(model_folder), own, cache=tmp_path)
    again = []

    def note(model, texts):
        again.extend(texts)
        yield from predict(model, texts)

    monkeypatch.setattr(prompts, "predict_by_length", note)
    assert prompt_va(str(model_folder), own, cache=tmp_path) == pytest.approx(expected, abs=1e-6)
    assert again == [own.prompt(place) for place in range(10, len(own))]


def test_other_words_and_other_weights_have_tables_of_their_own(own, model_folder, tmp_path):
    prompt_va(str(model_folder), own, cache=tmp_path)
    other_words = Templates(own.sentences, dict(own.words) | {"genre": ("folk", "rock")})
    prompt_va(str(model_folder), other_words, cache=tmp_path)
    tiny_model(seed=1, sigma=0.3).save_pretrained(tmp_path / "model")
    prompt_va(str(tmp_path / "model"), own, cache=tmp_path)
    assert len(list(tmp_path.glob("prompts-*.npy"))) == 3


def test_damaged_table_is_made_again(own, model_folder, tmp_path):
    expected = np.array(prompt_va(str(model_folder), own, cache=tmp_path))
    path = next(tmp_path.glob("prompts-*.npy"))
    path.write_bytes(path.read_bytes()[:100])
    assert np.array_equal(prompt_va(str(model_folder), own, cache=tmp_path), expected)


def test_search_finds_the_nearest_of_all(own):
    va, target = made_table(own), (0.35, 0.62)
    distances = [np.hypot(v - target[0], a - target[1]) for v, a in va.astype(float)]
    best = sorted(range(len(own)), key=lambda place: (distances[place], place))[:6]
    matches = search_prompts(own, va, target, k=6)
    assert [match.prompt for match in matches] == [own.prompt(place) for place in best]
    assert [match.distance for match in matches] == pytest.approx(sorted(distances)[:6])


def test_search_keeps_to_the_wanted_words(own):
    allowed = own.allowed({"genre": ["jazz"], "instrument_1": ["drum"]})
    matches = search_prompts(own, made_table(own), (0.5, 0.5), k=100, allowed=allowed)
    assert len(matches) == 2 * 1 * 2
    assert all("jazz. drum with" in match.prompt for match in matches)


def test_spread_is_that_of_the_table(own):
    va = made_table(own)
    valence, arousal = spread_of(va)
    assert valence == Spread("valence", va[:, 0].min(), va[:, 0].max(), valence.deviation)
    assert arousal.deviation == pytest.approx(float(va[:, 1].astype(float).std()))


def test_flat_predictions_are_admitted():
    spreads = (Spread("valence", 0.2, 0.8, 0.1), Spread("arousal", 0.45, 0.55, 0.01))
    (line,) = warnings_about(spreads, (0.5, 0.5))
    assert "hardly tells these prompts apart in arousal" in line


def test_target_beyond_all_prompts_is_admitted():
    spreads = (Spread("valence", 0.4, 0.6, 0.1), Spread("arousal", 0.2, 0.8, 0.1))
    (line,) = warnings_about(spreads, (0.9, 0.5))
    assert "valence 0.900 lies outside" in line


def test_stretches_average_the_pictures_in_them():
    segments = parse_film_curve(film((0.2, 0.4), (0.4, 0.8), (None, None), (0.6, 0.1)), "made")
    first, second = stretches_of(segments, 4)
    assert (first.start_seconds, first.end_seconds) == (0, 4)
    assert (first.valence, first.arousal) == pytest.approx((0.3, 0.6))
    assert (second.start_seconds, second.end_seconds) == (4, 8)
    assert (second.valence, second.arousal) == pytest.approx((0.6, 0.1))


def test_stretch_without_a_picture_is_left_out():
    segments = parse_film_curve(film((0.2, 0.4), (None, None), (0.6, 0.1)), "made")
    assert [part.start_seconds for part in stretches_of(segments, 2)] == [0, 4]


def test_last_stretch_ends_with_the_film():
    segments = parse_film_curve(film((0.2, 0.4), (0.6, 0.1)), "made")
    assert [part.end_seconds for part in stretches_of(segments, 3)] == [3, 4]


@pytest.mark.parametrize(
    "content",
    ["{}", "[]", "no json", '{"segments": [{"start_seconds": 3, "end_seconds": 1}]}',
     film((0.5, 7.0)), '{"segments": []}', film((None, None))],
)  # fmt: skip
def test_json_that_is_no_film_is_refused(content):
    with pytest.raises(DataError, match=r"no summary of vsumm|knows nothing of the pictures"):
        parse_film_curve(content, "made")


@pytest.fixture
def arguments(own_file, model_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return ["--templates", str(own_file), "--model", str(model_folder)]


def test_command_answers_a_point(arguments, capsys):
    assert main(["prompt", "va:0.5,0.5", "--genre", "jazz", "--k", "2", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("12 prompts; the model predicts valence")
    prompts = [line for line in lines if "off by" in line]
    assert len(prompts) == 2
    assert all("piece of jazz" in line for line in prompts)


def test_command_uses_the_scale_of_labels_where_the_model_has_one(
    arguments, own, model_folder, tmp_path, capsys
):
    labels = made_table(own, seed=1)
    folder = tmp_path / "with-scale"
    shutil.copytree(model_folder, folder)
    write(folder, own, made_table(own), labels)
    arguments[arguments.index(str(model_folder))] = str(folder)
    found = {}
    for name, options in (("labels", []), ("model", ["--scale", "model"])):
        assert main(["prompt", "va:0.2,0.3", *arguments, *options, "--json"]) == 0
        found[name] = json.loads(capsys.readouterr().out)
        assert found[name]["scale"] == name
    for name, table in (("labels", labels), ("model", made_table(own))):
        own_spread = [entry["maximum"] for entry in found[name]["spread"]]
        assert own_spread == pytest.approx(table.max(0).tolist(), abs=HALF_STEP)
    assert main(["prompt", "va:0.2,0.3", *arguments]) == 0
    assert "on the scale of labels they reach valence" in capsys.readouterr().out


def test_a_model_without_such_a_scale_is_compared_as_it_predicts(arguments, capsys):
    assert main(["prompt", "va:0.2,0.3", *arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scale"] == "model"
    assert main(["prompt", "va:0.2,0.3", *arguments, "--scale", "labels"]) == 1
    assert "has no map to the scale of labels" in capsys.readouterr().err


def test_command_answers_a_picture(arguments, tmp_path, model_folder, capsys):
    picture = tmp_path / "red.png"
    Image.new("RGB", (64, 48), (250, 10, 10)).save(picture)
    assert main(["prompt", str(picture), "--json", *arguments]) == 0
    (target,) = json.loads(capsys.readouterr().out)["targets"]
    expected = MMVA.from_pretrained(model_folder).predict_images(
        [np.asarray(Image.open(picture)).copy()]
    )
    assert [target["valence"], target["arousal"]] == pytest.approx(expected[0].tolist())
    assert len(target["prompts"]) == 5


def test_command_answers_a_summary_with_a_sheet(arguments, tmp_path, capsys):
    path = tmp_path / "film.summary.json"
    path.write_text(film(*[(0.1 * n, 0.5) for n in range(10)]), encoding="utf-8")
    assert main(["prompt", str(path), "--every", "10s", *arguments]) == 0
    out = capsys.readouterr().out
    assert "0:00-0:10: valence" in out
    assert "0:10-0:20: valence" in out
    assert out.count("off by") == 2


def test_film_is_read_by_whoever_offers_to(arguments, tmp_path, monkeypatch, capsys):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"not looked at by mmva_core")

    class Entry:
        @staticmethod
        def load():
            return lambda path, _model, _progress: film((0.2, 0.4)) if path.suffix == ".mp4" else ""

    monkeypatch.setattr(prompts_targets, "entry_points", lambda group: [Entry])
    assert main(["prompt", str(path), *arguments]) == 0
    assert "0:00-0:02: valence 0.200, arousal 0.400" in capsys.readouterr().out


def test_without_a_reader_of_films_it_says_what_to_do(arguments, tmp_path, monkeypatch, capsys):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"not looked at")
    monkeypatch.setattr(prompts_targets, "entry_points", lambda group: [])
    assert main(["prompt", str(path), *arguments]) == 1
    assert "vsumm summarize --no-reel" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("nowhere.png", [], "no such file"),
        ("just words", [], "no such file"),
        ("va:0.5,0.5", ["--only", "piano"], "SLOT=WORD"),
        ("va:0.5,0.5", ["--only", "instrument_1=piano", "--only", "instrument_2=tuba"], "tuba"),
        ("va:0.5,0.5", ["--mood", "sad"], "no slot 'mood'"),
    ],
)
def test_command_reports_mistakes_in_one_line(arguments, capsys, target, options, message):
    assert main(["prompt", target, *options, *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("options", [["--k", "0"], ["--every", "soon"], ["--every", "0s"]])
def test_wrong_numbers_are_wrong_usage(arguments, options):
    with pytest.raises(SystemExit) as error:
        main(["prompt", "va:0.5,0.5", *options, *arguments])
    assert error.value.code == 2


def test_words_that_exclude_each_other_are_reported(arguments, capsys):
    options = ["--only", "instrument_1=piano", "--only", "instrument_2=piano"]
    assert main(["prompt", "va:0.5,0.5", *options, *arguments]) == 1
    assert "no prompt has all of these words" in capsys.readouterr().err


class TestTheTableOfAModelsFolder:
    """The table that a model's folder may hold, and that of the embedded model."""

    @pytest.fixture
    def shipped(self, own, tmp_path):
        folder = tmp_path / "model"
        tiny_model(sigma=0.3).save_pretrained(folder)
        made = made_table(own)
        write(folder, own, made, made_table(own, seed=1))
        return folder, made

    def test_it_is_read_without_the_model_and_without_a_cache(self, shipped, own, monkeypatch):
        folder, made = shipped
        forbid_the_model(monkeypatch)
        monkeypatch.setattr(prompts_table, "user_cache_folder", None)  # a call is a TypeError
        assert np.abs(prompt_va(str(folder), own) - made).max() < HALF_STEP

    def test_the_scale_of_labels_fits_other_templates_and_no_other_weights(
        self, shipped, own, tmp_path, monkeypatch
    ):
        folder, _ = shipped
        other = Templates(own.sentences[::-1], own.words)
        va = prompt_va(str(folder), other, cache=tmp_path)
        alone = {}
        for sentence in {
            s.format(**other.words_of(n)) for n in range(len(other)) for s in other.sentences
        }:
            alone[sentence] = MMVA.from_pretrained(folder).predict_captions(sentence).numpy()[0]
        means = [
            np.mean([alone[s.format(**other.words_of(n))] for s in other.sentences], axis=0)
            for n in range(len(other))
        ]
        expected = np.column_stack([va, means, np.ones(len(other))]) @ LABEL_SCALE
        found = prompt_va_on_label_scale(str(folder), other, cache=tmp_path)
        assert found == pytest.approx(expected.clip(0, 1), abs=1e-4)

        tiny_model(sigma=0.5).save_pretrained(folder)
        assert not has_label_scale(str(folder))

    def test_other_templates_or_weights_are_worked_out(self, shipped, own, tmp_path, monkeypatch):
        folder, _ = shipped
        forbid_the_model(monkeypatch)
        other = Templates(own.sentences[::-1], own.words)
        with pytest.raises(AssertionError, match="loaded again"):
            prompt_va(str(folder), other, cache=tmp_path)
        tiny_model(sigma=0.5).save_pretrained(folder)
        with pytest.raises(AssertionError, match="loaded again"):
            prompt_va(str(folder), own, cache=tmp_path)

    def test_that_of_the_embedded_model_is_of_its_weights_and_templates(self, monkeypatch):
        templates = load_templates()
        model = MMVA.from_pretrained("mmva-lite", device="cpu")
        forbid_the_model(monkeypatch)
        va = prompt_va("mmva-lite", templates)
        some = [0, 12_345, len(templates) - 1]
        again = model.predict_captions([templates.prompt(k) for k in some])
        assert np.abs(va[some] - np.asarray(again)).max() < HALF_STEP

    def test_the_embedded_model_spreads_prompts_as_labels_do(self):
        templates = load_templates()
        valence = prompt_va_on_label_scale("mmva-lite", templates)[:, 0]
        assert valence.min() < 0.3
        assert valence.max() > 0.79
        moods = [templates.words_of(row)["mood"] for row in range(len(templates))]
        mean = {mood: valence[np.array(moods) == mood].mean() for mood in set(moods)}
        assert mean["haunting"] < 0.45 < 0.55 < mean["soothing"]
