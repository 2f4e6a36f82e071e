"""Make pieces of films whose arousal people rated: slides of open pictures.

A piece shows six pictures, two seconds each. Themes are taken in the order of their mean rating,
so that a piece is calm or intense throughout, and no theme is in two pieces; pieces come in random
order. Nothing is encoded as
video: the curve is that of the pictures, smoothed as that of a reel. There is no motion and no
sound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from eval.soundtrack.pieces import PIECE_SECONDS, Piece
from mmva_core.retrieval import Curve
from mmva_core.studies import HeldOutPicture
from vsumm.media import Segment
from vsumm.score import smooth
from vsumm.soundtrack import SMOOTHED_POINTS

NUM_PICTURES = 6
"""Pictures of a piece."""
FILM = "slides"


def slides_of(pictures: Sequence[HeldOutPicture], seed: int) -> list[Piece]:
    """Return as many pieces as there are pictures for; those left over are not shown.

    Args:
        pictures: of any number of themes.
        seed: of the order of pictures, and of which ones are left out.
    """
    rng = np.random.default_rng(seed)
    of_theme: dict[str, list[HeldOutPicture]] = {}
    for picture in pictures:
        of_theme.setdefault(picture.theme, []).append(picture)
    means = {theme: np.mean([p.arousal for p in own]) for theme, own in of_theme.items()}
    shows: list[list[HeldOutPicture]] = []
    waiting: list[HeldOutPicture] = []
    for theme in sorted(of_theme, key=lambda theme: (means[theme], theme)):
        waiting += of_theme[theme]
        if len(waiting) >= NUM_PICTURES:
            shown = rng.choice(len(waiting), NUM_PICTURES, replace=False)
            shows.append([waiting[k] for k in shown])
            waiting = []
    return [_piece(shows[k], number) for number, k in enumerate(rng.permutation(len(shows)))]


def _piece(pictures: Sequence[HeldOutPicture], number: int) -> Piece:
    seconds = PIECE_SECONDS / len(pictures)
    times = (np.arange(len(pictures), dtype=np.float64) + 0.5) * seconds
    va = smooth(np.array([picture.va for picture in pictures]), width=SMOOTHED_POINTS)
    return Piece(
        film=FILM,
        zone=f"{FILM} {number}",
        level=float(np.mean([picture.arousal for picture in pictures])),
        segment=Segment(number * PIECE_SECONDS, (number + 1) * PIECE_SECONDS),
        curve=Curve(times, va, PIECE_SECONDS),
        loudness=math.nan,
    )
