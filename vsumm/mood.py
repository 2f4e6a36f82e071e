"""Moods as points of the plane, and arcs as a course of arousal over a film."""

from __future__ import annotations

import math
import re

MOODS = {"calm": (0.6, 0.2), "tense": (0.3, 0.8), "happy": (0.8, 0.6), "sad": (0.2, 0.3)}
"""Valence and arousal of each mood; ours, one in each quarter of the plane."""
MOOD_FORMS = f"{', '.join(MOODS)}, or valence and arousal from 0 to 1, like 0.7,0.3"
ARC_FORMS = "rise, fall, wave, flat, or peak-at-80% (from 1 to 99%)"

_PEAK = re.compile(r"peak-at-(\d{1,2})%?")


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
    arc_course(text, 0.0)


def arc_course(text: str, place: float) -> float:
    """Return the arousal that an arc asks for, as a rank within the film.

    Args:
        text: one of `ARC_FORMS`.
        place: in the film, from 0 for its beginning to 1 for its end.

    Returns:
        In [0, 1]; 1 is the most intense.

    Raises:
        ValueError: there is no such arc.

    >>> [arc_course("peak-at-80%", place) for place in (0.0, 0.4, 0.8, 1.0)]
    [0.0, 0.5, 1.0, 0.0]
    """
    courses = {
        "rise": place,
        "fall": 1 - place,
        "wave": (1 - math.cos(4 * math.pi * place)) / 2,
        "flat": 0.5,
    }
    if text in courses:
        return courses[text]
    match = _PEAK.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise ValueError(f"arc must be {ARC_FORMS}; got {text!r}")
    peak = int(match[1]) / 100
    return place / peak if place <= peak else (1 - place) / (1 - peak)
