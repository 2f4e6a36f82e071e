"""Log-mel spectra of sound, and a few hundred statistics of them pooled over time.

Letters in shapes: B windows, T samples, M mel bands, N frames, K groups of bands, D statistics.

    sound (B, T) -- LogMel --> dB (B, M, N) -- statistics --> (B, D)

Recordings differ in level for reasons that are not musical. So the statistics of the spectrum are
taken relative to the window's mean level, and the level enters as statistics of its own. Statistics
that need no fine resolution average neighbouring bands first.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

FLOOR_POWER = 1e-8
"""Added to the power of every mel band, full-scale sine = 1; softer sound becomes silence."""
QUIET_DB = -60.0
"""Softer frames enter the mean level with this value, dB re full-scale sine."""
NUM_COARSE = 16
"""Bands of the distribution and of the rises."""
NUM_WIDE = 8
"""Bands of contrast and modulation."""
NUM_CEPSTRAL = 20
"""Cepstral coefficients of the log-mel spectrum."""
MODULATION_EDGES = (0.4, 1.0, 2.0, 4.0, 8.0, 16.0, 25.0)
"""Edges of the modulation bands, Hz: musical bars, beats, fast notes, roughness."""


class LogMel:
    """Compute log-mel spectra of sound, in dB re a full-scale sine.

    Triangular filters, equally wide on the mel scale 2595 log10(1 + f / 700) (O'Shaughnessy).

    Args:
        sample_rate: Hz.
        fft_length: samples of a frame (Hann window) and of its Fourier transform.
        hop_length: samples from one frame to the next.
        num_mels: M, a multiple of 16.
        lowest_hz: lower edge of the first band.
        highest_hz: upper edge of the last band.
    """

    def __init__(
        self,
        sample_rate: int,
        fft_length: int,
        hop_length: int,
        num_mels: int,
        *,
        lowest_hz: float = 40.0,
        highest_hz: float = 7800.0,
    ) -> None:
        if num_mels < NUM_COARSE or num_mels % NUM_COARSE:
            raise ValueError(f"num_mels must be a multiple of {NUM_COARSE}, got {num_mels}")
        if not 0 <= lowest_hz < highest_hz <= sample_rate / 2:
            raise ValueError(f"{lowest_hz} to {highest_hz} Hz does not fit {sample_rate} Hz")
        self.hop_length = hop_length
        self.frame_rate = sample_rate / hop_length
        frequencies = np.arange(fft_length // 2 + 1) * sample_rate / fft_length
        self.filters = _mel_filters(frequencies, num_mels, lowest_hz, highest_hz)
        self.window = _hann_window(fft_length)

    def __call__(self, input_values: Array) -> Array:
        """Compute the spectra.

        Args:
            input_values: (B, T) float32, full scale is [-1, 1].

        Returns:
            (B, M, N), N from `num_frames`; `FLOOR_POWER` bounds it below at -80 dB. Frames lie
            wholly inside the sound, so the spectra of a window are a slice of the recording's.
        """
        return to_decibels(self.power(input_values))

    def power(self, input_values: Array) -> Array:
        """Return the power (B, M, N) of every band, full-scale sine = 1, of sound (B, T)."""
        length = len(self.window)
        frames = np.lib.stride_tricks.sliding_window_view(input_values, length, axis=1)
        frames = frames[:, :: self.hop_length]  # (B, N, length)
        # A full-scale sine at the centre of a bin has the magnitude sum(window) / 2: scale it to 1.
        scaled = self.window * np.float32(2 / self.window.sum())
        return np.stack([self.filters @ _power_spectra(part * scaled).T for part in frames])

    def num_frames(self, num_samples: int) -> int:
        """Return N for T samples."""
        return (num_samples - len(self.window)) // self.hop_length + 1


def to_decibels(power: Array) -> Array:
    """Return 10 log10(power + FLOOR_POWER)."""
    levels: Array = np.float32(10) * np.log10(power + np.float32(FLOOR_POWER))
    return levels


def statistics(log_mel: Array, frame_rate: float) -> Array:
    """Compute the statistics of log-mel spectra.

    Args:
        log_mel: (B, M, N) dB, N at least 3.
        frame_rate: frames per second.

    Returns:
        (B, D), dB, dB per frame or logarithms of power; not standardised.
    """
    power = _to_power(log_mel)
    level = to_decibels(power.sum(1))  # (B, N), of all bands together
    relative = log_mel - np.maximum(level, np.float32(QUIET_DB)).mean(1)[:, None, None]
    coarse = _in_groups(relative, NUM_COARSE).mean(2)
    wide = _in_groups(log_mel, NUM_WIDE)
    # Onsets: how much each band rises over two frames (40 ms), falls ignored. Neighbouring frames
    # overlap by two thirds, which would hide a part of the rise.
    rise = np.maximum(log_mel[:, :, 2:] - log_mel[:, :, :-2], 0)
    onsets = rise.mean(1)
    parts = (
        _level_statistics(level),  # 5
        _distribution(coarse),  # 5 K
        _in_groups(rise.mean(2), NUM_COARSE).mean(2),  # K, mean rise of each band
        _onset_statistics(onsets),  # 5
        modulation_spectrum(wide.mean(2), onsets, frame_rate),
        _shape_statistics(power),  # 6
        (wide.max(2) - wide.min(2)).mean(2),  # spectral contrast inside each wide band
        _cepstral_statistics(relative),
    )
    return np.concatenate(parts, axis=1).astype(np.float32, copy=False)


def modulation_spectrum(bands: Array, onsets: Array, frame_rate: float) -> Array:
    """Measure how fast and how strongly bands and onsets vary over time.

    Args:
        bands: (B, K, N) dB.
        onsets: (B, at most N) strength of onsets, padded with zeros to N.
        frame_rate: frames per second.

    Returns:
        (B, (K + 1) * 6): log power of the variation in each band of `MODULATION_EDGES`.
    """
    num_frames = bands.shape[2]
    onsets = np.pad(onsets, ((0, 0), (0, num_frames - onsets.shape[1])))
    curves = np.concatenate([bands, onsets[:, None]], axis=1)
    window = _hann_window(num_frames)
    # Hann window: the ends of the curves would otherwise leak into every modulation band.
    varying = (curves - curves.mean(2, keepdims=True)) * window
    spectra = np.fft.rfft(varying)
    power = (spectra.real**2 + spectra.imag**2) / (np.square(window).mean() * num_frames)
    rates = np.arange(power.shape[2]) * frame_rate / num_frames
    edges = np.array(MODULATION_EDGES)
    inside = (rates[:, None] >= edges[:-1]) & (rates[:, None] < edges[1:])  # (rates, 6)
    banded: Array = np.log1p(power @ inside.astype(np.float32)).reshape(len(power), -1)
    return banded


def _hann_window(length: int) -> Array:
    """Return a Hann window of that period, whose first value is 0."""
    return np.hanning(length + 1)[:-1].astype(np.float32)


def _power_spectra(frames: Array) -> Array:
    """Return the squared magnitudes (N, F) of the Fourier transforms of frames (N, 2 F - 2)."""
    # By OpenCV, which takes an eighth of NumPy's time. It packs each row as
    # re 0, re 1, im 1, re 2, im 2, ..., re (F - 1); the first and the last have no imaginary part.
    squares = np.square(cv2.dft(frames, flags=cv2.DFT_ROWS))
    power = np.empty((len(frames), frames.shape[1] // 2 + 1), np.float32)
    power[:, 0], power[:, -1] = squares[:, 0], squares[:, -1]
    np.add(squares[:, 1:-1:2], squares[:, 2:-1:2], out=power[:, 1:-1])
    return power


def _to_power(levels: Array) -> Array:
    power: Array = np.power(np.float32(10), levels / np.float32(10))
    return power


def _in_groups(bands: Array, num_groups: int) -> Array:
    """Split bands (B, M, ...) into (B, num_groups, M / num_groups, ...)."""
    return bands.reshape(len(bands), num_groups, -1, *bands.shape[2:])


def _deviation(curves: Array) -> Array:
    """Return the standard deviation along the last axis, of the sample."""
    deviations: Array = curves.std(-1, ddof=1)
    return deviations


def _level_statistics(level: Array) -> Array:
    """Return mean, maximum, deviation, range and mean excess over the mean, (B, 5)."""
    # Deciles rather than extremes: one click or one gap must not set the range.
    above = np.maximum(level - level.mean(1, keepdims=True), 0).mean(1)
    low, high = np.quantile(level, [0.1, 0.95], axis=1)
    return np.stack([level.mean(1), level.max(1), _deviation(level), high - low, above], 1)


def _distribution(coarse: Array) -> Array:
    """Return mean, deviation, skewness and outer deciles of each band (B, K, N) as (B, 5 K)."""
    mean, deviation = coarse.mean(2), _deviation(coarse)
    # 0.5 dB keep the skewness of nearly constant bands small.
    z_scores = (coarse - mean[..., None]) / (deviation[..., None] + np.float32(0.5))
    skewness = (z_scores * z_scores * z_scores).mean(2)
    low, high = np.quantile(coarse, [0.1, 0.9], axis=2)
    return np.concatenate([mean, deviation, skewness, low, high], 1)


def _onset_statistics(onsets: Array) -> Array:
    median, ninth = np.quantile(onsets, [0.5, 0.9], axis=1)
    return np.stack([onsets.mean(1), _deviation(onsets), onsets.max(1), median, ninth], 1)


def _shape_statistics(power: Array) -> Array:
    """Return mean and deviation of centroid, spread (in bands / M) and entropy of the spectrum."""
    # The power of a frame, divided by its sum, is treated as a distribution over the bands.
    num_bands = power.shape[1]
    share = power / power.sum(1, keepdims=True)
    place = (np.arange(num_bands) / num_bands).astype(np.float32)[:, None]
    centroid = (share * place).sum(1)
    spread = np.sqrt(np.maximum((share * place**2).sum(1) - centroid**2, 0))
    entropy = -(share * np.log(share + np.float32(1e-9))).sum(1)
    pooled = [(curve.mean(1), _deviation(curve)) for curve in (centroid, spread, entropy)]
    return np.stack([value for pair in pooled for value in pair], 1)


def _cepstral_statistics(relative: Array) -> Array:
    """Return mean, deviation and mean step of the cepstral coefficients."""
    # The cosine transform over bands decorrelates them: coefficient 0 is the level, the next ones
    # the slope and the coarse shape of the spectrum (timbre), without the pitch.
    cepstrum = _cosine_basis(relative.shape[1], NUM_CEPSTRAL) @ relative
    steps = np.abs(cepstrum[:, :, 1:] - cepstrum[:, :, :-1]).mean(2)
    return np.concatenate([cepstrum.mean(2), _deviation(cepstrum), steps], 1)


def _cosine_basis(num_bands: int, num_coefficients: int) -> Array:
    """Make the first rows (K, M) of the discrete cosine transform of type II."""
    centres = (np.arange(num_bands) + 0.5) * math.pi / num_bands
    orders = np.arange(num_coefficients)[:, None]
    basis: Array = (np.cos(orders * centres) * math.sqrt(2 / num_bands)).astype(np.float32)
    return basis


def band_centres(num_mels: int, lowest_hz: float, highest_hz: float) -> NDArray[np.float64]:
    """Return the centre (M,) float64 of every mel band, Hz."""
    return _band_corners(num_mels, lowest_hz, highest_hz)[1:-1]


def _band_corners(num_mels: int, lowest_hz: float, highest_hz: float) -> NDArray[np.float64]:
    """Return (M + 2,) frequencies, Hz; each band runs from one over the next to the one after."""
    lowest, highest = 2595 * np.log10(1 + np.array([lowest_hz, highest_hz]) / 700)
    mels = np.linspace(lowest, highest, num_mels + 2)
    corners: NDArray[np.float64] = 700 * (10 ** (mels / 2595) - 1)
    return corners


def _mel_filters(
    frequencies: NDArray[np.float64], num_mels: int, lowest: float, highest: float
) -> Array:
    """Make triangular filters (M, F) over the frequencies (F,) of a Fourier transform, Hz.

    Band k rises from corner k to its centre, corner k + 1, and falls to corner k + 2, which is the
    centre of the next band:

        corner        k     k + 1    k + 2    k + 3
        band k        0 ..... 1 ...... 0
        band k + 1            0 ...... 1 ...... 0
    """
    corners = _band_corners(num_mels, lowest, highest)[:, None]
    rising = (frequencies - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - frequencies) / (corners[2:] - corners[1:-1])
    return np.maximum(np.minimum(rising, falling), 0).astype(np.float32)
