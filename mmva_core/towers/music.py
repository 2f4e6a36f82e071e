"""The music tower of `mmva-lite`: a small network of our own over log-mel statistics.

    sound ── LogMel ── statistics ──┬── body ── hidden ── general VA ──┐
                                    ├── keyboard VA (linear) ──────────┼── VA ── features
                                    └── gate (linear) ─────────────────┘

Below -60 dB the prediction fades to a fixed point, `SILENT_VA`.

`body` is trained on the labels of 4QAED and Emotify, with the tags of a larger network as soft
targets. In rendered solo keyboard music (VGMIDI) arousal follows other cues, so a linear expert
fitted to changes within pieces takes over there; the gate mixes the two.
`mmva_core.lite.music_train` fits all three. Letters in shapes: B windows, T samples, S statistics,
D features.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmva_core.towers.log_mel import LogMel, statistics
from mmva_core.towers.music_config import (
    CLIP_LIMIT,
    CLIP_LIMIT_KEYBOARD,
    FADE_DB,
    KEYBOARD_GENERAL_SHARE,
    SILENCE_DB,
    SILENT_VA,
    LiteMusicConfig,
)


class LiteMusicTower(nn.Module):
    """Encode windows of music as valence, arousal and hidden features.

    A new tower is random; `mmva_core.lite.train_music_tower` trains one. Buffers set by training
    standardise the statistics.

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
        """Sample rate of the input, Hz."""
        return self.config.sample_rate

    @property
    def window_seconds(self) -> float:
        """Length of the training windows, seconds."""
        return self.config.window_seconds

    @property
    def window_frames(self) -> int:
        """Number of spectra in a window."""
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
            which the gate fades out for keyboard music.

        Raises:
            ValueError: the shape is not (B, T) or the windows are shorter than a second.
        """
        return self.encode_statistics(self.describe(input_values))

    def encode_windows(self, samples: Tensor, starts: Sequence[int], length: int) -> Tensor:
        """Encode windows of one recording, and transform but once what they share.

            recording   |----------------------------------|
            windows     |--------------|                     start 0
                                |--------------|             whole hops later
            spectra      | | | | | | | | | | | |             of all; each window takes its own

        Args:
            samples: (T,) float32 at `sample_rate`, full scale is [-1, 1].
            starts: first samples of B windows, ascending. If they do not lie whole hops apart,
                each window is transformed by itself.
            length: samples of a window, at least one second.

        Returns:
            (B, D), see `forward`.
        """
        hop = self.config.hop_length
        places = [start - starts[0] for start in starts]
        if any(place % hop for place in places):
            windows: Tensor = self(torch.stack([samples[s : s + length] for s in starts]))
            return windows
        spectra = self._spectra(samples[None, starts[0] : starts[-1] + length])[0]
        num_frames = self.log_mel.num_frames(length)
        firsts = [place // hop for place in places]
        shared = torch.stack([spectra[:, first : first + num_frames] for first in firsts])
        return self.encode_statistics(self.describe_log_mel(shared))

    def describe(self, input_values: Tensor) -> Tensor:
        """Return the raw statistics (B, S) of windows (B, T); see `forward` for the rest."""
        if input_values.ndim != 2 or input_values.shape[1] < self.sample_rate:
            raise ValueError(
                "input_values must have shape (B, T) with T of at least one second, "
                f"{self.sample_rate} samples, got {tuple(input_values.shape)}"
            )
        return self.describe_log_mel(self._spectra(input_values))

    def describe_log_mel(self, log_mel: Tensor) -> Tensor:
        """Return the raw statistics (B, S) of log-mel spectra (B, M, N), dB."""
        raw = statistics(log_mel.numpy(force=True), self.log_mel.frame_rate)
        return torch.from_numpy(raw).to(log_mel.device)

    def encode_statistics(self, raw: Tensor) -> Tensor:
        """Return features (B, D) of raw statistics (B, S)."""
        hidden = self.body(self.standardize(raw))
        keyboard_share = torch.sigmoid(self.gate(self.standardize(raw)))
        general = self.general_va(hidden)
        keyboard = KEYBOARD_GENERAL_SHARE * general + self.keyboard_va(
            self.standardize_keyboard(raw)
        )
        va = torch.lerp(general, keyboard, keyboard_share)
        fade = self.fade_factor(raw)
        va = torch.lerp(va.new_tensor(SILENT_VA).expand_as(va), va, fade)
        return torch.cat([va, hidden * (1 - keyboard_share) * fade], 1)

    def fade_factor(self, raw: Tensor) -> Tensor:
        """Return (B, 1) from raw statistics (B, S): 0 in silence, 1 from `FADE_DB` above it."""
        mean_level = raw[:, :1]
        return ((mean_level - SILENCE_DB) / FADE_DB).clamp(0, 1)

    def predict_va(self, input_values: Tensor) -> Tensor:
        """Predict valence and arousal of windows (B, T) by the tower alone.

        Returns:
            (B, 2) z-scores of the training sets' labels: 0 is their mean, 1 one deviation.
        """
        features: Tensor = self(input_values)
        return features[:, :2]

    def standardize(self, raw: Tensor) -> Tensor:
        """Return z-scores of raw statistics (B, S) over recordings, clipped at `CLIP_LIMIT`."""
        z_scores = (raw - self.statistics_mean) / self.statistics_scale
        return z_scores.clamp(-CLIP_LIMIT, CLIP_LIMIT)

    def standardize_keyboard(self, raw: Tensor) -> Tensor:
        """Return z-scores of raw statistics (B, S) by their deviation within keyboard pieces."""
        z_scores = (raw - self.keyboard_mean) / self.keyboard_scale
        return z_scores.clamp(-CLIP_LIMIT_KEYBOARD, CLIP_LIMIT_KEYBOARD)

    def _spectra(self, input_values: Tensor) -> Tensor:
        spectra = self.log_mel(input_values.numpy(force=True))
        return torch.from_numpy(spectra).to(input_values.device)

    def _count_statistics(self) -> int:
        return self.describe_log_mel(torch.zeros(1, self.config.num_mels, 64)).shape[1]
