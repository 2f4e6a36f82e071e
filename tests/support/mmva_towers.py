"""Tiny checkpoints of the paper's towers, random, in the format of the published ones."""

import json

import torch
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTokenizer,
    HubertConfig,
    HubertModel,
    RobertaConfig,
    RobertaForMaskedLM,
)

NUM_LAYERS = 2
HIDDEN = 16
CLIP_SIDE = 32
PROJECTION = 8


def write_clip(folder):
    """A whole CLIP, text encoder included, as openai/clip-vit-base-patch32 is published."""
    tower = {
        "hidden_size": HIDDEN,
        "intermediate_size": 24,
        "num_hidden_layers": NUM_LAYERS,
        "num_attention_heads": 2,
        "projection_dim": PROJECTION,
    }
    config = CLIPConfig(
        text_config=tower | {"vocab_size": 50, "eos_token_id": 49, "bos_token_id": 48},
        vision_config=tower | {"image_size": CLIP_SIDE, "patch_size": 16},
        projection_dim=PROJECTION,
    )
    _seeded(CLIPModel, config).save_pretrained(folder)
    return folder


def write_clip_tokenizer(folder):
    """A tokenizer that knows letters, whole words end with </w>, and the two special tokens."""
    letters = "abcdefghijklmnopqrstuvw"
    tokens = [*letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    vocabulary |= {"<|startoftext|>": 48, "<|endoftext|>": 49}
    CLIPTokenizer(vocab=vocabulary, merges=[]).save_pretrained(folder)
    return folder


def write_mert(folder, **preprocessor):
    """A HuBERT with MERT-v1-95M's settings, and its preprocessor_config.json."""
    config = HubertConfig(
        hidden_size=HIDDEN,
        num_hidden_layers=NUM_LAYERS,
        num_attention_heads=2,
        intermediate_size=24,
        conv_dim=(8, 8),
        conv_stride=(10, 8),
        conv_kernel=(20, 8),
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm="group",
        do_stable_layer_norm=False,
        feat_proj_layer_norm=True,
        conv_bias=False,
    )
    _seeded(HubertModel, config).save_pretrained(folder)
    settings = {"sampling_rate": 24000, "do_normalize": True} | preprocessor
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder


def write_roberta(folder):
    """A RoBERTa with its language-model head, as roberta-base is published, and a tokenizer."""
    config = RobertaConfig(
        vocab_size=300,
        hidden_size=HIDDEN,
        num_hidden_layers=NUM_LAYERS,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=34,
        type_vocab_size=1,
        pad_token_id=1,
    )
    _seeded(RobertaForMaskedLM, config).save_pretrained(folder)
    _write_tokenizer(folder)
    return folder


def _write_tokenizer(folder):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate(specials + letters)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
    ).save_pretrained(folder)


def _seeded(kind, config):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return kind(config).eval()
