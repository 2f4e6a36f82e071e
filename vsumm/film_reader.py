"""Let `mmva prompt` and `mmva match` read films.

The dependency points from vsumm to mmva_core, never back, and mmva_core knows nothing of films. So
these functions are registered under the entry point groups `mmva_core.film_reader` and
`mmva_core.film_curves`, and what goes from here to there is JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmva_core.errors import DataError
from vsumm.config import SummaryConfig
from vsumm.errors import InputError, VsummError
from vsumm.files import RecordCache, default_cache_folder, shown, walk_films
from vsumm.media import merge_neighbours
from vsumm.pipeline import summarize
from vsumm.soundtrack import reel_curve
from vsumm.summary import Summary

SUMMARY_ENDING = ".summary.json"
"""What names of summaries in folders end with."""


def summary_json(path: Path, model_name: str, progress: bool) -> str:
    """Summarise a film by its picture.

    Args:
        path: the film.
        model_name: embedded model, folder or hub id.
        progress: whether to show a progress bar on stderr.

    Returns:
        The JSON text of the `Summary`.

    Raises:
        DataError: the film cannot be read, or shows nothing.
    """
    try:
        return _measured(path, model_name, progress=progress).to_json()
    except VsummError as error:
        raise DataError(str(error)) from error


def curves_json(paths: Sequence[Path], model_name: str, progress: bool) -> Iterator[str]:
    """Yield the curves of films, as `vsumm.soundtrack` compares them with music.

    Of a folder all films and summaries count, and of a reel with its summary beside it the summary.

    Args:
        paths: films, summaries (JSON) and folders of them.
        model_name: embedded model, folder or hub id.
        progress: whether to show a progress bar on stderr.

    Yields:
        The JSON text of a `mmva_core.retrieval.FilmCurve`; one that cannot be read has a problem.

    Raises:
        DataError: a folder cannot be read, or has no films in it.
    """
    try:
        found = [file for path in paths for file in _found(path)]
    except VsummError as error:
        raise DataError(str(error)) from error
    for file in dict.fromkeys(found):
        try:
            yield _curve_json(file, model_name, progress=progress)
        except VsummError as error:
            problem = str(error) if str(file) in str(error) else f"{shown(file)}: {error}"
            yield json.dumps({"name": str(file), "problem": problem})


def _found(path: Path) -> list[Path]:
    """Return the films and summaries that a path means."""
    if not path.is_dir():
        return [path]
    films = list(walk_films(path, with_reels=True))
    summaries = sorted(path.rglob(f"*{SUMMARY_ENDING}"))
    told = {file.with_suffix("") for file in summaries}
    found = sorted([*summaries, *(film for film in films if film.with_suffix("") not in told)])
    if not found:
        raise InputError(f"{shown(path)}: there are no films in this folder")
    return found


def _curve_json(path: Path, model_name: str, *, progress: bool) -> str:
    if path.suffix.lower() == ".json":
        summary = _read_summary(path)
        if summary.model != model_name:
            raise InputError(f"{shown(path)}: its model is {summary.model!r}, not {model_name!r}")
        crossfade_seconds = float(summary.reel.get("crossfade_seconds") or 0.0)
        curve = reel_curve(summary, crossfade_seconds=crossfade_seconds)
    else:
        summary = _measured(path, model_name, progress=progress)
        whole = merge_neighbours(row.segment for row in summary.segments)
        curve = reel_curve(summary, whole)
    # Black pictures have no valence: NaN is null in JSON.
    valence, arousal = ([None if v != v else v for v in column] for column in curve.va.T.tolist())
    content = {
        "name": str(path),
        "length_seconds": curve.length_seconds,
        "times": curve.times.tolist(),
        "valence": valence,
        "arousal": arousal,
    }
    return json.dumps(content)


def _read_summary(path: Path) -> Summary:
    try:
        return Summary.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is no text"
        raise InputError(f"{shown(path)}: cannot be read: {reason.lower()}") from error


def _measured(path: Path, model_name: str, *, progress: bool) -> Summary:
    """Score a film by its picture, from the cache where it is known."""
    # What would be cut is of no interest here, so no film is too short for a budget.
    config = SummaryConfig(by="image", budget_fraction=1.0, model=model_name)
    cache = RecordCache(default_cache_folder())
    return summarize(path, config, cache=cache, progress=progress)
