"""The paper's towers on tiny random checkpoints in the published formats."""

import json
import shutil

import numpy as np
import pytest
import torch
from mmva_towers import (
    CLIP_SIDE,
    HIDDEN,
    NUM_LAYERS,
    PROJECTION,
    write_clip,
    write_mert,
    write_roberta,
)
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPImageProcessor, CLIPModel, HubertModel, RobertaModel

from mmva_core import MMVA, CheckpointError, ModelConfig
from mmva_core.errors import PrecisionError
from mmva_core.towers.paper import MERT, CLIPImage, Roberta

ROUNDING = 1e-5
"""Two ways of computing one thing in float32."""
PIXEL_TOLERANCE = 0.02
"""One step of 256 after CLIP's normalisation: two resizers round differently."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("towers")
    writers = {"clip": write_clip, "mert": write_mert, "roberta": write_roberta}
    for name, write in writers.items():
        (root / name).mkdir()
        write(root / name)
    return root


def paper_config(folders, **changes):
    return ModelConfig(
        image_tower="clip-vit-b32",
        music_tower="mert-v1-95m",
        caption_tower="roberta-base",
        image_weights=str(folders / "clip"),
        music_weights=str(folders / "mert"),
        caption_weights=str(folders / "roberta"),
        embedding_dim=PROJECTION,
        hidden_dim=8,
        **changes,
    )


def gradient(height=40, width=60):
    rows = np.linspace(0, 255, height)[:, None, None]
    columns = np.linspace(0, 255, width)[None, :, None]
    return ((rows + columns) / 2 * np.ones(3)).astype(np.uint8)


def test_clip_features_are_the_image_embeds_of_the_whole_clip(folders):
    pixel_values = torch.randn(2, 3, CLIP_SIDE, CLIP_SIDE)
    with torch.no_grad():
        features = CLIPImage(str(folders / "clip"))(pixel_values)
        clip = CLIPModel.from_pretrained(folders / "clip")
        expected = clip.visual_projection(clip.vision_model(pixel_values).pooler_output)
    torch.testing.assert_close(features, expected, atol=ROUNDING, rtol=0)


def test_clip_preprocessing_agrees_with_transformers(folders):
    image = gradient()
    processor = CLIPImageProcessor(size={"shortest_edge": CLIP_SIDE}, crop_size=CLIP_SIDE)
    expected = processor(Image.fromarray(image), return_tensors="pt")["pixel_values"]
    pixel_values = CLIPImage(str(folders / "clip")).preprocess([image])
    torch.testing.assert_close(pixel_values, expected, atol=PIXEL_TOLERANCE, rtol=0)


def test_mert_features_are_mean_hidden_states_of_a_normalised_window(folders):
    waveform = torch.randn(2, 2400) * 0.1 + 0.05
    normalised = (waveform - waveform.mean(1, keepdim=True)) / waveform.std(
        1, keepdim=True, correction=0
    )
    with torch.no_grad():
        features = MERT(str(folders / "mert"))(waveform)
        hubert = HubertModel.from_pretrained(folders / "mert")
        states = hubert(normalised, output_hidden_states=True).hidden_states
    assert features.shape == (2, NUM_LAYERS + 1, HIDDEN)
    for layer, state in enumerate(states):
        torch.testing.assert_close(features[:, layer], state.mean(1), atol=1e-4, rtol=0)


def test_mert_gives_every_hidden_state_while_training(folders):
    tower = MERT(str(folders / "mert")).train()
    for _ in range(20):
        assert tower(torch.randn(1, 2400)).shape == (1, NUM_LAYERS + 1, HIDDEN)


def test_mert_obeys_the_preprocessor_config(tmp_path):
    tower = MERT(str(write_mert(tmp_path, sampling_rate=16000, do_normalize=False)))
    assert (tower.sample_rate, tower.do_normalize) == (16000, False)


def test_mert_loads_weight_norm_under_its_old_names(folders, tmp_path):
    write_mert(tmp_path)
    path = tmp_path / "model.safetensors"
    old = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): value
        for name, value in load_file(path).items()
    }
    assert "encoder.pos_conv_embed.conv.weight_g" in old
    save_file(old, path, metadata={"format": "pt"})
    waveform = torch.randn(1, 2400)
    with torch.no_grad():
        renamed, expected = (MERT(str(f))(waveform) for f in (tmp_path, folders / "mert"))
    torch.testing.assert_close(renamed, expected, atol=ROUNDING, rtol=0)


def test_roberta_features_are_the_class_token_of_every_layer(folders):
    tower = Roberta(str(folders / "roberta"))
    tokens = tower.tokenize(["calm", "a loud night"])
    with torch.no_grad():
        features = tower(**tokens)
        roberta = RobertaModel.from_pretrained(folders / "roberta", add_pooling_layer=False)
        states = roberta(**tokens, output_hidden_states=True).hidden_states
    assert features.shape == (2, NUM_LAYERS + 1, HIDDEN)
    torch.testing.assert_close(features[:, 1], states[1][:, 0])


def test_roberta_cuts_long_captions_to_its_positions(folders):
    tower = Roberta(str(folders / "roberta"))
    tokens = tower.tokenize(["word " * 100])
    assert tokens["input_ids"].shape == (1, tower.max_tokens) == (1, 32)
    with torch.no_grad():
        assert bool(tower(**tokens).isfinite().all())


def test_padding_does_not_change_a_caption(folders):
    tower = Roberta(str(folders / "roberta"))
    with torch.no_grad():
        alone = tower(**tower.tokenize(["calm"]))
        padded = tower(**tower.tokenize(["calm", "a much longer caption"]))[:1]
    torch.testing.assert_close(alone, padded, atol=ROUNDING, rtol=0)


def test_a_missing_weight_is_an_error(tmp_path):
    write_mert(tmp_path)
    path = tmp_path / "model.safetensors"
    weights = load_file(path)
    del weights["feature_projection.projection.weight"]
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"1 missing \(feature_projection"):
        MERT(str(tmp_path))


def test_an_unexpected_weight_is_an_error(tmp_path):
    write_mert(tmp_path)
    path = tmp_path / "model.safetensors"
    save_file(load_file(path) | {"extra": torch.ones(2)}, path, metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"1 unexpected \(extra\)"):
        MERT(str(tmp_path))


def test_a_weight_of_another_shape_is_an_error(tmp_path):
    write_mert(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text()) | {"intermediate_size": 32}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"cannot load|of another shape"):
        MERT(str(tmp_path))


def test_a_damaged_file_is_one_line(tmp_path):
    write_mert(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(CheckpointError, match="cannot load") as caught:
        MERT(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CheckpointError, match="nowhere"):
        MMVA(ModelConfig(image_tower="clip-vit-b32", image_weights=str(tmp_path / "nowhere")))


def test_the_whole_model_runs_forward_and_backward(folders):
    model = MMVA(paper_config(folders, finetune=("image", "music", "caption")))
    tokens = model.tower("caption").tokenize(["calm", "loud"])
    model.train()
    output = model(torch.randn(2, 3, CLIP_SIDE, CLIP_SIDE), torch.randn(2, 2400), **tokens)
    assert output.image_embeds.shape == output.music_embeds.shape == (2, PROJECTION)
    assert output.similarity.shape == (2,)
    (output.similarity.sum() + output.image_va.sum()).backward()
    for modality in ("image", "music", "caption"):
        first = next(p for p in model.tower(modality).parameters() if p.grad is not None)
        assert first.grad.abs().sum() > 0


def test_clip_embeds_enter_without_a_projection_and_hidden_states_are_mixed(folders):
    model = MMVA(paper_config(folders))
    assert len(model.projections["image"]) == 0
    mix = model.projections["music"][0].mix
    assert mix.weight.shape == (1, NUM_LAYERS + 1, 1)


def test_frozen_towers_stay_out_of_the_checkpoint(folders, tmp_path):
    model = MMVA(paper_config(folders))
    before = model.predict_images([gradient()])
    model.save_pretrained(tmp_path)
    assert not any(name.startswith("towers") for name in load_file(tmp_path / "model.safetensors"))
    after = MMVA.from_pretrained(tmp_path).predict_images([gradient()])
    torch.testing.assert_close(after, before, atol=ROUNDING, rtol=0)


def test_finetuned_towers_travel_with_the_checkpoint(folders, tmp_path):
    """Without the folders that they came from."""
    sources, target = tmp_path / "sources", tmp_path / "model"
    shutil.copytree(folders, sources)
    model = MMVA(paper_config(sources, finetune=("image", "music", "caption")))
    with torch.no_grad():
        for parameter in model.towers.parameters():
            parameter.mul_(1.1)
    model.save_pretrained(target)
    shutil.rmtree(sources)
    again = MMVA.from_pretrained(target)
    sound = np.linspace(-0.1, 0.1, 4800, dtype=np.float32)
    for predict in (
        lambda one: one.predict_captions(["calm"]),
        lambda one: one.predict_images([gradient()]),
        lambda one: one.predict_music(sound, 24000),
    ):
        torch.testing.assert_close(predict(again), predict(model), atol=ROUNDING, rtol=0)


def test_music_is_resampled_to_merts_rate(folders):
    model = MMVA(paper_config(folders, music_window_seconds=0.2))
    assert model.music_sample_rate == 24000
    assert model.predict_music(np.ones(16000, np.float32) * 0.1, 16000).shape == (5, 2)


def test_bf16_changes_clips_predictions_little(folders, tmp_path):
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("this processor has no bf16")
    torch.manual_seed(0)
    MMVA(paper_config(folders)).save_pretrained(tmp_path)
    pictures = [gradient(40, width) for width in (40, 60, 90)]
    exact = MMVA.from_pretrained(tmp_path)
    rounded = MMVA.from_pretrained(tmp_path, precision="bf16")
    embeds, rounded_embeds = exact.image_features(pictures), rounded.image_features(pictures)
    assert rounded_embeds.dtype == torch.float32
    assert 0 < (rounded_embeds - embeds).abs().max() < 0.02 * embeds.abs().max()
    torch.testing.assert_close(
        rounded.predict_images(pictures), exact.predict_images(pictures), atol=0.01, rtol=0
    )
    assert rounded.tower("image").fingerprint() != exact.tower("image").fingerprint()


def test_bf16_is_refused_where_the_processor_lacks_it(folders, tmp_path, monkeypatch):
    MMVA(paper_config(folders)).save_pretrained(tmp_path)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    with pytest.raises(PrecisionError, match="this processor has no bf16"):
        MMVA.from_pretrained(tmp_path, precision="bf16")


def test_bf16_is_refused_by_the_embedded_tower():
    with pytest.raises(PrecisionError, match="clip-vit-b32 only"):
        MMVA.from_pretrained("mmva-lite", precision="bf16")
