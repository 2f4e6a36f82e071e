"""Read the sources of IMEMNet-C's pictures: IAPS, NAPS and EMOTIC, each on its own scale.

IAPS and NAPS rate whole pictures from 1 to 9. EMOTIC rates the people in a picture from 1 to 10,
in one Annotations.mat; a picture's label is the mean over its people (our reading).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmva_core.data.imemnet import Sample
from mmva_core.data.sources.rescale import Rescaling, Scale, rescale
from mmva_core.errors import DataError

IAPS_SCALE = NAPS_SCALE = Scale(1.0, 9.0)
EMOTIC_SCALE = Scale(1.0, 10.0)
DELIMITERS = "\t;,"
"""Possible delimiters of a rating table."""


@dataclass(frozen=True)
class RatingColumns:
    """Possible names of the columns of a rating table, in order of preference, in any case."""

    id: tuple[str, ...]
    """Name of the picture's file."""
    valence: tuple[str, ...]
    """Mean valence."""
    arousal: tuple[str, ...]
    """Mean arousal."""


IAPS_COLUMNS = RatingColumns(("IAPS",), ("valmn",), ("aromn",))
"""As in AllSubjects_1-20.txt of IAPS."""
NAPS_COLUMNS = RatingColumns(
    ("ID", "picture", "file"),
    ("M_Valence", "Valence_M", "Mean_Valence", "M_Val", "valence"),
    ("M_Arousal", "Arousal_M", "Mean_Arousal", "M_Aro", "arousal"),
)
"""Column names in several editions of NAPS; pass others to `read_naps` if none of them fits."""


def read_iaps(path: str | Path, *, how: Rescaling = "scale") -> list[Sample]:
    """Read IAPS's table of means; lines above the one with the column names are skipped.

    Returns:
        Pictures with labels in [0, 1]; a decimal of the id is kept ("2900.1").

    Raises:
        DataError: the table is missing, malformed or holds ratings outside 1..9.
    """
    return rescale(read_ratings(path, IAPS_COLUMNS), IAPS_SCALE, how)


def read_naps(
    path: str | Path, *, columns: RatingColumns = NAPS_COLUMNS, how: Rescaling = "scale"
) -> list[Sample]:
    """Read a table of NAPS saved as CSV or tab-separated text.

    Raises:
        DataError: the table is missing, malformed or holds ratings outside 1..9.
    """
    return rescale(read_ratings(path, columns), NAPS_SCALE, how)


def read_emotic(path: str | Path, *, how: Rescaling = "scale") -> list[Sample]:
    """Read EMOTIC's Annotations.mat, all of its parts.

    Returns:
        Pictures with labels in [0, 1]; people without a rating are left out, and pictures
        without a rated person.

    Raises:
        DataError: the file is missing, malformed or holds ratings outside 1..10.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(str(path), struct_as_record=False, squeeze_me=True)
    except FileNotFoundError as error:
        raise DataError(f"no such file: {path}") from error
    except (OSError, ValueError, NotImplementedError, MatReadError) as error:
        raise DataError(f"cannot read {path} as a MATLAB file: {error}") from error
    parts = [part for name, part in content.items() if name in ("train", "val", "test")]
    if not parts:
        raise DataError(f"{path} holds none of the variables train, val and test")
    pictures = [picture for part in parts for picture in np.atleast_1d(part)]
    samples = [sample for picture in pictures if (sample := _emotic_sample(picture)) is not None]
    return rescale(samples, EMOTIC_SCALE, how)


def read_ratings(path: str | Path, columns: RatingColumns) -> list[Sample]:
    """Read a text table of mean ratings, on its own scale.

    Raises:
        DataError: the table is missing, has no line with the column names, or a malformed number.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except FileNotFoundError as error:
        raise DataError(f"no such file: {path}") from error
    except OSError as error:
        raise DataError(f"cannot read the ratings {path}: {error}") from error
    for start, line in enumerate(lines):
        for delimiter in DELIMITERS:
            names = [name.strip().strip('"') for name in line.split(delimiter)]
            found = _match_columns(names, columns)
            if found is not None:
                return list(_parse_rows(lines[start + 1 :], delimiter, found, f"{path}"))
    raise DataError(
        f"{path}: no line names the columns {columns.id[0]}, {columns.valence[0]} and "
        f"{columns.arousal[0]}"
    )


def _match_columns(names: Sequence[str], columns: RatingColumns) -> dict[str, int] | None:
    position = {name.lower(): index for index, name in enumerate(names)}
    found = {}
    for key in ("id", "valence", "arousal"):
        wanted = [name for name in getattr(columns, key) if name.lower() in position]
        if not wanted:
            return None
        found[key] = position[wanted[0].lower()]
    return found


def _parse_rows(
    lines: Sequence[str], delimiter: str, columns: Mapping[str, int], source: str
) -> Iterator[Sample]:
    for row in csv.reader(lines, delimiter=delimiter):
        if not any(cell.strip() for cell in row):
            continue
        try:
            name = row[columns["id"]].strip()
            # Some editions write decimal commas.
            valence, arousal = (
                float(row[columns[key]].strip().replace(",", ".")) for key in ("valence", "arousal")
            )
        except (IndexError, ValueError) as error:
            raise DataError(f"{source}: cannot read the row {row[:3]}: {error}") from error
        stem = name.rpartition(".")[0] if name.lower().endswith((".jpg", ".png")) else name
        yield Sample(stem.removesuffix(".0"), valence, arousal)


def _emotic_sample(picture: Any) -> Sample | None:
    ratings = [
        rating
        for person in np.atleast_1d(picture.person)
        if (rating := _person_rating(person)) is not None
    ]
    if not ratings:
        return None
    valence, arousal = np.mean(ratings, axis=0)
    return Sample(Path(str(picture.filename)).stem, float(valence), float(arousal))


def _person_rating(person: Any) -> tuple[float, float] | None:
    """Return a person's rating, the combined one of several raters if the file has it."""
    for name in ("combined_continuous", "annotations_continuous"):
        rating = getattr(person, name, None)
        ratings: Any = [] if rating is None else np.atleast_1d(rating)
        pairs = [(float(r.valence), float(r.arousal)) for r in ratings if hasattr(r, "valence")]
        finite = [pair for pair in pairs if np.isfinite(pair).all()]
        if finite:
            valence, arousal = np.mean(finite, axis=0)
            return float(valence), float(arousal)
    return None
