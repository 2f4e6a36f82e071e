"""Layers of small trained networks in NumPy, for prediction alone.

A network of this size takes less time here than PyTorch takes to be imported. Letters in shapes:
B examples, I inputs, O outputs, H and W sides of a map, L steps, K the side of a kernel.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def linear(values: Array, weight: Array, bias: Array) -> Array:
    """Map values (..., I) to (..., O) by a weight (O, I) and a bias (O,)."""
    mapped: Array = values @ weight.T + bias
    return mapped


def relu(values: Array) -> Array:
    """Raise what is negative to 0."""
    return np.maximum(values, np.float32(0))


def gelu(values: Array) -> Array:
    """Weight values by the normal distribution's share below them.

    >>> gelu(np.float32([-1, 0, 1])).round(3).tolist()
    [-0.1589999943971634, 0.0, 0.8410000205039978]
    """
    weighted: Array = values * ((1 + _erf(values / math.sqrt(2))) / 2).astype(np.float32)
    return weighted


def _erf(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the error function, to 1.5e-7 (Abramowitz and Stegun, 1964, formula 7.1.26)."""
    size = np.abs(values).astype(np.float64)
    t = 1 / (1 + 0.3275911 * size)
    series = np.polyval([1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592, 0], t)
    error: NDArray[np.float64] = np.copysign(1 - series * np.exp(-size * size), values)
    return error


def sigmoid(values: Array) -> Array:
    """Map log odds to probabilities."""
    with np.errstate(over="ignore"):  # exp(-values) of very negative ones is inf, and the result 0
        odds: Array = np.float32(1) / (np.float32(1) + np.exp(-values))
    return odds


def softmax(logits: Array) -> Array:
    """Map logits to probabilities that sum to 1 along the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    shares: Array = powers / powers.sum(-1, keepdims=True)
    return shares


def normalize(vectors: Array) -> Array:
    """Scale vectors along the last axis to length 1; zero stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Array = vectors / np.maximum(lengths, np.float32(1e-12))
    return unit


def layer_norm(values: Array, weight: Array, bias: Array, *, epsilon: float = 1e-5) -> Array:
    """Standardise along the last axis, then scale and shift."""
    centred = values - values.mean(-1, keepdims=True)
    variance = np.square(centred).mean(-1, keepdims=True)
    normed: Array = centred / np.sqrt(variance + np.float32(epsilon)) * weight + bias
    return normed


def convolve_maps(maps: Array, kernel: Array, bias: Array, *, stride: int, padding: int) -> Array:
    """Slide a kernel (O, I, K, K) over maps (B, I, H, W); return (B, O, H', W')."""
    num_outputs, num_inputs, size, _ = kernel.shape
    edge = (padding, padding)
    padded = np.pad(maps, ((0, 0), (0, 0), edge, edge))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]  # (B, I, H', W', K, K)
    batch, _, height, width = windows.shape[:4]
    rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, num_inputs * size * size)
    product = rows @ kernel.reshape(num_outputs, -1).T + bias
    return product.reshape(batch, height, width, num_outputs).transpose(0, 3, 1, 2)


def convolve_steps(
    steps: Array, kernel: Array, bias: Array, *, padding: int = 0, dilation: int = 1
) -> Array:
    """Slide a kernel (O, I, K) over steps (L, I); return (L', O)."""
    reach = dilation * (kernel.shape[2] - 1)
    padded = np.pad(steps, ((padding, padding), (0, 0)))
    num_steps = len(padded) - reach
    taps = [
        padded[start : start + num_steps] @ kernel[:, :, number].T
        for number, start in enumerate(range(0, reach + 1, dilation))
    ]
    convolved: Array = np.sum(taps, axis=0, dtype=np.float32) + bias
    return convolved
