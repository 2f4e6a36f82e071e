"""Every signal there is, in the order of the summary's columns.

A new one is a module beside this, a line here, and a weight in `vsumm/score/highlights.py`.
"""

from __future__ import annotations

from vsumm.config import By
from vsumm.score.signal import Signal
from vsumm.score.signals.about import ABOUT
from vsumm.score.signals.image import CARD, CHANGE, IMAGE_AROUSAL, IMAGE_VALENCE
from vsumm.score.signals.motion import CUTS, MOTION
from vsumm.score.signals.music import MUSIC_AROUSAL, MUSIC_VALENCE
from vsumm.score.signals.position import MIDDLE
from vsumm.score.signals.soundtrack import (
    LOUDNESS,
    LOUDNESS_RISE,
    MUSIC_SHARE,
    NOISE_SHARE,
    ONSETS,
    SILENCE_SHARE,
    SPEECH_ENERGY,
    SPEECH_SHARE,
)

SIGNALS: tuple[Signal, ...] = (
    IMAGE_VALENCE,
    IMAGE_AROUSAL,
    MOTION,
    CUTS,
    CHANGE,
    ABOUT,
    CARD,
    MUSIC_VALENCE,
    MUSIC_AROUSAL,
    LOUDNESS,
    LOUDNESS_RISE,
    ONSETS,
    SPEECH_ENERGY,
    SPEECH_SHARE,
    MUSIC_SHARE,
    NOISE_SHARE,
    SILENCE_SHARE,
    MIDDLE,
)
"""Every signal, in the order of the summary's columns."""

BY_IMAGE = (IMAGE_VALENCE, IMAGE_AROUSAL, MOTION)
BY_MUSIC = (MUSIC_VALENCE, MUSIC_AROUSAL, LOUDNESS, SPEECH_SHARE, MUSIC_SHARE)


def signals_of(by: By) -> tuple[Signal, ...]:
    """Return the signals that a score is computed from, in the order of the columns."""
    arousal = {"image": BY_IMAGE, "music": BY_MUSIC, "both": (*BY_IMAGE, *BY_MUSIC)}
    return arousal.get(by, SIGNALS)
