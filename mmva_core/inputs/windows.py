"""Cut decoded sound into the windows that a music tower takes.

T is a number of samples, N a number of windows.
"""

from __future__ import annotations

import math
from numbers import Integral

import numpy as np
import torch
from torch import Tensor

from mmva_core import inputs
from mmva_core.errors import check_type

SAMPLE_FORMS = "an array or tensor of floats or signed integers"


def cut_windows(
    samples: np.ndarray | Tensor, sample_rate: int, target_rate: int, window_seconds: float
) -> Tensor:
    """Resample mono sound and cut it into windows.

    Args:
        samples: (T,) is cut into consecutive windows; the last one ends with the signal, so it
            may overlap the one before; a signal shorter than one window is repeated until it
            fills one. (N, T) is one window per row, of any length. Floats, or signed integers
            over their whole range.
        sample_rate: rate of `samples`, Hz.
        target_rate: rate of the windows, Hz.
        window_seconds: length of a window of a one-dimensional signal.

    Returns:
        (num_windows, T) float32 at `target_rate`.

    Raises:
        TypeError: `samples` are neither floats nor signed integers, or the rate is not whole.
        ValueError: `samples` has another shape, is empty, or is not finite.
    """
    is_rate = isinstance(sample_rate, Integral) and not isinstance(sample_rate, bool)
    check_type("sample_rate", sample_rate, is_rate, "a whole number, Hz")
    signal = _as_floats(samples)
    if signal.ndim not in (1, 2) or signal.shape[-1] == 0:
        raise ValueError(f"samples must have shape (T,) or (N, T), got {tuple(signal.shape)}")
    if not bool(torch.isfinite(signal).all()):
        raise ValueError("samples must be finite; there are NaN or infinite values")
    if sample_rate != target_rate:
        # Through the lazy face: a model that gets its own rate does not load FFmpeg.
        rows = np.atleast_2d(signal.cpu().numpy())
        resampled = [inputs.resample(row, sample_rate, target_rate) for row in rows]
        signal = torch.from_numpy(np.stack(resampled)).reshape(*signal.shape[:-1], -1)
    if signal.ndim == 2:
        return signal
    length = max(1, round(window_seconds * target_rate))
    if len(signal) < length:
        return fit_length(signal, length).unsqueeze(0)
    starts = window_starts(len(signal), length)
    return torch.stack([signal[start : start + length] for start in starts])


def _as_floats(samples: np.ndarray | Tensor) -> Tensor:
    """Return float32; integers, as of a WAV file, from -32768 to 32767 become -1 to 1."""
    is_sound = isinstance(samples, np.ndarray | Tensor)
    check_type("samples", samples, is_sound, SAMPLE_FORMS)
    if isinstance(samples, Tensor):
        signal = samples.detach()
    else:
        signal = torch.from_numpy(np.require(samples, requirements=["C", "W"]))
    if signal.is_floating_point():
        return signal.to(torch.float32)
    is_signed = signal.dtype.is_signed and not signal.is_complex()
    check_type("samples", samples, is_signed, SAMPLE_FORMS)
    return signal.to(torch.float32) / -float(torch.iinfo(signal.dtype).min)


def fit_length(signal: Tensor, length: int) -> Tensor:
    """Cut a signal (T,) to `length` samples, or repeat it up to this length."""
    return signal.repeat(math.ceil(length / len(signal)))[:length]


def window_starts(num_samples: int, length: int) -> list[int]:
    """Return the starts of consecutive windows; the last one ends with the signal.

    >>> window_starts(25, 10)
    [0, 10, 15]
    >>> window_starts(4, 10)
    [0]
    """
    starts = list(range(0, num_samples - length + 1, length)) or [0]
    if starts[-1] + length < num_samples:
        starts.append(num_samples - length)
    return starts
