"""Choose music for films whose right music is known by construction, and look at the labels.

Two questions. Levels: for each piece of a film one clip is chosen among all; does the clip's
labelled arousal follow the piece's labelled intensity? Places: a reel of three pieces and a track
of eight clips in a random order; does the labelled arousal of the music follow the film's intensity
over time from the chosen place on?
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from eval.cues import FloatArray, standardise
from eval.protocol import bootstrap_mean
from eval.soundtrack.pieces import PIECE_SECONDS, Piece
from mmva_core.retrieval import (
    Curve,
    Floats,
    IndexHeader,
    IndexItem,
    RetrievalIndex,
    compare_starts,
    rank_tracks,
)
from mmva_core.studies import HeldOutClip
from mmva_core.train import bootstrap_interval

NUM_BEST = 5
"""Clips whose labels are averaged in the second row of levels."""
NUM_SHUFFLES = 1000
NUM_PIECES = 3
"""Pieces of a reel, in the order of the film."""
NUM_CLIPS = 8
"""Clips of a track, half of them of high arousal."""
CLASSES = "4qaed/"
"""Set whose labels are two classes of arousal: its clips make the tracks."""
POINTS_PER_PIECE = 6
"""Points of the curves at which labels are compared, one for every 2 s."""


@dataclass(frozen=True)
class Figure:
    """One figure with its 95 % interval."""

    question: str
    """What is measured."""
    chosen_by: str
    """How the music is chosen."""
    value: float
    """The figure."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""


def match_levels(
    pieces: Sequence[Piece],
    clips: Sequence[HeldOutClip],
    sigma: float,
    seed: int,
    *,
    of: str = "films",
) -> list[Figure]:
    """Choose a clip for every piece; rank correlation of labels over pieces.

    Intervals are bootstrap intervals over zones; of shuffled pairs, the middle 95 % of shuffles.

    Args:
        pieces: of the films.
        clips: to choose from.
        sigma: scale of Eq. 1.
        seed: of the shuffles.
        of: what the pieces are of, for the text.
    """
    index = _index_of(clips, sigma)
    arousal = {clip.name: clip.arousal for clip in clips}
    levels = np.array([piece.level for piece in pieces])
    ranked = [rank_tracks(piece.curve, index, range(len(clips))) for piece in pieces]
    first = np.array([arousal[places[0].name] for places in ranked])
    best = np.array([np.mean([arousal[p.name] for p in r[:NUM_BEST]]) for r in ranked])
    pictures = np.array([np.nanmean(piece.curve.va[:, 1]) for piece in pieces])
    zones = [piece.zone for piece in pieces]
    question = f"levels, {of}: rank correlation over pieces"

    def figure(name: str, chosen: FloatArray) -> Figure:
        ends = bootstrap_interval(_rho, levels, chosen, groups=zones)
        return Figure(question, name, _rho(levels, chosen), *ends)

    rng = np.random.default_rng(seed)
    shuffled = [_rho(levels, rng.permutation(first)) for _ in range(NUM_SHUFFLES)]
    ends = np.quantile(shuffled, [0.025, 0.975])
    figures = [
        figure("the rule, first clip", first),
        figure(f"the rule, mean of {NUM_BEST} clips", best),
        Figure(question, "shuffled pairs", float(np.mean(shuffled)), *map(float, ends)),
        figure("(the picture's arousal itself)", pictures),
    ]
    if _have_sound(pieces):
        figures.append(figure("loudness of the film's own sound", _by_loudness(pieces, clips)))
    return figures


def _have_sound(pieces: Sequence[Piece]) -> bool:
    return all(np.isfinite(piece.loudness) for piece in pieces)


def _by_loudness(pieces: Sequence[Piece], clips: Sequence[HeldOutClip]) -> FloatArray:
    """Return the arousal of the clip that is as loud in its set as each piece in its film."""
    softer = _standing(
        [clip.level for clip in clips], [clip.name.partition("/")[0] for clip in clips]
    )
    louder = _standing([p.loudness for p in pieces], [p.film for p in pieces])
    nearest = np.abs(louder[:, None] - softer).argmin(axis=1)
    return np.array([clips[number].arousal for number in nearest])


def match_places(
    pieces: Sequence[Piece],
    clips: Sequence[HeldOutClip],
    sigma: float,
    *,
    num_draws: int,
    seed: int,
    of: str = "films",
) -> list[Figure]:
    """Choose places in made tracks for made reels; correlation of labels over time.

    Intervals are bootstrap intervals over draws.

    Args:
        pieces: of the films, each film's in its order.
        clips: those of two classes make the tracks.
        sigma: scale of Eq. 1.
        num_draws: pairs of a reel and a track.
        seed: of the draws.
        of: what the pieces are of, for the text.
    """
    has_sound = _have_sound(pieces)
    rng = np.random.default_rng(seed)
    of_class = [
        [clip for clip in clips if clip.name.startswith(CLASSES) and (clip.arousal > 0) == is_high]
        for is_high in (False, True)
    ]
    found: dict[str, list[float]] = {}
    for _ in range(num_draws):
        reel = _draw_reel(pieces, rng)
        half = NUM_CLIPS // 2
        parts = [own[n] for own in of_class for n in rng.choice(len(own), half, replace=False)]
        track = [parts[number] for number in rng.permutation(NUM_CLIPS)]
        starts = compare_starts(_joined([piece.curve for piece in reel]), _windows_of(track))
        agreements = np.array([_agreement(reel, track, s) for s in starts.start_seconds])
        for name, value in (
            ("the rule", agreements[starts.costs.argmin()]),
            ("level alone (d)", agreements[starts.distances.argmin()]),
            ("shape alone (r)", agreements[starts.correlations.argmax()]),
            ("a random place of the track", agreements.mean()),
            ("(the best place by the labels)", agreements.max()),
        ):
            found.setdefault(name, []).append(float(value))
        if has_sound:
            volumes = [_volume_agreement(reel, track, s) for s in starts.start_seconds]
            by_volume = float(agreements[int(np.argmax(volumes))])
            found.setdefault("loudness over time", []).append(by_volume)
        gain = float(agreements[starts.costs.argmin()] - agreements.mean())
        found.setdefault("the rule less a random place", []).append(gain)
    question = f"places, {of}: correlation over time, mean over draws"
    means = {name: bootstrap_mean(values) for name, values in found.items()}
    return [Figure(question, n, m.mean, m.low, m.high) for n, m in means.items()]


def format_study(figures: Sequence[Figure]) -> str:
    """Return the figures as lines, below the question that they answer."""
    lines, question = [], ""
    for figure in figures:
        lines += [figure.question] if figure.question != question else []
        question = figure.question
        interval = f"[{figure.low:.3f}, {figure.high:.3f}]"
        lines.append(f"  {figure.chosen_by:<36}{figure.value:7.3f}  {interval}")
    return "\n".join(lines)


def _index_of(clips: Sequence[HeldOutClip], sigma: float) -> RetrievalIndex:
    items = [IndexItem(clip.name, "music", clip.name, len(clip.windows)) for clip in clips]
    va = np.concatenate([clip.windows for clip in clips])
    header = IndexHeader(1, "held-out copies", "", sigma, "")
    return RetrievalIndex(header, items, va, np.zeros((len(va), 1), np.float32))


def _rho(levels: FloatArray, chosen: FloatArray) -> float:
    if np.ptp(levels) == 0 or np.ptp(chosen) == 0:
        return 0.0
    return float(spearmanr(levels, chosen).statistic)


def _standing(values: Sequence[float], groups: Sequence[str]) -> FloatArray:
    """Return deviations from the mean of the own group, in its standard deviations."""
    result = np.array(values)
    for group in set(groups):
        rows = np.array([own == group for own in groups])
        result[rows] = standardise(result[rows])
    return result


def _draw_reel(pieces: Sequence[Piece], rng: np.random.Generator) -> list[Piece]:
    """Return pieces of one film in its order, not all of one level."""
    while True:
        film = pieces[int(rng.integers(len(pieces)))].film
        own = [piece for piece in pieces if piece.film == film]
        numbers = sorted(rng.choice(len(own), min(NUM_PIECES, len(own)), replace=False).tolist())
        reel = [own[number] for number in numbers]
        if len({piece.level for piece in reel}) > 1:
            return reel


def _joined(curves: Sequence[Curve]) -> Curve:
    starts = np.cumsum([0.0, *(curve.length_seconds for curve in curves)])
    times = [curve.times + start for curve, start in zip(curves, starts[:-1], strict=True)]
    va = np.concatenate([curve.va for curve in curves])
    return Curve(np.concatenate(times), va, float(starts[-1]))


def _windows_of(track: Sequence[HeldOutClip]) -> Floats:
    """Return the windows of the first `PIECE_SECONDS` of each clip, one clip after the other."""
    parts = []
    for number, clip in enumerate(track):
        rows = clip.windows[clip.windows[:, 3] <= PIECE_SECONDS].copy()
        rows[:, 2:] += number * PIECE_SECONDS
        parts.append(rows)
    return np.concatenate(parts)


def _agreement(reel: Sequence[Piece], track: Sequence[HeldOutClip], start: float) -> float:
    """Return the correlation over time of labelled intensity and labelled arousal."""
    return _over_time(reel, track, start, lambda p: p.level, lambda clip: clip.arousal)


def _volume_agreement(reel: Sequence[Piece], track: Sequence[HeldOutClip], start: float) -> float:
    """Return the correlation over time of the loudness of the film's own sound and the track's."""
    return _over_time(reel, track, start, lambda p: p.loudness, lambda clip: clip.level)


def _over_time(
    reel: Sequence[Piece],
    track: Sequence[HeldOutClip],
    start: float,
    of_piece: Callable[[Piece], float],
    of_clip: Callable[[HeldOutClip], float],
) -> float:
    """Return the correlation over time of two properties; 0 where one is constant."""
    film = np.repeat([of_piece(piece) for piece in reel], POINTS_PER_PIECE)
    step = PIECE_SECONDS / POINTS_PER_PIECE
    times = start + step * (np.arange(len(film)) + 0.5)
    numbers = (times / PIECE_SECONDS).astype(int) % len(track)
    music = np.array([of_clip(track[number]) for number in numbers])
    if np.ptp(film) == 0 or np.ptp(music) == 0:
        return 0.0
    return float(np.corrcoef(film, music)[0, 1])
