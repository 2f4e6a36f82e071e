"""Caption clips by LP-MusicCaps, and clean the captions by the paper's rule.

The captioner is LP-MusicCaps (Doh et al., ISMIR 2023): log-mel frames, six convolutions, BART. The
class below is our own and loads the published weights by their names. Any other `Captioner` can
take its place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name PyTorch users know it by
from transformers import AutoTokenizer, BartConfig, BartForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput

from mmva_core.errors import CheckpointError
from mmva_core.inputs import fit_length
from mmva_core.store import load_strictly
from mmva_core.towers import translate_errors

SAMPLE_RATE = 16000
"""Sample rate, Hz."""
WINDOW_SECONDS = 10
NUM_FFT, HOP, NUM_MELS = 1024, 160, 128
NUM_HALVINGS = 5
"""Convolutions of stride 2 after the first one."""
DECIBEL_FLOOR = 1e-10
MAX_TOKENS, NUM_BEAMS = 128, 5

_LOW_QUALITY = re.compile(r"\blow[- ]quality recording features\b", re.IGNORECASE)


class Captioner(Protocol):
    """Describes windows of sound."""

    sample_rate: int
    """Sample rate of the input, Hz."""

    def caption(self, windows: Tensor) -> list[str]:
        """Describe windows (N, T) of float32 sound, one sentence or more each."""
        ...


def clean_caption(caption: str) -> str:
    """Remove remarks about DEAM's sound quality, by the paper's rule.

    >>> clean_caption("The low quality recording features a calm piano.")
    'The recording features a calm piano.'
    """
    return _LOW_QUALITY.sub("recording features", caption).strip()


class LPMusicCaps(nn.Module):
    """LP-MusicCaps: a spectrogram encoder in front of BART.

    Args:
        config: config of BART.
        tokenizer: BART's tokenizer.
    """

    def __init__(self, config: BartConfig, tokenizer: Any) -> None:
        super().__init__()
        self.sample_rate = SAMPLE_RATE
        self.tokenizer = tokenizer
        # Any: the mixin behind `generate` is annotated for decoders only.
        self.bart: Any = BartForConditionalGeneration(config)
        settings: Any = config
        self.audio_encoder = _AudioEncoder(int(settings.d_model))
        self.eval()

    @classmethod
    def from_weights(cls, weights: str | Path, bart: str) -> LPMusicCaps:
        """Load published weights.

        Args:
            weights: A PyTorch file with the state dict (for example transfer.pth of
                seungheondoh/lp-music-caps).
            bart: local folder or hub id with the config and tokenizer (facebook/bart-base).

        Raises:
            CheckpointError: a file is missing, damaged or of another model.
        """
        config = translate_errors(lambda: BartConfig.from_pretrained(bart), bart)
        tokenizer = translate_errors(lambda: AutoTokenizer.from_pretrained(bart), bart)
        model = cls(config, tokenizer)
        state = _read_state(Path(weights))
        # The published file contains constants of the front end; ours are computed.
        state = {
            name: value
            for name, value in state.items()
            if not name.startswith("audio_encoder.mel_encoder.")
        }
        load_strictly(model, state, model.state_dict(), str(weights))
        model.bart.tie_weights()
        return model

    @torch.inference_mode()
    def caption(self, windows: Tensor) -> list[str]:
        """Describe windows (N, T) at 16 kHz; they are cut or repeated to 10 seconds."""
        length = WINDOW_SECONDS * SAMPLE_RATE
        fitted = torch.stack([fit_length(window, length) for window in windows])
        embeds = self.audio_encoder(fitted.to(next(self.parameters()).device))
        encoded = self.bart.get_encoder()(inputs_embeds=embeds)
        tokens = self.bart.generate(
            encoder_outputs=BaseModelOutput(last_hidden_state=encoded.last_hidden_state),
            max_length=MAX_TOKENS,
            num_beams=NUM_BEAMS,
        )
        captions: list[str] = self.tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return captions


class _AudioEncoder(nn.Module):
    """Log-mel frames to BART's input embeddings: (N, T) to (N, 32, D) for ten seconds."""

    positional_embedding: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(NUM_MELS, width, 3, padding=1)
        self.conv_stack = nn.ModuleList(
            nn.Conv1d(width, width, 3, stride=2, padding=1) for _ in range(NUM_HALVINGS)
        )
        num_frames = WINDOW_SECONDS * SAMPLE_RATE // HOP
        positions = _sinusoids(num_frames // 2**NUM_HALVINGS + 1, width)
        self.register_buffer("positional_embedding", positions)
        self.register_buffer("window", torch.hann_window(NUM_FFT), persistent=False)
        self.register_buffer("filters", _mel_filters(), persistent=False)

    def forward(self, windows: Tensor) -> Tensor:
        frames = F.gelu(self.conv1(self._log_mel(windows)))
        for convolution in self.conv_stack:
            frames = F.gelu(convolution(frames))
        embeds: Tensor = frames.transpose(1, 2) + self.positional_embedding
        return embeds

    def _log_mel(self, windows: Tensor) -> Tensor:
        spectrum = torch.stft(
            windows, NUM_FFT, HOP, window=self.get_buffer("window"), return_complex=True
        )
        # The published weights were trained on the real part alone, squared.
        mel = self.get_buffer("filters") @ spectrum.real.square()
        return 10 * mel.clamp(min=DECIBEL_FLOOR).log10()


def _mel_filters() -> Tensor:
    """Make triangular filters (NUM_MELS, bins) on the HTK mel scale, each of height 1."""
    bins = torch.linspace(0, SAMPLE_RATE / 2, NUM_FFT // 2 + 1)
    highest = 2595 * math.log10(1 + SAMPLE_RATE / 2 / 700)
    corners = 700 * (10 ** (torch.linspace(0, highest, NUM_MELS + 2) / 2595) - 1)
    rising = (bins - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - bins) / (corners[2:] - corners[1:-1])[:, None]
    return torch.minimum(rising, falling).clamp(min=0)


def _sinusoids(length: int, width: int) -> Tensor:
    """Make positional embeddings (length, width): sines of falling frequency, then cosines."""
    frequencies = torch.exp(-math.log(10000) / (width // 2 - 1) * torch.arange(width // 2))
    angles = torch.arange(length)[:, None] * frequencies[None]
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _read_state(path: Path) -> dict[str, Tensor]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for damaged files
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"cannot read the captioner {path}: {reason}") from error
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not state:
        raise CheckpointError(f"{path} holds no state dict")
    return {name.removeprefix("module."): value for name, value in state.items()}


def caption_clips(captioner: Captioner, windows: Sequence[Tensor]) -> list[str]:
    """Describe clips (T,) one by one, cleaned by the paper's rule."""
    return [clean_caption(captioner.caption(window.unsqueeze(0))[0]) for window in windows]
