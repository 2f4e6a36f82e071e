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

import pandas as pd
from torch import Tensor

from mmva_core.data.open import load_tag_captions
from mmva_core.lite import EncodedTables
from mmva_core.retrieval import FloatArray
from mmva_core.retrievers import RETRIEVERS
from mmva_core.studies.retrieval import RetrievalRow, scored_rows
from mmva_core.train import FeatureTable, Table


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
) -> list[RetrievalRow]:
    """Train every method and measure it; losses go to `<folder>/<method>-<number of part>.csv`.

    Args:
        parts: pairs to train on and pairs to search, such as the folds of a cross-validation;
            figures are means over all queries.
        folder: folder of the logs.
        data: name of the pairs.
        seed: seed of every training.

    Raises:
        MissingExtraError: the extra "text" is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in RETRIEVERS:
        tables = [
            _train_and_score(name, *part, folder / f"{name}-{number}.csv", seed)
            for number, part in enumerate(parts, 1)
        ]
        rows += scored_rows(tables, f"{name} (our reading)", data)
    return rows


def open_set_parts(
    encoded: Mapping[str, EncodedTables], root: Path
) -> list[tuple[CaptionedMusic, CaptionedMusic]]:
    """Return the pairs of every fold to train on and to search.

    Args:
        encoded: the open sets by fold, see `mmva_core.studies.folds.encode_folds`.
        root: folder of the open sets, whose tags make the captions.

    Raises:
        DataError: the table of tags is missing or damaged.
    """
    captions = load_tag_captions(root)
    return [
        (
            _with_captions(tables.without(fold).music, captions),
            _with_captions(tables.only(fold).music, captions),
        )
        for fold, tables in encoded.items()
    ]


def _train_and_score(
    name: str, training: CaptionedMusic, test: CaptionedMusic, log: Path, seed: int
) -> FloatArray:
    method = RETRIEVERS[name](training.features.shape[1], seed=seed)
    losses: list[tuple[int, float]] = []
    method.fit(
        training.features,
        training.captions,
        on_epoch=lambda epoch, loss: losses.append((epoch, loss)),
    )
    pd.DataFrame(losses, columns=["epoch", "loss"]).to_csv(log, index=False)
    return method.score(test.features, test.captions)


def _with_captions(table: Table, captions: Mapping[tuple[str, str], str]) -> CaptionedMusic:
    """Take the rows that have a caption.

    Ids are "set/file", or "set/file window K"; keyboard pieces have no tags and so no caption.
    """
    clips = [name.partition(" window ")[0].partition("/") for name in table.ids]
    keys = [(name, file) for name, _, file in clips]
    rows = [row for row, key in enumerate(keys) if key in captions]
    return CaptionedMusic.of(table.subset(rows), [captions[keys[row]] for row in rows])
