"""Log-mel spectra of sound, and a few hundred statistics of them pooled over time.

Letters in shapes: B windows, T samples, M mel bands, N frames, K groups of bands, D statistics.

    sound (B, T) -- LogMel --> dB (B, M, N) -- statistics --> (B, D)

Recordings differ in level for reasons that are not musical. So the statistics of the spectrum are
taken relative to the window's mean level, and the level enters as statistics of its own. Statistics
that need no fine resolution average neighbouring bands first.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

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


class LogMel(nn.Module):
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

    filters: Tensor
    window: Tensor

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
        super().__init__()
        if num_mels < NUM_COARSE or num_mels % NUM_COARSE:
            raise ValueError(f"num_mels must be a multiple of {NUM_COARSE}, got {num_mels}")
        if not 0 <= lowest_hz < highest_hz <= sample_rate / 2:
            raise ValueError(f"{lowest_hz} to {highest_hz} Hz does not fit {sample_rate} Hz")
        self.hop_length = hop_length
        self.frame_rate = sample_rate / hop_length
        frequencies = torch.arange(fft_length // 2 + 1) * sample_rate / fft_length
        filters = _mel_filters(frequencies, num_mels, lowest_hz, highest_hz)
        window = torch.hann_window(fft_length)
        # Computed from the settings, so they need no place in a checkpoint.
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("window", window, persistent=False)

    def forward(self, input_values: Tensor) -> Tensor:
        """Compute the spectra.

        Args:
            input_values: (B, T) float32, full scale is [-1, 1].

        Returns:
            (B, M, N), N from `num_frames`; `FLOOR_POWER` bounds it below at -80 dB. Frames lie
            wholly inside the sound, so the spectra of a window are a slice of the recording's.
        """
        return to_decibels(self.power(input_values))

    def power(self, input_values: Tensor) -> Tensor:
        """Return the power (B, M, N) of every band, full-scale sine = 1, of sound (B, T)."""
        spectrum = torch.stft(
            input_values,
            len(self.window),
            self.hop_length,
            window=self.window,
            center=False,
            return_complex=True,
        )
        # A full-scale sine at the centre of a bin has the magnitude sum(window) / 2: scale it to 1.
        power = (spectrum.real**2 + spectrum.imag**2) * (2 / self.window.sum()) ** 2
        return torch.matmul(self.filters, power)

    def num_frames(self, num_samples: int) -> int:
        """Return N for T samples."""
        return (num_samples - len(self.window)) // self.hop_length + 1


def to_decibels(power: Tensor) -> Tensor:
    """Return 10 log10(power + FLOOR_POWER)."""
    return 10 * torch.log10(power + FLOOR_POWER)


def statistics(log_mel: Tensor, frame_rate: float) -> Tensor:
    """Compute the statistics of log-mel spectra.

    Args:
        log_mel: (B, M, N) dB, N at least 3.
        frame_rate: frames per second.

    Returns:
        (B, D), dB, dB per frame or logarithms of power; not standardised.
    """
    level = to_decibels((10 ** (log_mel / 10)).sum(1))  # (B, N), of all bands together
    relative = log_mel - level.clamp(min=QUIET_DB).mean(1)[:, None, None]
    coarse = _in_groups(relative, NUM_COARSE).mean(2)
    wide = _in_groups(log_mel, NUM_WIDE)
    # Onsets: how much each band rises over two frames (40 ms), falls ignored. Neighbouring frames
    # overlap by two thirds, which would hide a part of the rise.
    rise = (log_mel[:, :, 2:] - log_mel[:, :, :-2]).clamp(min=0)
    onsets = rise.mean(1)
    parts = (
        _level_statistics(level),  # 5
        _distribution(coarse),  # 5 K
        _in_groups(rise.mean(2), NUM_COARSE).mean(2),  # K, mean rise of each band
        _onset_statistics(onsets),  # 5
        modulation_spectrum(wide.mean(2), onsets, frame_rate),
        _shape_statistics(log_mel),  # 6
        (wide.amax(2) - wide.amin(2)).mean(2),  # spectral contrast inside each wide band
        _cepstral_statistics(relative),
    )
    return torch.cat(parts, dim=1)


def modulation_spectrum(bands: Tensor, onsets: Tensor, frame_rate: float) -> Tensor:
    """Measure how fast and how strongly bands and onsets vary over time.

    Args:
        bands: (B, K, N) dB.
        onsets: (B, at most N) strength of onsets, padded with zeros to N.
        frame_rate: frames per second.

    Returns:
        (B, (K + 1) * 6): log power of the variation in each band of `MODULATION_EDGES`.
    """
    num_frames = bands.shape[2]
    onsets = nn.functional.pad(onsets, (0, num_frames - onsets.shape[1]))
    curves = torch.cat([bands, onsets[:, None]], dim=1)
    window = torch.hann_window(num_frames, device=bands.device)
    # Hann window: the ends of the curves would otherwise leak into every modulation band.
    varying = (curves - curves.mean(2, keepdim=True)) * window
    power = torch.fft.rfft(varying).abs().square() / (window.square().mean() * num_frames)
    rates = torch.arange(power.shape[2], device=bands.device) * frame_rate / num_frames
    edges = torch.tensor(MODULATION_EDGES, device=bands.device)
    inside = (rates[:, None] >= edges[:-1]) & (rates[:, None] < edges[1:])  # (rates, 6)
    return torch.log1p(power @ inside.to(power.dtype)).flatten(1)


def _in_groups(bands: Tensor, num_groups: int) -> Tensor:
    """Split bands (B, M, ...) into (B, num_groups, M / num_groups, ...)."""
    return bands.reshape(len(bands), num_groups, -1, *bands.shape[2:])


def _level_statistics(level: Tensor) -> Tensor:
    """Return mean, maximum, deviation, range and mean excess over the mean, (B, 5)."""
    # Deciles rather than extremes: one click or one gap must not set the range.
    above = (level - level.mean(1, keepdim=True)).clamp(min=0).mean(1)
    spread = level.quantile(0.95, 1) - level.quantile(0.1, 1)
    return torch.stack([level.mean(1), level.amax(1), level.std(1), spread, above], 1)


def _distribution(coarse: Tensor) -> Tensor:
    """Return mean, deviation, skewness and outer deciles of each band (B, K, N) as (B, 5 K)."""
    mean, deviation = coarse.mean(2), coarse.std(2)
    # 0.5 dB keep the skewness of nearly constant bands small.
    z_scores = (coarse - mean[..., None]) / (deviation[..., None] + 0.5)
    deciles = torch.quantile(coarse, torch.tensor([0.1, 0.9], device=coarse.device), dim=2)
    return torch.cat([mean, deviation, z_scores.pow(3).mean(2), deciles[0], deciles[1]], 1)


def _onset_statistics(onsets: Tensor) -> Tensor:
    median, ninth = onsets.quantile(0.5, 1), onsets.quantile(0.9, 1)
    return torch.stack([onsets.mean(1), onsets.std(1), onsets.amax(1), median, ninth], 1)


def _shape_statistics(log_mel: Tensor) -> Tensor:
    """Return mean and deviation of centroid, spread (in bands / M) and entropy of the spectrum."""
    # The power of a frame, divided by its sum, is treated as a distribution over the bands.
    power = 10 ** (log_mel / 10)
    share = power / power.sum(1, keepdim=True)
    place = (torch.arange(log_mel.shape[1], device=log_mel.device) / log_mel.shape[1])[:, None]
    centroid = (share * place).sum(1)
    spread = ((share * place**2).sum(1) - centroid**2).clamp(min=0).sqrt()
    entropy = -(share * torch.log(share + 1e-9)).sum(1)
    curves = (centroid, spread, entropy)
    return torch.stack([pool(curve) for curve in curves for pool in (_mean, _deviation)], 1)


def _mean(curve: Tensor) -> Tensor:
    return curve.mean(1)


def _deviation(curve: Tensor) -> Tensor:
    return curve.std(1)


def _cepstral_statistics(relative: Tensor) -> Tensor:
    """Return mean, deviation and mean step of the cepstral coefficients."""
    # The cosine transform over bands decorrelates them: coefficient 0 is the level, the next ones
    # the slope and the coarse shape of the spectrum (timbre), without the pitch.
    basis = _cosine_basis(relative.shape[1], NUM_CEPSTRAL).to(relative)
    cepstrum = torch.matmul(basis, relative)
    steps = (cepstrum[:, :, 1:] - cepstrum[:, :, :-1]).abs().mean(2)
    return torch.cat([cepstrum.mean(2), cepstrum.std(2), steps], 1)


def _cosine_basis(num_bands: int, num_coefficients: int) -> Tensor:
    """Make the first rows (K, M) of the discrete cosine transform of type II."""
    centres = (torch.arange(num_bands) + 0.5) * math.pi / num_bands
    orders = torch.arange(num_coefficients)[:, None]
    return torch.cos(orders * centres) * math.sqrt(2 / num_bands)


def band_centres(num_mels: int, lowest_hz: float, highest_hz: float) -> Tensor:
    """Return the centre (M,) float64 of every mel band, Hz."""
    return _band_corners(num_mels, lowest_hz, highest_hz)[1:-1]


def _band_corners(num_mels: int, lowest_hz: float, highest_hz: float) -> Tensor:
    """Return (M + 2,) frequencies, Hz; each band runs from one over the next to the one after."""
    ends = 2595 * torch.log10(1 + torch.tensor([lowest_hz, highest_hz], dtype=torch.float64) / 700)
    mels = torch.linspace(float(ends[0]), float(ends[1]), num_mels + 2, dtype=torch.float64)
    return 700 * (10 ** (mels / 2595) - 1)


def _mel_filters(frequencies: Tensor, num_mels: int, lowest: float, highest: float) -> Tensor:
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
    return torch.minimum(rising, falling).clamp(min=0).to(torch.float32)
