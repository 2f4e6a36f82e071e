"""The music tower of `mmva-lite`: a small network of our own over log-mel statistics.

    sound ── LogMel ── statistics ──┬── body ── hidden ── general VA ──┐
                                    ├── keyboard VA (linear) ──────────┼── VA ── features
                                    └── gate (linear) ─────────────────┘

Under the whole lies a fade: silence is at rest, whatever the body says of its noise.

`body` has learned what 4QAED and Emotify say of recordings, with the tags of a larger network as
soft targets. Rendered solo keyboard music (VGMIDI) rises and falls by other cues, so a linear
expert that was fitted to changes within pieces takes over there; the gate tells how far.
`mmva_core.lite.music_train` fits all three. Letters in shapes: B windows, T samples, D features.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmva_core.towers.log_mel import LogMel, statistics

SILENCE_DB = -60.0
"""RMS level under which a window holds no music worth judging, dB re full scale."""
FADE_DB = 20.0
"""Width of the range above `SILENCE_DB` over which the judgement fades in, dB: hiss and room tone,
broad-band as loud rock is, are not to win over soft music."""
SILENT_VA = (0.0, -2.5)
"""Where silence lies, in standard deviations of the labels: neither sad nor glad, and at rest."""
LOWEST_DB = -100.0
"""Level that `music_level_db` gives for digital silence."""
CLIP_LIMIT = 4.0
"""Standard deviations that a statistic may lie from its mean before it is cut off."""
CLIP_LIMIT_KEYBOARD = 8.0
"""The same for the keyboard expert, whose deviations are those within a piece."""
KEYBOARD_REST = 0.1
"""Share of the general arousal and valence that remains where the keyboard expert rules."""


@dataclass(frozen=True)
class LiteMusicConfig:
    """Sizes of the music tower; the defaults are those of `mmva-lite`."""

    sample_rate: int = 16000
    """Rate of the sound it takes, Hz."""
    window_seconds: float = 6.0
    """Length of the windows it is trained on; it takes any length from one second."""
    fft_length: int = 1024
    """Samples of one spectrum."""
    hop_length: int = 320
    """Samples from one spectrum to the next."""
    num_mels: int = 64
    """Mel bands, a multiple of 16."""
    hidden_dim: int = 128
    """Width of the body."""
    dropout: float = 0.4
    """Dropout behind the body, in training."""
    input_dropout: float = 0.15
    """Dropout of statistics, in training."""

    def __post_init__(self) -> None:
        """Check ranges."""
        if self.window_seconds < 1:
            raise ValueError(f"window_seconds must be at least 1, got {self.window_seconds}")
        for name in ("sample_rate", "fft_length", "hop_length", "hidden_dim"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")


class LiteMusicTower(nn.Module):
    """Describe windows of music by valence, arousal and what lies behind them.

    A fresh tower is random; `mmva_core.lite.music_train.train_music_tower` gives a trained one. The
    statistics are standardised by buffers that training sets.

    Args:
        config: sizes.
    """

    statistics_mean: Tensor
    statistics_scale: Tensor
    keyboard_mean: Tensor
    keyboard_scale: Tensor

    def __init__(self, config: LiteMusicConfig | None = None) -> None:
        super().__init__()
        self.config = config or LiteMusicConfig()
        self.log_mel = LogMel(
            self.config.sample_rate,
            self.config.fft_length,
            self.config.hop_length,
            self.config.num_mels,
        )
        num_statistics = self._count_statistics()
        for name in ("statistics", "keyboard"):
            self.register_buffer(f"{name}_mean", torch.zeros(num_statistics))
            self.register_buffer(f"{name}_scale", torch.ones(num_statistics))
        hidden_dim = self.config.hidden_dim
        self.body = nn.Sequential(
            nn.Dropout(self.config.input_dropout),
            nn.Linear(num_statistics, hidden_dim),
            nn.LayerNorm(hidden_dim),
            nn.GELU(),
            nn.Dropout(self.config.dropout),
        )
        self.general_va = nn.Linear(hidden_dim, 2)
        self.keyboard_va = nn.Linear(num_statistics, 2)
        self.gate = nn.Linear(num_statistics, 1)

    @property
    def sample_rate(self) -> int:
        """Rate of the sound it takes, Hz."""
        return self.config.sample_rate

    @property
    def window_seconds(self) -> float:
        """Length of window it is trained on, seconds."""
        return self.config.window_seconds

    @property
    def window_frames(self) -> int:
        """Spectra of a window."""
        return self.log_mel.num_frames(round(self.window_seconds * self.sample_rate))

    @property
    def feature_dim(self) -> int:
        """D: valence and arousal, then the hidden features."""
        return 2 + self.config.hidden_dim

    def forward(self, input_values: Tensor) -> Tensor:
        """Encode windows of sound.

        Args:
            input_values: (B, T) float32 at `sample_rate`, full scale is [-1, 1]; T at least one
                second.

        Returns:
            (B, D): valence and arousal as in `predict_va`, then hidden features of order one,
            which fade out where the keyboard expert rules.

        Raises:
            ValueError: the shape is another or the windows are too short.
        """
        return self.encode_statistics(self.describe(input_values))

    def describe(self, input_values: Tensor) -> Tensor:
        """Return the raw statistics (B, S) of windows (B, T); see `forward` for the rest."""
        if input_values.ndim != 2 or input_values.shape[1] < self.sample_rate:
            raise ValueError(
                "input_values must have shape (B, T) with T of at least one second, "
                f"{self.sample_rate} samples, got {tuple(input_values.shape)}"
            )
        return self.describe_log_mel(self.log_mel(input_values))

    def describe_log_mel(self, log_mel: Tensor) -> Tensor:
        """Return the raw statistics (B, S) of log-mel spectra (B, M, N), dB."""
        return statistics(log_mel, self.log_mel.frame_rate)

    def encode_statistics(self, raw: Tensor) -> Tensor:
        """Return features (B, D) of raw statistics (B, S)."""
        hidden = self.body(self.standardize(raw))
        rule = torch.sigmoid(self.gate(self.standardize(raw)))
        general = self.general_va(hidden)
        keyboard = KEYBOARD_REST * general + self.keyboard_va(self.standardize_keyboard(raw))
        va = torch.lerp(general, keyboard, rule)
        presence = self.presence(raw)
        va = torch.lerp(va.new_tensor(SILENT_VA).expand_as(va), va, presence)
        return torch.cat([va, hidden * (1 - rule) * presence], 1)

    def presence(self, raw: Tensor) -> Tensor:
        """Say from raw statistics (B, S) whether there is sound: (B, 1), 0 silence, 1 music."""
        mean_level = raw[:, :1]
        return ((mean_level - SILENCE_DB) / FADE_DB).clamp(0, 1)

    def predict_va(self, input_values: Tensor) -> Tensor:
        """Place windows (B, T) on the plane by the tower alone.

        Returns:
            (B, 2) valence and arousal in standard deviations of the training sets' labels; 0 is
            the sets' mean.
        """
        features: Tensor = self(input_values)
        return features[:, :2]

    def standardize(self, raw: Tensor) -> Tensor:
        """Standardise raw statistics (B, S) over recordings, cut off at `CLIP_LIMIT`."""
        standing = (raw - self.statistics_mean) / self.statistics_scale
        return standing.clamp(-CLIP_LIMIT, CLIP_LIMIT)

    def standardize_keyboard(self, raw: Tensor) -> Tensor:
        """Standardise raw statistics (B, S) by their deviation within keyboard pieces."""
        standing = (raw - self.keyboard_mean) / self.keyboard_scale
        return standing.clamp(-CLIP_LIMIT_KEYBOARD, CLIP_LIMIT_KEYBOARD)

    def _count_statistics(self) -> int:
        return self.describe_log_mel(torch.zeros(1, self.config.num_mels, 64)).shape[1]


def music_level_db(input_values: Tensor) -> Tensor:
    """Measure how loud windows are.

    The tower's judgement of a window under `SILENCE_DB` means nothing: mask it.

    Args:
        input_values: (..., T) float, full scale is [-1, 1].

    Returns:
        (...) RMS level, dB re full scale; `LOWEST_DB` for digital silence.

    >>> music_level_db(torch.tensor([[0.0, 0.0], [0.1, -0.1]])).tolist()
    [-100.0, -20.0]
    """
    power = input_values.double().square().mean(-1)
    return (10 * torch.log10(power.clamp(min=10 ** (LOWEST_DB / 10)))).to(torch.float32)
