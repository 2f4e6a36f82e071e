"""A MusicGen of a tiny configuration and random weights, written as a user's folder would be."""

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    EncodecConfig,
    MusicgenConfig,
    MusicgenDecoderConfig,
    MusicgenForConditionalGeneration,
    PreTrainedTokenizerFast,
    T5Config,
)

RATE = 3200
CODES = 16


def write_musicgen(path):
    """Write network and tokenizer to a folder, and return it."""
    text = T5Config(vocab_size=8, d_model=16, d_kv=4, d_ff=16, num_layers=1, num_heads=2)
    audio = EncodecConfig(
        sampling_rate=RATE, num_filters=2, hidden_size=8, codebook_size=CODES, num_lstm_layers=1,
        upsampling_ratios=[8, 4, 2], target_bandwidths=[0.4], normalize=False,
    )  # fmt: skip
    decoder = MusicgenDecoderConfig(
        vocab_size=CODES, hidden_size=16, ffn_dim=16, num_hidden_layers=1, num_attention_heads=2,
        num_codebooks=2, pad_token_id=CODES, bos_token_id=CODES, max_position_embeddings=64,
    )  # fmt: skip
    config = MusicgenConfig(
        text_encoder=text.to_dict(), audio_encoder=audio.to_dict(), decoder=decoder.to_dict()
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = MusicgenForConditionalGeneration(config)
        for layer in network.audio_encoder.quantizer.layers:
            layer.codebook.embed.normal_()  # new ones are all zero: every code sounds the same
    network.generation_config.decoder_start_token_id = CODES
    network.generation_config.pad_token_id = CODES
    network.save_pretrained(path)
    _tokenizer().save_pretrained(path)
    return path


def _tokenizer():
    words = ["<pad>", "</s>", "<unk>", "sad", "piano", "music"]
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
