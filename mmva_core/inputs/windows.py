"""Arithmetic on sound that is already decoded: resampling and cutting into windows.

T is a number of samples, N a number of windows.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name PyTorch users know it by

ZEROS = 16
"""Zero crossings of the sinc kernel on either side."""
ROLL_OFF = 0.945
"""Pass band as a fraction of the lower Nyquist frequency."""


def resample(samples: Tensor, from_rate: int, to_rate: int) -> Tensor:
    """Resample by windowed-sinc interpolation.

    The kernel is a sinc under a squared cosine, one phase for each output sample of a period
    (J. O. Smith, "Digital Audio Resampling", https://ccrma.stanford.edu/~jos/resample/).

    Args:
        samples: (..., T) float.
        from_rate: rate of `samples`, Hz.
        to_rate: rate wanted, Hz.

    Returns:
        (..., ceil(T * to_rate / from_rate)).

    Raises:
        ValueError: a rate is not positive.
    """
    if from_rate < 1 or to_rate < 1:
        raise ValueError(f"sample rates must be positive, got {from_rate} and {to_rate}")
    if from_rate == to_rate:
        return samples
    divisor = math.gcd(from_rate, to_rate)
    step, num_phases = from_rate // divisor, to_rate // divisor
    kernel = _sinc_kernel(step, num_phases).to(samples)
    width = (kernel.shape[-1] - step) // 2
    flat = samples.reshape(-1, 1, samples.shape[-1])
    padded = F.pad(flat, (width, width + step))
    # One convolution of stride `step` gives every phase of a period as one channel.
    phases = F.conv1d(padded, kernel, stride=step)
    resampled = phases.transpose(1, 2).reshape(len(flat), -1)
    num_samples = math.ceil(samples.shape[-1] * num_phases / step)
    return resampled[:, :num_samples].reshape(*samples.shape[:-1], num_samples)


def cut_windows(
    samples: np.ndarray | Tensor, sample_rate: int, target_rate: int, window_seconds: float
) -> Tensor:
    """Resample mono sound and cut it into windows.

    Args:
        samples: (T,) is cut into consecutive windows; the last one ends with the signal, so it
            may overlap the one before; a signal shorter than one window is repeated until it
            fills one. (N, T) is one window per row, of any length.
        sample_rate: rate of `samples`, Hz.
        target_rate: rate wanted, Hz.
        window_seconds: length of a window of a one-dimensional signal.

    Returns:
        (num_windows, T) float32 at `target_rate`.

    Raises:
        ValueError: the shape is another, there are no samples, or one is not finite.
    """
    signal = torch.as_tensor(np.asarray(samples) if not isinstance(samples, Tensor) else samples)
    signal = signal.to(torch.float32)
    if signal.ndim not in (1, 2) or signal.shape[-1] == 0:
        raise ValueError(f"samples must have shape (T,) or (N, T), got {tuple(signal.shape)}")
    if not bool(torch.isfinite(signal).all()):
        raise ValueError("samples must be finite; there are NaN or infinite values")
    signal = resample(signal, sample_rate, target_rate)
    if signal.ndim == 2:
        return signal
    length = max(1, round(window_seconds * target_rate))
    if len(signal) < length:
        return fit_length(signal, length).unsqueeze(0)
    starts = window_starts(len(signal), length)
    return torch.stack([signal[start : start + length] for start in starts])


def fit_length(signal: Tensor, length: int) -> Tensor:
    """Cut a signal (T,) to `length`, or repeat it until it fills it."""
    return signal.repeat(math.ceil(length / len(signal)))[:length]


def window_starts(num_samples: int, length: int) -> list[int]:
    """Return where windows begin: one after the other, the last one flush with the end.

    >>> window_starts(25, 10)
    [0, 10, 15]
    >>> window_starts(4, 10)
    [0]
    """
    starts = list(range(0, num_samples - length + 1, length)) or [0]
    if starts[-1] + length < num_samples:
        starts.append(num_samples - length)
    return starts


@lru_cache(maxsize=8)
def _sinc_kernel(step: int, num_phases: int) -> Tensor:
    """Make the kernels (num_phases, 1, 2 * width + step) of every phase of a period."""
    cutoff = min(step, num_phases) * ROLL_OFF  # in cycles per period, times two
    width = math.ceil(ZEROS * step / cutoff)
    offsets = torch.arange(-width, width + step, dtype=torch.float64) / step
    phases = torch.arange(num_phases, dtype=torch.float64) / num_phases
    times = (offsets[None] - phases[:, None]) * cutoff
    window = torch.cos(times.clamp(-ZEROS, ZEROS) * math.pi / ZEROS / 2) ** 2
    kernel = torch.sinc(times) * window * cutoff / step
    return kernel.unsqueeze(1)
