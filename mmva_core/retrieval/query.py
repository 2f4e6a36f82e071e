"""Turn an argument into a query, and search an index with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import mmva_core
from mmva_core import retrieval
from mmva_core.config import Modality
from mmva_core.errors import CheckpointError, DataError
from mmva_core.inputs import guess_modality
from mmva_core.retrieval.index import ItemRows, Match, RetrievalIndex
from mmva_core.retrieval.joint import load_joint_head
from mmva_core.retrieval.rank import By, FloatArray, unit_rows
from mmva_core.store import model_fingerprint

POINT_PREFIX = "va:"
"""Prefix of a query that is a point of the plane."""


@dataclass(frozen=True, eq=False)
class Query:
    """A query; D is the size of an embedding."""

    modality: Modality | None
    """Modality of the query; None for a point of the plane."""
    va: FloatArray
    """(2,) valence and arousal in [0, 1]."""
    embed: FloatArray | None = None
    """(D,) of length 1; None for a point of the plane."""

    @classmethod
    def of_rows(cls, modality: Modality, rows: ItemRows) -> Query:
        """Make a query of the mean over the windows; pictures and sentences have one."""
        va = rows.va[:, :2].astype(np.float64).mean(axis=0)
        return cls(modality, va, unit_rows(rows.embeds.mean(axis=0)).astype(np.float64))


def parse_point(text: str) -> FloatArray | None:
    """Read a point of the plane such as "va:0.3,0.8"; None for other texts.

    Raises:
        DataError: the text begins like a point but is not two numbers in [0, 1].

    >>> parse_point("va:0.3,0.8").tolist()
    [0.3, 0.8]
    """
    if not text.lower().startswith(POINT_PREFIX):
        return None
    try:
        point = np.array([float(part) for part in text[len(POINT_PREFIX) :].split(",")])
    except ValueError:
        point = np.empty(0)
    if point.shape != (2,) or not ((point >= 0) & (point <= 1)).all():
        raise DataError(
            f"{text!r} is no point: give valence and arousal from 0 to 1, such as va:0.3,0.8"
        )
    return point


def make_query(
    text: str,
    index: RetrievalIndex,
    *,
    model_name: str | None = None,
    device: str = "auto",
    modality: Modality | None = None,
) -> Query:
    """Make a query of a picture, an audio file, a sentence or a point.

    Args:
        text: name of a file, a sentence, or a point such as "va:0.3,0.8", which needs no model.
        index: its model is used.
        model_name: name of the index's model, for when its folder has moved.
        device: "auto", "cpu" or "cuda".
        modality: modality of the query; guessed by default.

    Raises:
        CheckpointError: the model is not the one that the index was made with.
        DataError: the query cannot be read.
    """
    point = parse_point(text)
    if point is not None:
        return Query(None, point)
    kind = modality or guess_modality(text)
    name = model_name or index.header.model
    if model_fingerprint(name) != index.header.fingerprint:
        raise CheckpointError(
            f"the index was made with another model than {name!r} is now: run mmva index again"
        )
    model = mmva_core.MMVA.from_pretrained(name, device=device)
    rate = model.music_sample_rate if kind == "music" else 0
    content = retrieval.read_content(kind, text, rate)
    return Query.of_rows(kind, retrieval.encode_content(model, kind, content))


def search(
    index: RetrievalIndex,
    query: Query,
    *,
    k: int = 5,
    by: By = "va",
    modality: Modality | None = None,
    model_name: str | None = None,
) -> list[Match]:
    """Find the items nearest to a query.

    Args:
        index: the index.
        query: the query.
        k: largest number of items.
        by: compare by Eq. 1 on valence and arousal, by the angle of embeddings, or by the angle in
            the joint space of music and captions.
        modality: only items of this modality.
        model_name: name of the index's model, for when its folder has moved.

    Raises:
        CheckpointError: `by` is "joint" and the model has no joint space.
        DataError: the query is a point, or, in the joint space, a picture; or no item has the
            modality.
    """
    if modality is not None and not any(item.modality == modality for item in index.items):
        raise DataError(f"the index holds no {modality}")
    if by == "va":
        return index.search_va(query.va.tolist(), k, modality=modality)
    if query.embed is None:
        raise DataError(
            "a point has no embedding: compare it by valence and arousal, {do}",
            argument="by='va'",
            option="--by va",
        )
    if by == "cosine":
        return index.search_embedding(query.embed, k, modality=modality)
    assert query.modality is not None, "it has an embedding"
    head = load_joint_head(model_name or index.header.model)
    return index.search_joint(head, query.embed, query.modality, k, modality=modality)
