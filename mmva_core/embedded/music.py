"""The music tower of `mmva_core.towers.music` in NumPy.

Letters in shapes: B windows, T samples, S statistics, D features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmva_core.layers import Array, gelu, layer_norm, linear, sigmoid
from mmva_core.towers import (
    CLIP_LIMIT,
    CLIP_LIMIT_KEYBOARD,
    FADE_DB,
    KEYBOARD_GENERAL_SHARE,
    SILENCE_DB,
    SILENT_VA,
    LiteMusicConfig,
    LogMel,
    statistics,
)

WINDOWS_AT_ONCE = 16
"""Windows of one recording that are described together."""


class MusicEncoder:
    """Encodes windows of sound as features.

    Args:
        config: sizes.
        weights: of a `LiteMusicTower`, by name.

    Raises:
        KeyError: a weight is missing.
    """

    def __init__(self, config: LiteMusicConfig, weights: Mapping[str, Array]) -> None:
        self.sample_rate = config.sample_rate
        self._log_mel = LogMel(
            config.sample_rate, config.fft_length, config.hop_length, config.num_mels
        )
        self._layers = {
            name: (weights[f"{name}.weight"], weights[f"{name}.bias"])
            for name in ("body.1", "body.2", "general_va", "keyboard_va", "gate")
        }
        self._scales = {
            name: (weights[f"{name}_mean"], weights[f"{name}_scale"])
            for name in ("statistics", "keyboard")
        }

    def encode(self, windows: Array) -> Array:
        """Encode windows (B, T) at `sample_rate`, full scale [-1, 1], to (B, D)."""
        parts = [
            self._encode_spectra(self._log_mel(windows[start : start + WINDOWS_AT_ONCE]))
            for start in range(0, len(windows), WINDOWS_AT_ONCE)
        ]
        return np.concatenate(parts)

    def encode_along(self, samples: Array, starts: Sequence[int], length: int) -> Array:
        """Encode windows of one recording, and transform but once what they share.

        Args:
            samples: (T,) at `sample_rate`, full scale is [-1, 1].
            starts: first samples of B windows, ascending. If they do not lie whole hops apart,
                each window is transformed by itself.
            length: samples of a window, at least one second.

        Returns:
            (B, D).
        """
        hop = self._log_mel.hop_length
        num_frames = self._log_mel.num_frames(length)
        parts = []
        for group in _groups(starts, length):
            if any((start - group[0]) % hop for start in group):
                windows = np.stack([samples[start : start + length] for start in group])
                parts.append(self.encode(windows))
                continue
            spectra = self._log_mel(samples[None, group[0] : group[-1] + length])[0]
            firsts = [(start - group[0]) // hop for start in group]
            shared = np.stack([spectra[:, first : first + num_frames] for first in firsts])
            parts.append(self._encode_spectra(shared))
        return np.concatenate(parts)

    def _encode_spectra(self, log_mel: Array) -> Array:
        raw = statistics(log_mel, self._log_mel.frame_rate)
        general_input = self._standardize(raw, "statistics", CLIP_LIMIT)
        keyboard_input = self._standardize(raw, "keyboard", CLIP_LIMIT_KEYBOARD)
        layers = self._layers
        hidden = gelu(layer_norm(linear(general_input, *layers["body.1"]), *layers["body.2"]))
        keyboard_share = sigmoid(linear(general_input, *layers["gate"]))
        general = linear(hidden, *layers["general_va"])
        keyboard = np.float32(KEYBOARD_GENERAL_SHARE) * general
        keyboard += linear(keyboard_input, *layers["keyboard_va"])
        va = general + keyboard_share * (keyboard - general)
        fade = np.clip((raw[:, :1] - np.float32(SILENCE_DB)) / np.float32(FADE_DB), 0, 1)
        silent = np.array(SILENT_VA, np.float32)
        va = silent + fade * (va - silent)
        return np.concatenate([va, hidden * (1 - keyboard_share) * fade], 1)

    def _standardize(self, raw: Array, name: str, limit: float) -> Array:
        mean, scale = self._scales[name]
        z_scores: Array = np.clip((raw - mean) / scale, -limit, limit)
        return z_scores


def _groups(starts: Sequence[int], length: int) -> list[list[int]]:
    """Group windows to be described together: what lies between them need not be looked at."""
    groups: list[list[int]] = []
    for start in starts:
        is_full = bool(groups) and len(groups[-1]) == WINDOWS_AT_ONCE
        if not groups or is_full or start > groups[-1][-1] + length:
            groups.append([])
        groups[-1].append(start)
    return groups
