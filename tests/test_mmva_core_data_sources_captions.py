"""Captions: the captioner on a tiny BART, the rule, and refinement by a tiny language model."""

import pytest
import torch
from mmva_imemnet import write_tone
from mmva_towers import write_roberta
from transformers import AutoTokenizer, BartConfig, LlamaConfig, LlamaForCausalLM

from mmva_core import CheckpointError
from mmva_core.cli.program import main
from mmva_core.data.imemnet.labels import read_labels
from mmva_core.data.sources.captions import LPMusicCaps, _mel_filters, caption_clips, clean_caption
from mmva_core.data.sources.refine import EXAMPLES, INSTRUCTION, CaptionRefiner, refinement_prompt

VOCABULARY = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("language")
    write_roberta(folder)  # for its byte-level tokenizer, which is BART's kind too
    for path in folder.glob("*.safetensors"):
        path.unlink()
    return folder


@pytest.fixture(scope="module")
def captioner(folder):
    config = BartConfig(
        vocab_size=VOCABULARY,
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
    torch.manual_seed(0)
    return LPMusicCaps(config, AutoTokenizer.from_pretrained(folder))


def test_ten_seconds_become_32_positions(captioner):
    embeds = captioner.audio_encoder(torch.randn(2, 160000) * 0.1)
    assert embeds.shape == (2, 32, 8)


def test_every_window_gets_a_caption(captioner):
    windows = torch.randn(2, 16000) * 0.1
    captions = captioner.caption(windows)
    assert len(captions) == 2
    assert all(isinstance(caption, str) for caption in captions)
    assert caption_clips(captioner, list(windows)) == [clean_caption(text) for text in captions]


def test_published_names_are_loaded(captioner, folder, tmp_path):
    state = {f"module.{name}": value for name, value in captioner.state_dict().items()}
    state["module.audio_encoder.mel_encoder.mel_scale.fb"] = torch.zeros(3)
    torch.save({"state_dict": state}, tmp_path / "transfer.pth")
    again = LPMusicCaps.from_weights(tmp_path / "transfer.pth", str(folder))
    window = torch.randn(1, 16000) * 0.1
    assert again.caption(window) == captioner.caption(window)


def test_build_captions_writes_a_table(captioner, folder, language_model, tmp_path, capsys):
    torch.save(captioner.state_dict(), tmp_path / "weights.pth")
    write_tone(tmp_path / "7-8.wav", 440)
    (tmp_path / "music_va.csv").write_text(",clip_id,valence,arousal,caption\n0,7-8,0.5,0.25,\n")
    arguments = ["build", "captions", "--labels", str(tmp_path / "music_va.csv")]
    arguments += ["--clips", str(tmp_path), "--captioner", str(tmp_path / "weights.pth")]
    arguments += ["--bart", str(folder), "--refine", language_model]
    assert main([*arguments, "-o", str(tmp_path / "captions.csv")]) == 0
    ((sample,), _) = read_labels(tmp_path / "captions.csv")
    assert (sample.id, sample.arousal) == ("7-8", 0.25)
    assert sample.caption


def test_foreign_weights_are_one_line(folder, tmp_path):
    torch.save({"weight": torch.ones(2)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="does not fit its config"):
        LPMusicCaps.from_weights(tmp_path / "other.pth", str(folder))


def test_mel_filters_cover_every_frequency_once():
    filters = _mel_filters()
    assert filters.shape == (128, 513)
    assert bool((filters.max(1).values > 0).float().mean() > 0.9)
    # Neighbouring triangles add up to 1 between the first and the last peak.
    totals = filters.sum(0)[20:480]
    torch.testing.assert_close(totals, torch.ones_like(totals), atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("The low quality recording features a song.", "The recording features a song."),
        ("This Low-Quality recording features drums", "This recording features drums"),
        ("The recording is of low quality.", "The recording is of low quality."),
    ],
)
def test_the_rule_for_recording_quality(raw, clean):
    assert clean_caption(raw) == clean


def test_the_prompt_shows_four_examples_and_ends_where_the_answer_begins():
    prompt = refinement_prompt("A loud song.")
    assert prompt.startswith(INSTRUCTION)
    assert len(EXAMPLES) == 4
    assert prompt.count("Rewritten:") == 5
    assert prompt.endswith("Description: A loud song.\nRewritten:")


@pytest.fixture(scope="module")
def language_model(folder, tmp_path_factory):
    target = tmp_path_factory.mktemp("llama")
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=8,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=4096,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(target)
    AutoTokenizer.from_pretrained(folder).save_pretrained(target)
    return str(target)


def test_a_refined_caption_is_one_line_and_the_same_each_time(language_model):
    refiner = CaptionRefiner(language_model)
    first = refiner.refine("A loud song.")
    assert first
    assert "\n" not in first
    assert refiner.refine("A loud song.") == first


def test_a_language_model_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(CheckpointError, match="cannot load") as caught:
        CaptionRefiner(str(tmp_path / "none"))
    assert "\n" not in str(caught.value)
