"""Pairs of music and captions for evaluating retrieval: a user's table, or the open sets.

Letters in shapes: N pairs, D the size of an embedding.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from mmva_core.config import Modality
from mmva_core.data.open import (
    load_described_clips,
    load_tag_captions,
    people_captions,
    reworded_caption,
)
from mmva_core.errors import DataError
from mmva_core.lite import FOLDS, build_lite, load_lite_tables, load_recordings
from mmva_core.model import MMVA
from mmva_core.retrieval import FloatArray, encode_content, read_content
from mmva_core.studies.folds import Ablation, encode_folds, train_without_each_fold
from mmva_core.studies.retrieval import EncodedPairs, RetrievalRow, retrieval_rows, scored_rows
from mmva_core.studies.text_to_music import (
    Captions,
    baseline_rows,
    fit_joint,
    joint_scores,
    open_set_parts,
    texts_of,
)
from mmva_core.train import FeatureTable, TrainConfig, TrainingData, embed_table

LOGS_FOLDER = "retrievers"
"""Folder of the losses of other methods inside the scratch folder."""


def read_pairs(table: Path, *, limit: int | None = None, seed: int = 0) -> list[tuple[Path, str]]:
    """Read a CSV table with the columns `music` (files, relative to the table) and `caption`.

    Args:
        table: the file.
        limit: largest number of pairs, drawn without replacement; all by default.
        seed: seed of the draw.

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
    """Encode pairs by a model; a piece of music is the mean of its windows.

    Raises:
        DataError: a file cannot be read.
    """
    sides: dict[Modality, list[tuple[np.ndarray, np.ndarray]]] = {"music": [], "caption": []}
    known: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # each sentence is encoded once
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
    with_baselines: bool = False,
    with_phrasings: bool = False,
    progress: bool = False,
) -> list[RetrievalRow]:
    """Evaluate the recipe of `mmva-lite` on 4QAED and Emotify, on held-out artists.

    Captions are the sentences made from the clips' tags. Each fold is searched separately, since
    embeddings of two copies of the recipe are not comparable.

    Args:
        root: folder of the open sets.
        scratch: folder for features and runs.
        config: settings of every copy.
        ablations: the method and variants of it.
        with_baselines: also train and measure the methods of `mmva_core.retrievers`.
        with_phrasings: also ask in words and sentences that nothing was trained on: those of the
            tags reworded, and people's words for the music.
        progress: show progress bars on stderr.

    Raises:
        DataError: a data set is missing or damaged.
    """
    tables = load_lite_tables(build_lite(config.seed), root, scratch, progress=progress)
    recordings = load_recordings(root, scratch, seed=config.seed, progress=progress)
    encoded = encode_folds(recordings, tables, config.seed)
    data = f"{len(tables.captions)} pairs of 4QAED and Emotify in {len(FOLDS)} folds by artist"
    captions = load_tag_captions(root)
    phrasings = {data: captions}
    if with_phrasings:
        phrasings[f"{data}, tags in other words"] = load_tag_captions(root, reworded_caption)
        phrasings[f"{data}, people's words"] = people_captions(load_described_clips(root))
    rows = []
    for ablation in ablations:
        copies = train_without_each_fold(encoded, ablation, config, scratch, progress=progress)
        parts: dict[str, list[EncodedPairs]] = {name: [] for name in phrasings}
        joint: dict[str, list[FloatArray]] = {name: [] for name in phrasings}
        for fold, model, test in copies:
            head = fit_joint(model, encoded[fold].without(fold), captions)
            for name, said in phrasings.items():
                asked = test if name == data else ask_in_words(model, test, said)
                parts[name].append(table_pairs(model, asked))
                joint[name].append(joint_scores(model, head, asked))
        for name in phrasings:
            rows += retrieval_rows(parts[name], ablation.paper_name, name)
            source = f"{ablation.paper_name}, joint space"
            rows += scored_rows(joint[name], source, name, "joint")
    if with_baselines:
        others = {
            name: [texts_of(of_fold.only(fold).music, said) for fold, of_fold in encoded.items()]
            for name, said in phrasings.items()
            if name != data
        }
        rows += baseline_rows(
            open_set_parts(encoded, captions),
            scratch / LOGS_FOLDER,
            data,
            seed=config.seed,
            other_captions=others,
        )
    # Rows of chance are equal for all ablations: keep the first.
    return list(dict.fromkeys(rows))


def ask_in_words(model: MMVA, data: TrainingData, captions: Captions) -> TrainingData:
    """Replace the captions of clips by others."""
    texts = texts_of(data.music, captions)
    features = model.caption_features(texts).cpu()
    table = FeatureTable(features=features, va=data.music.va, ids=data.music.ids)
    return replace(data, caption=table)


@torch.inference_mode()
def table_pairs(model: MMVA, data: TrainingData) -> EncodedPairs:
    """Project the clips of a feature table and their captions, row by row."""
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
