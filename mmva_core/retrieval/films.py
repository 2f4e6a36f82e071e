"""Rank films by how well a piece of music follows their pictures.

A film's curve is what a track is compared with in `trajectory.py`; here there is one track and many
curves. MMVA does not read films. A package that does registers a function under the entry point
group `mmva_core.film_curves`, as vsumm does: from paths of films and folders, the name of a model
and whether to show progress, it yields one JSON text for each film, a `FilmCurve`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path

import msgspec
import numpy as np

from mmva_core.errors import DataError
from mmva_core.retrieval.index import Floats
from mmva_core.retrieval.trajectory import Curve, Place, best_place

FILM_CURVES_GROUP = "mmva_core.film_curves"
"""Entry point group of functions (paths, model name, progress) -> JSON texts."""

FilmCurves = Callable[[Sequence[Path], str, bool], Iterable[str]]


class FilmCurve(msgspec.Struct, frozen=True):
    """Valence and arousal of one film's pictures over time, or why there is none.

    Letters: N points.
    """

    name: str
    """Path of the film, or of the summary of its reel."""
    length_seconds: float = 0.0
    """How long it lasts."""
    times: tuple[float, ...] = ()
    """(N,) seconds from its beginning, ascending."""
    valence: tuple[float | None, ...] = ()
    """(N,) in [0, 1], smoothed; None where the picture is black."""
    arousal: tuple[float | None, ...] = ()
    """(N,) likewise."""
    problem: str | None = None
    """Why it has no curve, in one line."""

    def to_curve(self) -> Curve:
        """Return the curve that a track is compared with.

        Raises:
            DataError: it has none.
        """
        va = np.array([self.valence, self.arousal], dtype=np.float64).T.reshape(-1, 2)
        try:
            return Curve(np.array(self.times, dtype=np.float64), va, self.length_seconds)
        except ValueError as error:
            raise DataError(f"{self.name}: {error}") from error


def read_film_curves(
    paths: Sequence[Path], model_name: str, *, progress: bool = False
) -> Iterator[FilmCurve]:
    """Read the curves of films, one after the other.

    Args:
        paths: films, summaries of their reels, and folders of such.
        model_name: embedded model, folder or hub id.
        progress: show progress on stderr.

    Raises:
        DataError: nothing that reads films is installed, or there is no film.
    """
    for text in _reader()(paths, model_name, progress):
        yield msgspec.json.decode(text, type=FilmCurve)


def rank_films(films: Sequence[FilmCurve], windows: Floats, sigma: float) -> list[Place]:
    """Return for each film the best place of a track under it, best film first.

    Args:
        films: with curves; their names are those of the places.
        windows: (W, 4) of the track: valence, arousal, start and end in seconds, ascending.
        sigma: the model's scale of Eq. 1.
    """
    found = [best_place(film.name, film.to_curve(), windows, sigma) for film in films]
    costs = [cost for _, cost in found]
    return [found[row][0] for row in np.argsort(costs, kind="stable")]


def _reader() -> FilmCurves:
    for entry in entry_points(group=FILM_CURVES_GROUP):
        reader: FilmCurves = entry.load()
        return reader
    raise DataError("nothing that reads films is installed: pip install vsumm")
