"""Tables of figures, run configs, and what a validation measures."""

import csv
import io
import json

import pytest
import torch
from mmva_tiny import tiny_data, tiny_model

from mmva_core.config import PAPER_CONFIG
from mmva_core.data.imemnet.run_file import TEMPLATE, read_run_config
from mmva_core.errors import MmvaError
from mmva_core.studies.report import PAPER, Row, evaluation_rows, evaluation_text, paper_rows
from mmva_core.studies.tables import FORMATS, render
from mmva_core.train.matching import fixed_pairs, matching_score
from mmva_core.train.metrics import regression_metrics
from mmva_core.train.validate import PAIR_SEED, Constants, evaluate

SIGMA = 0.4


@pytest.fixture(scope="module")
def model():
    return tiny_model()


@pytest.fixture(scope="module")
def evaluation(model):
    training, test = tiny_data(model, seed=1), tiny_data(model, seed=7)
    return evaluate(model, test, Constants.of(training, SIGMA))


def test_constants_are_means_of_the_training_labels(model):
    data = tiny_data(model, seed=1)
    constants = Constants.of(data, SIGMA)
    torch.testing.assert_close(constants.va["image"].float(), data.image.va.mean(0))
    scores = matching_score(data.image.va[:, None], data.music.va[None], SIGMA)
    assert constants.similarity == pytest.approx(scores.mean().item(), rel=1e-5)


def test_an_evaluation_agrees_with_predicting_by_hand(model, evaluation):
    test = tiny_data(model, seed=7)
    with torch.no_grad():
        va = model.forward_features(image_features=test.image.features).image_va
    mse = torch.nn.functional.mse_loss(va, test.image.va, reduction="none").mean(0)
    assert evaluation.va["image"]["valence"].mse == pytest.approx(mse[0].item(), rel=1e-4)
    assert evaluation.va["image"]["arousal"].mse == pytest.approx(mse[1].item(), rel=1e-4)


def test_similarity_is_measured_on_fixed_pairs(model, evaluation):
    test = tiny_data(model, seed=7)
    pairs = fixed_pairs(len(test.image), len(test.music), seed=PAIR_SEED)
    image, music = pairs[:, 0], pairs[:, 1]
    with torch.no_grad():
        similarity = model.forward_features(
            test.image.features[image], test.music.features[music], test.caption.features[music]
        ).similarity
    target = matching_score(test.image.va[image], test.music.va[music], SIGMA)
    expected = regression_metrics(similarity, target).mse
    assert evaluation.similarity.mse == pytest.approx(expected, rel=1e-4)


def test_the_loss_of_an_evaluation_is_equation_4(evaluation):
    parts = [(m["valence"].mse + m["arousal"].mse) / 2 for m in evaluation.va.values()]
    assert evaluation.loss() == pytest.approx(sum(parts) + evaluation.similarity.mse)
    assert evaluation.flat()["loss"] == evaluation.loss()


def test_a_model_without_similarity_predictor_has_no_such_figure(model):
    plain = tiny_model(with_similarity=False)
    data = tiny_data(plain)
    evaluation = evaluate(plain, data, Constants.of(data, SIGMA))
    assert evaluation.similarity is None
    assert [row.target for row in evaluation_rows(evaluation, "m", "s")] == [
        "image",
        "image",
        "music",
        "music",
        "caption",
        "caption",
    ]


def test_rows_survive_csv_and_json(evaluation):
    rows = evaluation_rows(evaluation, "ours", "test")
    assert [Row(**values) for values in json.loads(render(rows, "json", evaluation_text))] == rows
    read = list(csv.DictReader(io.StringIO(render(rows, "csv", evaluation_text))))
    assert [float(row["mse"]) for row in read] == [row.mse for row in rows]


def test_text_lines_up_and_leaves_unknown_figures_open(evaluation):
    text = render(
        [*evaluation_rows(evaluation, "ours", "test"), *paper_rows()], "text", evaluation_text
    )
    lines = text.splitlines()
    column = lines[0].index("dimension")
    assert all(line[column - 1] == " " and line[column] != " " for line in lines)
    assert lines[-1].startswith(PAPER)
    assert " - " in lines[-1]


def test_every_format_is_rendered(evaluation):
    rows = evaluation_rows(evaluation, "ours", "test")
    assert all(render(rows, form, evaluation_text) for form in FORMATS)


def test_the_papers_figures_are_those_of_mmva_in_table_1():
    rows = paper_rows()
    assert {row.source for row in rows} == {PAPER}
    errors = {(row.target, row.dimension): (row.mse, row.mae) for row in rows}
    assert len(errors) == len(rows) == 7
    assert errors["image", "arousal"] == (0.049, 0.181)
    assert errors["music", "valence"] == (0.0003, 0.008)


def test_the_template_is_the_papers_run(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(TEMPLATE)
    config = read_run_config(path)
    assert config.model == PAPER_CONFIG
    assert config.train.epochs == 1000
    assert config.data.images == str(tmp_path / "images")


def test_options_override_the_file(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(TEMPLATE)
    config = read_run_config(path, model={"with_similarity": False}, train={"seed": 7})
    assert not config.model.with_similarity
    assert config.train.seed == 7


def test_weights_may_lie_beside_the_file_or_on_the_hub(tmp_path):
    (tmp_path / "clip").mkdir()
    path = tmp_path / "run.toml"
    path.write_text(
        TEMPLATE.replace(
            "[train]", 'image_weights = "clip"\nmusic_weights = "m-a-p/MERT-v1-95M"\n[train]'
        )
    )
    model = read_run_config(path).model
    assert model.image_weights == str(tmp_path / "clip")
    assert model.music_weights == "m-a-p/MERT-v1-95M"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[train]", "[training]"), "unknown parts training"),
        (('base = "mmva"', 'base = "clip"'), "base must be one of mmva, mmva-lite"),
        (("epochs = 1000", "epoch = 1000"), "unknown training settings: epoch"),
        (("cache =", "cash ="), "unknown settings in .data.: cash"),
        (("epochs = 1000", "epochs = "), "cannot read the config"),
    ],
)
def test_a_wrong_config_is_one_line(tmp_path, change, message):
    path = tmp_path / "run.toml"
    path.write_text(TEMPLATE.replace(*change))
    with pytest.raises(MmvaError, match=message) as caught:
        read_run_config(path)
    assert "\n" not in str(caught.value)


def test_a_missing_config_is_one_line(tmp_path):
    with pytest.raises(MmvaError, match="no such file"):
        read_run_config(tmp_path / "none.toml")
