"""Tell recordings of speech from music."""

from __future__ import annotations

import numpy as np

from mmva_core import inputs, towers
from mmva_core.retrieval.index import Floats

SAMPLE_RATE = 16000
"""Rate that `SoundSteps` takes, Hz."""
SILENT_LUFS = -60.0
"""A half second below this loudness is silent."""
LEAST_PROBABILITY = 0.5
"""Probability above which a kind of sound is there."""


def speech_share(samples: Floats, sample_rate: int) -> float:
    """Return for how much of a recording somebody speaks without music.

    Args:
        samples: (T,) mono, full scale at 1.
        sample_rate: their rate, Hz.

    Returns:
        Share of the half seconds that are not silent, in [0, 1]; 0 where all are silent.
    """
    steps = towers.SoundSteps(towers.load_sound_kinds())
    steps.add(inputs.resample(samples, sample_rate, SAMPLE_RATE))
    curves = steps.result()
    columns = [towers.SOUND_KINDS.index(kind) for kind in ("speech", "music")]
    speech, music = curves.kinds[curves.loudness >= SILENT_LUFS][:, columns].T
    is_speech = (speech > LEAST_PROBABILITY) & (music < LEAST_PROBABILITY)
    return float(np.mean(is_speech)) if len(is_speech) else 0.0
