"""Moods as points of the plane, and arcs as a course of arousal over a film."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

MOODS = {"calm": (0.6, 0.2), "tense": (0.3, 0.8), "happy": (0.8, 0.6), "sad": (0.2, 0.3)}
"""Valence and arousal of each mood; ours, one in each quarter of the plane."""
MOOD_FORMS = f"{', '.join(MOODS)}, or valence and arousal from 0 to 1, like 0.7,0.3"
ARC_FORMS = "rise, fall, wave, flat, or peak-at-80% (from 1 to 99%)"

_PEAK = re.compile(r"peak-at-(\d{1,2})%?")

FloatArray = npt.NDArray[np.float64]


def parse_mood(text: str) -> tuple[float, float]:
    """Return valence and arousal of a mood.

    Raises:
        ValueError: it is none of `MOOD_FORMS`.

    >>> parse_mood("calm"), parse_mood("0.7,0.3")
    ((0.6, 0.2), (0.7, 0.3))
    """
    if text in MOODS:
        return MOODS[text]
    try:
        valence, arousal = (float(part) for part in text.split(","))
    except ValueError:
        valence = arousal = -1.0
    if not (0 <= valence <= 1 and 0 <= arousal <= 1):
        raise ValueError(f"mood must be {MOOD_FORMS}; got {text!r}")
    return valence, arousal


def check_arc(text: str) -> None:
    """Check that there is such an arc.

    Raises:
        ValueError: it is none of `ARC_FORMS`.
    """
    arc_course(text, np.zeros(1))


def arc_course(text: str, places: FloatArray) -> FloatArray:
    """Return the arousal that an arc asks for, as a rank within the film.

    Args:
        text: one of `ARC_FORMS`.
        places: (N,) in the film, from 0 for its beginning to 1 for its end.

    Returns:
        (N,) in [0, 1]; 1 is the most intense.

    Raises:
        ValueError: there is no such arc.

    >>> arc_course("peak-at-80%", np.array([0.0, 0.4, 0.8, 1.0])).tolist()
    [0.0, 0.5, 1.0, 0.0]
    """
    courses = {
        "rise": places,
        "fall": 1 - places,
        "wave": (1 - np.cos(4 * np.pi * places)) / 2,
        "flat": np.full(len(places), 0.5),
    }
    if text in courses:
        return courses[text]
    match = _PEAK.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise ValueError(f"arc must be {ARC_FORMS}; got {text!r}")
    peak = int(match[1]) / 100
    return np.interp(places, [0.0, peak, 1.0], [0.0, 1.0, 0.0])
