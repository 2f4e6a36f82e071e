"""The trainer: determinism, resuming, selection and what it refuses."""

import csv
import multiprocessing
import os
import signal
import socket
import time
from pathlib import Path

import pytest
import torch
from mmva_tiny import CAPTION_DIM, feature_table, tiny_data, tiny_model

from mmva_core import MMVA, CheckpointError, DataError
from mmva_core.train.config import TrainConfig
from mmva_core.train.loop import _Run, train_model
from mmva_core.train.objective import ExtraLoss

PROCESS_TOLERANCE = 1e-5
"""Two processes add gradients in another order than one: a few units of float32."""


def config(**changes):
    values = {
        "epochs": 4,
        "batch_size": 4,
        "learning_rate": 0.01,
        "validate_every": 2,
        "checkpoint_every": 1,
    }
    return TrainConfig(**(values | changes))


def run(folder, seed=0, model_changes=None, **changes):
    model = tiny_model(**(model_changes or {}))
    data = tiny_data(model, seed=10)
    validation = tiny_data(model, seed=20)
    result = train_model(model, data, config(seed=seed, **changes), folder, validation=validation)
    return model, result


def rows_of(folder):
    with (folder / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def assert_same_weights(first, second):
    left, right = first.own_state_dict(), second.own_state_dict()
    assert left.keys() == right.keys()
    for name, value in left.items():
        assert torch.equal(value, right[name]), name


def test_training_lowers_the_loss(tmp_path):
    run(tmp_path / "run", epochs=30, validate_every=30)
    losses = [float(row["loss"]) for row in rows_of(tmp_path / "run")]
    assert losses[-1] < 0.7 * losses[0]


def test_training_is_deterministic(tmp_path):
    first, _ = run(tmp_path / "a")
    second, _ = run(tmp_path / "b")
    assert_same_weights(first, second)
    assert (tmp_path / "a/log.csv").read_text() == (tmp_path / "b/log.csv").read_text()


def test_training_depends_on_the_seed(tmp_path):
    run(tmp_path / "a", seed=0)
    run(tmp_path / "b", seed=1)
    assert rows_of(tmp_path / "a")[-1]["loss"] != rows_of(tmp_path / "b")[-1]["loss"]


def test_training_leaves_the_global_random_state_alone(tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    run(tmp_path / "run")
    assert torch.equal(torch.rand(3), expected)


def test_the_model_folder_holds_the_selected_weights(tmp_path):
    model, result = run(tmp_path / "run")
    assert_same_weights(MMVA.from_pretrained(result.folder), model)
    assert MMVA.from_pretrained(result.folder).config.sigma > 0


def test_the_best_epoch_is_the_one_with_the_lowest_validation_loss(tmp_path):
    _, result = run(tmp_path / "run", epochs=8, learning_rate=0.1)
    figures = {
        int(row["epoch"]): float(row["validation_loss"])
        for row in rows_of(tmp_path / "run")
        if row["validation_loss"]
    }
    assert result.best_epoch == min(figures, key=figures.get)
    assert result.best.loss() == pytest.approx(min(figures.values()))


def test_selection_by_a_correlation_takes_the_highest(tmp_path):
    _, result = run(tmp_path / "run", epochs=8, select_by="image_arousal_pearson")
    name = "validation_image_arousal_pearson"
    figures = [float(row[name]) for row in rows_of(tmp_path / "run") if row[name]]
    assert result.best.flat()["image_arousal_pearson"] == pytest.approx(max(figures))


def test_an_unknown_selection_is_refused(tmp_path):
    with pytest.raises(ValueError, match="select_by must be one of"):
        run(tmp_path / "run", select_by="image_beauty_pearson")


@pytest.mark.parametrize("mixup", [0.0, 0.4])
def test_a_resumed_run_ends_with_the_same_bits(tmp_path, mixup):
    straight, _ = run(tmp_path / "straight", mixup=mixup)
    _stop_after(tmp_path / "resumed", 2, mixup=mixup)
    model = tiny_model()
    data, validation = tiny_data(model, seed=10), tiny_data(model, seed=20)
    folder = tmp_path / "resumed"
    train_model(model, data, config(mixup=mixup), folder, validation=validation, resume=True)
    assert_same_weights(straight, model)
    assert (tmp_path / "straight/log.csv").read_text() == (folder / "log.csv").read_text()


def test_a_killed_run_resumes_to_the_same_bits(tmp_path):
    straight, _ = run(tmp_path / "straight")
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_train_until_killed, args=(tmp_path / "killed",))
    process.start()
    last = tmp_path / "killed/last.pt"
    deadline = time.monotonic() + 120
    while process.is_alive() and not last.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    model = tiny_model()
    data, validation = tiny_data(model, seed=10), tiny_data(model, seed=20)
    train_model(model, data, config(), last.parent, validation=validation, resume=True)
    assert_same_weights(straight, model)


def test_resuming_with_other_settings_is_refused(tmp_path):
    _stop_after(tmp_path / "run", 2)
    model = tiny_model()
    with pytest.raises(CheckpointError, match=r"training settings \(learning_rate"):
        train_model(
            model,
            tiny_data(model, seed=10),
            config(learning_rate=0.02),
            tmp_path / "run",
            resume=True,
        )


def test_resuming_on_other_data_is_refused(tmp_path):
    _stop_after(tmp_path / "run", 2)
    model = tiny_model()
    with pytest.raises(CheckpointError, match="other data"):
        train_model(model, tiny_data(model, seed=11), config(), tmp_path / "run", resume=True)


def test_a_run_is_not_overwritten(tmp_path):
    run(tmp_path / "run")
    with pytest.raises(CheckpointError, match="holds a run"):
        run(tmp_path / "run")


def test_a_damaged_training_state_is_refused_in_one_line(tmp_path):
    _stop_after(tmp_path / "run", 2)
    last = tmp_path / "run/last.pt"
    last.write_bytes(last.read_bytes()[:1000])
    model = tiny_model()
    with pytest.raises(CheckpointError, match="cannot read the training state") as caught:
        train_model(model, tiny_data(model, seed=10), config(), tmp_path / "run", resume=True)
    assert "\n" not in str(caught.value)


def test_paired_matching_needs_pairs(tmp_path):
    with pytest.raises(DataError, match="needs data with a list of pairs"):
        run(tmp_path / "run", matching="paired")


def test_paired_matching_trains_on_the_pairs_alone(tmp_path):
    model = tiny_model()
    pairs = torch.tensor([[0, 1], [2, 3], [4, 5], [6, 7]])
    data = tiny_data(model, seed=10, pairs=pairs)
    train_model(model, data, config(matching="paired", epochs=1), tmp_path / "run")
    assert len(rows_of(tmp_path / "run")) == 1


def test_without_similarity_predictor_there_is_no_such_loss(tmp_path):
    run(tmp_path / "run", model_changes={"with_similarity": False})
    assert "similarity" not in rows_of(tmp_path / "run")[0]


def test_frozen_towers_are_not_trained(tmp_path):
    before = {k: v.clone() for k, v in tiny_model().tower("music").state_dict().items()}
    model, _ = run(tmp_path / "run")
    for name, value in model.tower("music").state_dict().items():
        assert torch.equal(value, before[name])


def test_features_are_standardised_by_the_training_set(tmp_path):
    model, _ = run(tmp_path / "run", model_changes={"standardize": ("image",)}, epochs=1)
    features = tiny_data(model, seed=10).image.features
    standardizer = model.projections["image"][0]
    torch.testing.assert_close(standardizer.mean, features.mean(0))
    assert standardizer(features).std(0, correction=0).mean() == pytest.approx(1, abs=1e-3)


def test_sentences_count_among_the_captions_that_are_standardised(tmp_path):
    model = tiny_model(standardize=("caption",))
    sentences = feature_table(7, (CAPTION_DIM,), seed=30)
    data = tiny_data(model, seed=10, sentences=sentences)
    train_model(model, data, config(epochs=1), tmp_path / "run")
    both = torch.cat([data.caption.features, sentences.features])
    torch.testing.assert_close(model.projections["caption"][0].mean, both.mean(0))


def test_sentences_reach_the_caption_predictor(tmp_path):
    model = tiny_model()
    sentences = feature_table(7, (CAPTION_DIM,), seed=30)
    data = tiny_data(model, seed=10, sentences=sentences)
    train_model(model, data, config(epochs=1), tmp_path / "with")
    plain = tiny_model()
    train_model(plain, tiny_data(plain, seed=10), config(epochs=1), tmp_path / "without")
    left, right = rows_of(tmp_path / "with")[0], rows_of(tmp_path / "without")[0]
    assert float(left["caption"]) > float(right["caption"])


class _EmbedNorm(ExtraLoss):
    name, weight = "embed_norm", 0.5

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(2.0))

    def forward(self, output, batch):
        return self.scale**2 + output.image_embeds.square().mean()


def test_an_extra_loss_is_logged_and_its_parameters_trained(tmp_path):
    model, term = tiny_model(), _EmbedNorm()
    train_model(model, tiny_data(model, seed=10), config(), tmp_path / "run", extra_losses=[term])
    row = rows_of(tmp_path / "run")[0]
    parts = sum(float(row[name]) for name in ("image", "music", "caption", "similarity"))
    assert float(row["loss"]) == pytest.approx(parts + 0.5 * float(row["embed_norm"]), rel=1e-5)
    assert term.scale.item() < 2.0


def test_bf16_keeps_the_weights_in_float32(tmp_path):
    model, _ = run(tmp_path / "run", precision="bf16", epochs=1)
    assert all(value.dtype == torch.float32 for value in model.own_state_dict().values())


def test_gradient_clipping_changes_the_path(tmp_path):
    run(tmp_path / "a")
    run(tmp_path / "b", gradient_clip=1e-3)
    assert rows_of(tmp_path / "a")[-1]["loss"] != rows_of(tmp_path / "b")[-1]["loss"]


def test_the_learning_rate_follows_a_cosine():
    rates = [config(learning_rate=1.0).learning_rate_at(step, 4) for step in range(5)]
    assert rates == pytest.approx([1.0, 0.853553, 0.5, 0.146447, 0.0], abs=1e-6)


@pytest.mark.slow
def test_two_processes_give_the_loss_curve_of_one(tmp_path):
    run(tmp_path / "one", epochs=3)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_train_as_peer, args=(tmp_path / "two", rank, port))
        for rank in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=240)
    assert [process.exitcode for process in processes] == [0, 0]
    one, two = rows_of(tmp_path / "one"), rows_of(tmp_path / "two")
    assert len(one) == len(two) == 3
    for left, right in zip(one, two, strict=True):
        for name in ("loss", "image", "music", "caption", "similarity"):
            assert float(left[name]) == pytest.approx(float(right[name]), abs=PROCESS_TOLERANCE)


class _StopError(Exception):
    pass


def _stop_after(folder, num_epochs, **changes):
    """Train with the settings of the whole run, but break off after some epochs."""
    model = tiny_model()
    data, validation = tiny_data(model, seed=10), tiny_data(model, seed=20)
    original = _Run.train_epoch

    def stopping(self, epoch):
        if epoch == num_epochs:
            raise _StopError
        return original(self, epoch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Run, "train_epoch", stopping)
        with pytest.raises(_StopError):
            train_model(model, data, config(**changes), folder, validation=validation)


def _train_until_killed(folder):
    """Train with the settings of the whole run, and wait in the second epoch to be killed."""
    original = _Run.train_epoch

    def hesitating(self, epoch):
        if epoch == 1:
            time.sleep(60)
        return original(self, epoch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Run, "train_epoch", hesitating)
        run(Path(folder))


def _train_as_peer(folder, rank, port):
    torch.set_num_threads(1)
    os.environ |= {
        "WORLD_SIZE": "2",
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    run(Path(folder), epochs=3)
