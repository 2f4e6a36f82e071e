"""Targets of prompts: points of the plane, from a picture, a film or numbers.

MMVA does not read films. A package that does registers a function under the entry point group
`mmva_core.film_reader`, as vsumm does: from the film's path, the name of a model and whether to
show progress, it returns the JSON text that `mmva_core.prompts.film` describes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import mmva_core
from mmva_core import inputs
from mmva_core.clock import clock_text
from mmva_core.errors import DataError
from mmva_core.inputs import guess_modality
from mmva_core.prompts.film import (
    FilmSegment,
    parse_film_curve,
    read_film_curve,
    stretches_of,
)
from mmva_core.retrieval import parse_point

FILM_READER_GROUP = "mmva_core.film_reader"
"""Entry point group of functions (path, model name, progress) -> JSON text."""

FilmReader = Callable[[Path, str, bool], str]


@dataclass(frozen=True)
class Target:
    """A point of the plane to find prompts for."""

    name: str
    """Name of the picture, or times of the part of a film."""
    va: tuple[float, float]
    """Valence and arousal in [0, 1]."""
    start_seconds: float | None = None
    """Where the part of the film starts."""
    end_seconds: float | None = None
    """Where the part of the film ends."""


def find_targets(
    text: str,
    model_name: str,
    *,
    every_seconds: float = 30.0,
    device: str = "auto",
    progress: bool = False,
) -> list[Target]:
    """Turn an argument into points of the plane.

    Args:
        text: a picture, a film, the JSON summary of one by vsumm, or "va:0.3,0.8".
        model_name: embedded model, folder or hub id.
        every_seconds: length of the parts of a film.
        device: where to run the model: "auto", "cpu" or "cuda".
        progress: show progress on stderr.

    Returns:
        One target, or one for each part of a film that has pictures.

    Raises:
        DataError: the text is none of them, or cannot be read.
        CheckpointError: the model cannot be loaded.
    """
    point = parse_point(text)
    if point is not None:
        return [Target(text, (float(point[0]), float(point[1])))]
    if text.lower().endswith(".json"):
        return film_targets(read_film_curve(text), every_seconds)
    kind = guess_modality(text)
    if kind == "caption":
        raise DataError(f"no such file: {text}")
    if kind == "image":
        return [Target(text, _image_va(text, model_name, device))]
    content = _film_reader()(Path(text), model_name, progress)
    return film_targets(parse_film_curve(content, text), every_seconds)


def film_targets(segments: tuple[FilmSegment, ...], every_seconds: float) -> list[Target]:
    """Return one target for each part of a film, named by its times."""
    return [
        Target(
            "-".join(
                clock_text(time, with_tenths=False)
                for time in (part.start_seconds, part.end_seconds)
            ),
            (part.valence, part.arousal),
            part.start_seconds,
            part.end_seconds,
        )
        for part in stretches_of(segments, every_seconds)
    ]


def _image_va(path: str, model_name: str, device: str) -> tuple[float, float]:
    image = inputs.read_image_file(path)
    model = mmva_core.MMVA.from_pretrained(model_name, device=device)
    valence, arousal = model.predict_images([image])[0].tolist()
    return valence, arousal


def _film_reader() -> FilmReader:
    for entry in entry_points(group=FILM_READER_GROUP):
        reader: FilmReader = entry.load()
        return reader
    raise DataError(
        "this is no picture, and nothing that reads films is installed: run "
        "vsumm summarize --no-reel FILM and give the JSON file that it writes"
    )
