"""ModelConfig and TrainConfig: what they accept, and their JSON round trip."""

import json

import pytest

from mmva_core.config import PAPER_CONFIG, ModelConfig
from mmva_core.train.config import TrainConfig


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image_pooling", ("median",)),
        ("image_geometry", "stretch"),
        ("standardize", ("sound",)),
        ("finetune", ("smell",)),
        ("embedding_dim", 0),
        ("hidden_dim", 1.5),
        ("dropout", 1.0),
        ("music_window_seconds", 0),
        ("sigma", -1.0),
    ],
)
def test_a_wrong_model_setting_names_its_field(field, value):
    with pytest.raises(ValueError, match=field):
        ModelConfig(**{field: value})


def test_features_cannot_be_empty():
    with pytest.raises(ValueError, match="cannot both be empty"):
        ModelConfig(image_pooling=(), image_blocks=())


@pytest.mark.parametrize("config", [ModelConfig(), PAPER_CONFIG, ModelConfig(finetune=("image",))])
def test_a_model_config_survives_json(config):
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_an_unknown_model_setting_is_refused():
    with pytest.raises(ValueError, match="unknown model settings: colour"):
        ModelConfig.from_dict({"colour": "red"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("batch_size", -1),
        ("matching", "sorted"),
        ("precision", "fp8"),
        ("learning_rate", 0.0),
        ("weight_decay", -0.1),
        ("image_weight", -1.0),
        ("gradient_clip", 0.0),
        ("mixup", -1.0),
    ],
)
def test_a_wrong_training_setting_names_its_field(field, value):
    with pytest.raises(ValueError, match=field):
        TrainConfig(**{field: value})


def test_training_defaults_are_the_papers():
    config = TrainConfig()
    assert (config.epochs, config.batch_size, config.learning_rate) == (1000, 128, 3e-4)
    assert (config.weight_decay, config.betas, config.matching) == (0.01, (0.9, 0.999), "random")
    assert set(config.loss_weights().values()) == {1.0}
    assert config.gradient_clip is None


def test_a_training_config_survives_json():
    config = TrainConfig(epochs=3, betas=(0.8, 0.9))
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_correlations_are_maximised_and_errors_minimised():
    assert TrainConfig(select_by="image_arousal_pearson").selects_highest()
    assert not TrainConfig(select_by="image_arousal_mse").selects_highest()
    assert not TrainConfig().selects_highest()
