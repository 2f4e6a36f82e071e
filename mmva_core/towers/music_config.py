"""Sizes and constants of our music tower. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import dataclass

SILENCE_DB = -60.0
"""Mean level of a window, in dB re full scale, below which the prediction is `SILENT_VA`."""
FADE_DB = 20.0
"""Range above `SILENCE_DB` over which the prediction fades in, dB. Hiss and room tone have a broad
spectrum like loud rock; without the fade they would score above soft music."""
SILENT_VA = (0.0, -2.5)
"""Valence and arousal of silence, in standard deviations of the labels: neutral and at rest."""
CLIP_LIMIT = 4.0
"""Largest absolute z-score of a statistic over recordings; larger ones are clipped."""
CLIP_LIMIT_KEYBOARD = 8.0
"""Largest absolute z-score of a statistic for the keyboard expert, whose unit is the deviation
within a piece."""
KEYBOARD_GENERAL_SHARE = 0.1
"""Share of the body's valence and arousal in the prediction for keyboard music."""


@dataclass(frozen=True)
class LiteMusicConfig:
    """Sizes of the music tower; the defaults are those of `mmva-lite`."""

    sample_rate: int = 16000
    """Sample rate of the input, Hz."""
    window_seconds: float = 6.0
    """Length of the training windows; the tower accepts any length from one second."""
    fft_length: int = 1024
    """Samples of one spectrum."""
    hop_length: int = 320
    """Samples from one spectrum to the next."""
    num_mels: int = 64
    """Mel bands, a multiple of 16."""
    hidden_dim: int = 128
    """Width of the body."""
    dropout: float = 0.4
    """Dropout after the body, in training."""
    input_dropout: float = 0.15
    """Dropout of statistics, in training."""

    def __post_init__(self) -> None:
        """Check ranges."""
        if self.window_seconds < 1:
            raise ValueError(f"window_seconds must be at least 1, got {self.window_seconds}")
        for name in ("sample_rate", "fft_length", "hop_length", "hidden_dim"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
