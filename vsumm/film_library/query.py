"""What is looked for in a library, as a point among the embeddings of one of its columns.

    words         "concepts": MiniLM's sentence among the names of ImageNet's classes
    words, heard  "joint": the model's joint space of music and sentences
    a picture     "picture": the model's embedding of pictures
    a sound       "sound": the model's embedding of sounds
    va:0.8,0.7    the plane of valence and arousal itself

A query is one vector.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

import mmva_core
from mmva_core import content, retrieval
from mmva_core.errors import MmvaError
from mmva_core.inputs import guess_modality
from mmva_core.store import model_fingerprint
from vsumm.errors import InputError, LibraryError, ModelError
from vsumm.files import shown

if TYPE_CHECKING:
    from mmva_core import MMVA
    from vsumm.film_library.header import Header

Vector = npt.NDArray[np.float32]

PLANE = "va"
"""The column of a query that is a point of the plane of valence and arousal."""
COLUMNS = {"image": "picture", "music": "sound"}
"""Columns that files are compared with, by what they hold."""


@dataclass(frozen=True, eq=False)
class Query:
    """What is looked for."""

    column: str
    """The column of embeddings that is searched, or `PLANE`."""
    vector: Vector
    """Where in it, of length 1; or valence and arousal in [0, 1]."""
    said: str
    """What a stretch that is found has, such as 'looks like "a dog"'."""


def query_text(text: str) -> Query:
    """Make a query of words, or of a point such as "va:0.8,0.7".

    Raises:
        LibraryError: it is empty, or no point.
        ModelError: what compares words with pictures is not installed.
    """
    try:
        point = retrieval.parse_point(text)
    except MmvaError as error:
        raise LibraryError(str(error)) from error
    if point is not None:
        return query_point(float(point[0]), float(point[1]))
    if not text.strip():
        raise LibraryError("there is nothing to look for: give some words, or va:0.8,0.7")
    try:
        place = content.TextEncoder().place_topic(text)
    except MmvaError as error:
        raise ModelError(str(error)) from error
    return Query("concepts", place / np.linalg.norm(place), f'looks like "{text.strip()}"')


def query_heard(text: str, header: Header) -> Query:
    """Make a query of words for what is heard, such as "calm piano".

    Args:
        text: the words.
        header: what the library was made with: its model has the joint space.

    Raises:
        LibraryError: there are no words, or the model has no joint space or has changed.
        ModelError: it cannot be loaded.
    """
    if not text.strip():
        raise LibraryError("there is nothing to listen for: give some words")
    if "joint" not in header.widths:
        raise LibraryError(f"{header.model} has no joint space of music and sentences")
    model = _load(header)
    try:
        rows = retrieval.encode_content(model, "caption", text)
        (place,) = retrieval.load_joint_head(header.model).place("caption", rows.embeds)
    except MmvaError as error:
        raise ModelError(str(error)) from error
    return Query("joint", place.astype(np.float32), f'sounds like "{text.strip()}"')


def query_point(valence: float, arousal: float) -> Query:
    """Make a query of a point of the plane; both numbers are in [0, 1]."""
    said = f"near valence {valence:g}, arousal {arousal:g}"
    return Query(PLANE, np.array([valence, arousal], dtype=np.float32), said)


def query_file(path: str | os.PathLike[str], header: Header) -> Query:
    """Make a query of a picture or a sound.

    Args:
        path: the file.
        header: what the library was made with: its model embeds the file.

    Raises:
        InputError: the file cannot be read.
        LibraryError: the model has changed since the library was made.
        ModelError: it cannot be loaded.
    """
    name = os.fspath(path)
    model = _load(header)
    try:
        kind = guess_modality(name)
        if kind not in COLUMNS:
            raise InputError(f"{shown(name)}: there is no such picture or sound file")
        rate = model.music_sample_rate if kind == "music" else 0
        rows = retrieval.encode_content(model, kind, retrieval.read_content(kind, name, rate))
    except MmvaError as error:
        raise InputError(str(error)) from error
    (mean,) = retrieval.unit_rows(rows.embeds.mean(axis=0, keepdims=True))
    verb = "looks" if kind == "image" else "sounds"
    return Query(COLUMNS[kind], mean.astype(np.float32), f"{verb} like {shown(Path(name).name)}")


def _load(header: Header) -> MMVA:
    try:
        if model_fingerprint(header.model) != header.fingerprint:
            raise LibraryError(f"the model {header.model!r} is not what the library was made with")
        return mmva_core.MMVA.from_pretrained(header.model)
    except MmvaError as error:
        raise ModelError(str(error)) from error
