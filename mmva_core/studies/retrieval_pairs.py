"""Pairs of music and captions to judge retrieval by: a user's table, or the open sets.

Letters in shapes: N pairs, D the size of an embedding.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from mmva_core.config import Modality
from mmva_core.errors import DataError
from mmva_core.lite import (
    FOLDS,
    HeardTables,
    build_lite,
    fit_lite,
    load_lite_tables,
    load_recordings,
)
from mmva_core.model import MMVA
from mmva_core.retrieval import encode_content, read_content
from mmva_core.studies.lite_folds import hear_without
from mmva_core.studies.retrieval import EncodedPairs, RetrievalRow, retrieval_rows
from mmva_core.train import TrainConfig, TrainingData, embed_table


@dataclass(frozen=True)
class Ablation:
    """A way to train: the paper's method, or a part of it left out (Table 5)."""

    name: str
    """How the paper calls it."""
    with_similarity: bool = True
    """Whether there is a similarity predictor."""
    is_random: bool = True
    """Whether pictures and clips meet anew in every epoch, or once for all."""


ABLATIONS = (
    Ablation("MMVA"),
    Ablation("No Random Matching", is_random=False),
    Ablation("No Similarity Predictor", with_similarity=False),
)
"""The method and the two ablations of Table 5."""


def read_pairs(table: Path, *, limit: int | None = None, seed: int = 0) -> list[tuple[Path, str]]:
    """Read a CSV table with the columns `music` (files, relative to the table) and `caption`.

    Args:
        table: the file.
        limit: how many pairs at most, drawn without replacement; all by default.
        seed: of the draw.

    Raises:
        DataError: the table cannot be read or holds no pair.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read the table {table}: {error}") from error
    pairs = [
        (table.parent / row["music"], row["caption"])
        for row in rows
        if row.get("music") and row.get("caption")
    ]
    if not pairs:
        raise DataError(f"{table} holds no pairs: it needs the columns 'music' and 'caption'")
    if limit is None or limit >= len(pairs):
        return pairs
    drawn = np.random.default_rng(seed).choice(len(pairs), size=limit, replace=False)
    return [pairs[place] for place in np.sort(drawn)]


def encode_pairs(
    model: MMVA, pairs: list[tuple[Path, str]], *, progress: bool = False
) -> EncodedPairs:
    """Put pairs through a model; a piece of several windows counts by their mean.

    Raises:
        DataError: a file cannot be read.
    """
    sides: dict[Modality, list[tuple[np.ndarray, np.ndarray]]] = {"music": [], "caption": []}
    known: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # the same sentence is the same point
    for path, caption in tqdm(pairs, desc="pairs", disable=not progress, leave=False):
        sides["music"].append(_encode(model, "music", path))
        if caption not in known:
            known[caption] = _encode(model, "caption", caption)
        sides["caption"].append(known[caption])
    music, caption_side = (
        tuple(np.stack(column) for column in zip(*sides[name], strict=True))
        for name in ("music", "caption")
    )
    return EncodedPairs(music[0], caption_side[0], music[1], caption_side[1])


def open_set_rows(
    root: Path,
    scratch: Path,
    config: TrainConfig,
    ablations: Sequence[Ablation],
    *,
    progress: bool = False,
) -> list[RetrievalRow]:
    """Judge the recipe of `mmva-lite` on 4QAED and Emotify, artist by artist unseen.

    Captions are the sentences that are built from the clips' tags. A fold is searched for itself,
    since embeddings of two copies have nothing to do with each other.

    Args:
        root: folder of the open sets.
        scratch: folder for features and runs.
        config: settings of every copy.
        ablations: ways to train.
        progress: show progress bars on stderr.

    Raises:
        DataError: a data set is missing or damaged.
    """
    tables = load_lite_tables(build_lite(config.seed), root, scratch, progress=progress)
    recordings = load_recordings(root, scratch, seed=config.seed, progress=progress)
    # The same music towers for every way to train the heads.
    heard = {fold: hear_without(recordings, tables, fold, config.seed) for fold in FOLDS}
    data = f"4QAED and Emotify, {len(tables.captions)} pairs in {len(FOLDS)} folds by artist"
    rows = []
    for ablation in ablations:
        parts = encode_unseen_folds(heard, ablation, config, scratch, progress=progress)
        rows += retrieval_rows(list(parts), ablation.name, data)
    # Chance is the same for all: it is said once.
    return list(dict.fromkeys(rows))


def encode_unseen_folds(
    heard: Mapping[str, HeardTables],
    ablation: Ablation,
    config: TrainConfig,
    folder: Path,
    *,
    progress: bool = False,
) -> Iterator[EncodedPairs]:
    """Train a copy of `mmva-lite` for each fold without it, and let it encode that fold's pairs.

    Args:
        heard: the open sets by fold, the clips as a music tower hears them that does not know
            that fold; no artist is in two folds.
        ablation: how to train.
        config: settings of every copy.
        folder: runs lie in its sub-folders.
        progress: show progress bars on stderr.

    Yields:
        The pairs of one fold.
    """
    config = replace(config, matching="random" if ablation.is_random else "paired")
    for fold, own in heard.items():
        model = build_lite(config.seed, with_similarity=ablation.with_similarity)
        run = folder / f"{ablation.name.lower().replace(' ', '-')}-{fold}"
        fit_lite(model, own.without(fold), config, run, progress=progress)
        yield table_pairs(model, own.only(fold))


@torch.inference_mode()
def table_pairs(model: MMVA, data: TrainingData) -> EncodedPairs:
    """Encode the clips of a table of features, and the captions in its same rows."""
    model.eval()
    music, caption = (
        embed_table(model, "music", data.music),
        embed_table(model, "caption", data.caption),
    )
    return EncodedPairs(
        model.predict_va("music", music).float().cpu().numpy(),
        model.predict_va("caption", caption).float().cpu().numpy(),
        music.float().cpu().numpy(),
        caption.float().cpu().numpy(),
    )


def _encode(model: MMVA, modality: Modality, text: str | Path) -> tuple[np.ndarray, np.ndarray]:
    rate = model.music_sample_rate if modality == "music" else 0
    rows = encode_content(model, modality, read_content(modality, text, rate))
    return rows.va[:, :2].mean(axis=0), rows.embeds.mean(axis=0)
