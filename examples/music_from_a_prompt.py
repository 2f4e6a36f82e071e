"""Turn a prompt into a WAV file with MusicGen.

    python examples/music_from_a_prompt.py [MODEL PROMPT]

MODEL is a hub id, such as facebook/musicgen-small (2.4 GB, CC-BY-NC-4.0), or a folder. Without
arguments a miniature is made that has learned nothing: the steps are the same, the music is noise.
In the shell: mmva generate PROMPT -o music.wav --seconds 10
"""

import sys
import tempfile
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    EncodecConfig,
    MusicgenConfig,
    MusicgenDecoderConfig,
    MusicgenForConditionalGeneration,
    PreTrainedTokenizerFast,
    T5Config,
    logging,
)

from mmva_core.prompts.generate import MusicGenerator, write_wave

CODES = 16


def make_miniature(folder):
    """Write a MusicGen of a few thousand random weights, as a folder that can be loaded."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    text = T5Config(vocab_size=4, d_model=16, d_kv=4, d_ff=16, num_layers=1, num_heads=2)
    sound = EncodecConfig(sampling_rate=8000, num_filters=2, hidden_size=8, codebook_size=CODES)
    music = MusicgenDecoderConfig(
        vocab_size=CODES, hidden_size=16, ffn_dim=16, num_hidden_layers=1, num_attention_heads=2
    )
    parts = {"text_encoder": text, "audio_encoder": sound, "decoder": music}
    config = MusicgenConfig(**{name: part.to_dict() for name, part in parts.items()})
    network = MusicgenForConditionalGeneration(config)
    network.generation_config.update(decoder_start_token_id=CODES, pad_token_id=CODES)
    network.save_pretrained(folder)
    words = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>").save_pretrained(folder)


folder = Path(tempfile.mkdtemp(prefix="mmva-"))
model, prompt = sys.argv[1:3] if len(sys.argv) > 2 else (str(folder / "miniature"), "soft jazz")
if len(sys.argv) <= 2:
    make_miniature(model)

music = MusicGenerator(model).generate(prompt, seconds=1.0, seed=0)
path = write_wave(folder / "music.wav", music)
print(f"{path}: {music.duration_seconds:.1f} s, {music.sample_rate} Hz")
