"""Train the methods of Table 2 besides MMVA and measure them on music that they have not heard.

On the open sets each is trained, for every fold, on the windows of the other folds' clips as the
fold's own music tower encodes them, with the sentences of their tags as captions, and searches
among the middle windows of the fold's clips: features, captions and candidates are MMVA's.

Letters in shapes: N pairs of music and caption, D size of a feature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor

from mmva_core.config import Modality
from mmva_core.lite import EncodedTables
from mmva_core.model import MMVA
from mmva_core.retrieval import FloatArray, JointHead, unit_rows
from mmva_core.retrievers import RETRIEVERS, Retriever, fit_joint_head
from mmva_core.studies.retrieval import RetrievalRow, scored_rows
from mmva_core.train import FeatureTable, Table, TrainingData, embed_table

Captions = Mapping[tuple[str, str], str]
"""Sentences by (name of the set, file name)."""


@dataclass(frozen=True, eq=False)
class CaptionedMusic:
    """N pieces of music with their captions."""

    features: Tensor
    """(N, D) float32."""
    captions: Sequence[str]
    """(N,)."""

    @classmethod
    def of(cls, music: Table, captions: Sequence[str]) -> CaptionedMusic:
        """Take the first view of every piece; hidden states (N, L, D) are averaged.

        Raises:
            TypeError: the table holds inputs of a fine-tuned tower instead of features.
        """
        if not isinstance(music, FeatureTable):
            raise TypeError("text-to-music methods are trained on feature tables")
        features = music.clean_features.float()
        return cls(features.mean(1) if features.ndim == 3 else features, captions)


def baseline_rows(
    parts: Sequence[tuple[CaptionedMusic, CaptionedMusic]],
    folder: Path,
    data: str,
    *,
    seed: int = 0,
    other_captions: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> list[RetrievalRow]:
    """Train every method and measure it; losses go to `<folder>/<method>-<number of part>.csv`.

    Args:
        parts: pairs to train on and pairs to search, such as the folds of a cross-validation;
            figures are means over all queries.
        folder: folder of the logs.
        data: name of the pairs.
        seed: seed of every training.
        other_captions: other captions of the pieces to search, for every part, by name of the
            pairs; nothing is trained on them.

    Raises:
        MissingExtraError: the extra "text" is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    own = [list(test.captions) for _, test in parts]
    phrasings = {data: own, **(other_captions or {})}
    rows = []
    for name in RETRIEVERS:
        tables: dict[str, list[FloatArray]] = {phrasing: [] for phrasing in phrasings}
        for number, (training, test) in enumerate(parts, 1):
            method = _train(name, training, folder / f"{name}-{number}.csv", seed)
            for phrasing, of_parts in phrasings.items():
                captions = of_parts[number - 1]
                tables[phrasing].append(method.score(test.features, captions))
        for phrasing, of_phrasing in tables.items():
            rows += scored_rows(of_phrasing, f"{name} (our reading)", phrasing)
    return rows


def open_set_parts(
    encoded: Mapping[str, EncodedTables], captions: Captions
) -> list[tuple[CaptionedMusic, CaptionedMusic]]:
    """Return the pairs of every fold to train on and to search.

    Args:
        encoded: the open sets by fold, see `mmva_core.studies.folds.encode_folds`.
        captions: sentences of their clips.
    """
    return [
        (
            _with_captions(tables.without(fold).music, captions),
            _with_captions(tables.only(fold).music, captions),
        )
        for fold, tables in encoded.items()
    ]


def fit_joint(model: MMVA, training: TrainingData, captions: Captions) -> JointHead:
    """Fit the joint space of a model's embeddings."""
    rows, texts = _captioned_rows(training.music, captions)
    return fit_joint_head(
        embed_table(model, "music", training.music)[rows],
        embed_table(model, "caption", training.caption)[rows],
        texts,
    )


def joint_scores(model: MMVA, head: JointHead, test: TrainingData) -> FloatArray:
    """Score pairs in a joint space, (N, N)."""
    tables: dict[Modality, Table] = {"music": test.music, "caption": test.caption}
    music, caption = (
        head.place(name, unit_rows(embed_table(model, name, table).cpu().numpy()))
        for name, table in tables.items()
    )
    return np.asarray(caption.astype(np.float64) @ music.T)


def texts_of(table: Table, captions: Captions) -> list[str]:
    """Return the captions of the clips of a table, row by row.

    Raises:
        ValueError: a row has none.
    """
    rows, texts = _captioned_rows(table, captions)
    if len(rows) < len(table):
        raise ValueError(f"{len(table) - len(rows)} of {len(table)} clips have no caption")
    return texts


def _train(name: str, training: CaptionedMusic, log: Path, seed: int) -> Retriever:
    method = RETRIEVERS[name](training.features.shape[1], seed=seed)
    losses: list[tuple[int, float]] = []
    method.fit(
        training.features,
        training.captions,
        on_epoch=lambda epoch, loss: losses.append((epoch, loss)),
    )
    pd.DataFrame(losses, columns=["epoch", "loss"]).to_csv(log, index=False)
    return method


def _with_captions(table: Table, captions: Captions) -> CaptionedMusic:
    rows, texts = _captioned_rows(table, captions)
    return CaptionedMusic.of(table.subset(rows), texts)


def _captioned_rows(table: Table, captions: Captions) -> tuple[list[int], list[str]]:
    """Find the rows that have a caption, and their captions.

    Ids are "set/file", or "set/file window K"; keyboard pieces have no tags and so no caption.
    """
    clips = [name.partition(" window ")[0].partition("/") for name in table.ids]
    keys = [(name, file) for name, _, file in clips]
    rows = [row for row, key in enumerate(keys) if key in captions]
    return rows, [captions[keys[row]] for row in rows]
