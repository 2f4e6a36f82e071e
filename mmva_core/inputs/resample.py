"""Change the sample rate of sound with FFmpeg's resampler, the one that decodes films."""

from __future__ import annotations

import math
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""(T,) float32, mono, full scale is [-1, 1]."""


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """Resample mono sound.

    Args:
        samples: (T,) float32.
        from_rate: rate of `samples`, Hz.
        to_rate: rate of the result, Hz.

    Returns:
        (ceil(T * to_rate / from_rate),) float32.

    Raises:
        ValueError: a rate is not positive.
    """
    if from_rate < 1 or to_rate < 1:
        raise ValueError(f"sample rates must be positive, got {from_rate} and {to_rate}")
    if from_rate == to_rate or len(samples) == 0:
        return samples
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples)[None], "fltp", "mono")
    frame.sample_rate, frame.time_base = from_rate, Fraction(1, from_rate)
    resampler = av.AudioResampler("fltp", "mono", to_rate)
    blocks = [*resampler.resample(frame), *resampler.resample(None)]
    # Of very short signals FFmpeg may return a few samples less: pad with zeros.
    resampled = np.zeros(math.ceil(len(samples) * to_rate / from_rate), np.float32)
    joined = np.concatenate([np.empty(0, np.float32), *(block.to_ndarray()[0] for block in blocks)])
    length = min(len(joined), len(resampled))
    resampled[:length] = joined[:length]
    return resampled
