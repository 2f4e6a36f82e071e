"""Turn files and sentences into tables for training.

Frozen towers encode everything once, through a cache; tables for fine-tuned towers read and prepare
their input on demand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from tqdm import tqdm

from mmva_core.config import PREPROCESSING_VERSION, Modality
from mmva_core.inputs import fit_length, read_audio_file, read_image_file
from mmva_core.model import MMVA
from mmva_core.store import cached_features, sha256_file, sha256_text
from mmva_core.towers import CaptionTower, ImageTower
from mmva_core.train import FeatureTable, InputTable, Table

FILES_AT_ONCE = 64
"""Files that are decoded before their features are computed."""


@dataclass(frozen=True)
class LabelledItems:
    """Pictures, clips or sentences with labels, before reading."""

    ids: tuple[str, ...]
    """(N,) names."""
    va: Tensor
    """(N, 2) valence and arousal in [0, 1]."""
    sources: Mapping[str, str]
    """File of each picture or clip, text of each sentence, by id."""
    groups: tuple[str, ...]
    """(N,) groups that must not be split between training and testing."""

    def listed(self) -> list[str]:
        """Return the file or text of every sample, in order."""
        return [self.sources[name] for name in self.ids]

    def subset(self, rows: Sequence[int]) -> LabelledItems:
        """Return some rows, in their order."""
        return LabelledItems(
            tuple(self.ids[row] for row in rows),
            self.va[list(rows)],
            self.sources,
            tuple(self.groups[row] for row in rows),
        )


def encode_items(
    model: MMVA,
    modality: Modality,
    items: LabelledItems,
    cache: Path,
    *,
    progress: bool = False,
) -> Table:
    """Make the table of one modality.

    Args:
        model: model with the tower; inputs of a fine-tuned tower are prepared on demand.
        modality: modality of the items.
        items: files or sentences with labels.
        cache: folder of cached features.
        progress: show a progress bar on stderr.

    Raises:
        DataError: a file cannot be read.
    """
    if modality in model.config.finetune:
        load = partial(_prepare, model, modality, items.sources)
        return InputTable(load=load, va=items.va, ids=items.ids, groups=items.groups)
    sources = items.listed()
    if modality == "caption":
        contents = [sha256_text(text) for text in sources]
    else:
        contents = [sha256_file(Path(source)) for source in sources]
    features = cached_features(
        cache,
        f"{model.tower(modality).fingerprint()} {_preparation(model, modality)}",
        contents,
        lambda: _encode(model, modality, sources, progress),
    )
    return FeatureTable(features=features, va=items.va, ids=items.ids, groups=items.groups)


def _preparation(model: MMVA, modality: Modality) -> str:
    """Name what decides the features besides tower and content."""
    if modality != "music":
        return modality
    return f"window={model.config.music_window_seconds} preparation={PREPROCESSING_VERSION}"


def _encode(model: MMVA, modality: Modality, sources: Sequence[str], progress: bool) -> Tensor:
    encoders: dict[Modality, Callable[[Sequence[str]], Tensor]] = {
        "image": lambda files: model.image_features([read_image_file(file) for file in files]),
        "music": lambda files: _clip_features(model, files),
        "caption": model.caption_features,
    }
    starts = range(0, len(sources), FILES_AT_ONCE)
    parts = [
        encoders[modality](sources[start : start + FILES_AT_ONCE])
        for start in tqdm(starts, desc=f"encode {modality}", disable=not progress)
    ]
    return torch.cat(parts) if parts else torch.empty((0, *model.tower(modality).feature_shape))


def _clip_features(model: MMVA, files: Sequence[str]) -> Tensor:
    """Encode each clip as one window: its first `music_window_seconds`, or all of it."""
    rate = model.music_sample_rate
    longest = round(model.config.music_window_seconds * rate)
    clips = [torch.from_numpy(read_audio_file(file, rate))[:longest] for file in files]
    features = torch.empty((len(clips), *model.tower("music").feature_shape))
    by_length: dict[int, list[int]] = {}
    for row, clip in enumerate(clips):
        by_length.setdefault(len(clip), []).append(row)
    for rows in by_length.values():
        features[rows] = model.music_features(torch.stack([clips[row] for row in rows]), rate)
    return features


def _prepare(
    model: MMVA, modality: Modality, sources: Mapping[str, str], ids: Sequence[str]
) -> dict[str, Tensor]:
    """Read the inputs of a fine-tuned tower: the keyword arguments of `encode_*`."""
    chosen = [sources[name] for name in ids]
    tower = model.tower(modality)
    if modality == "caption":
        return cast(CaptionTower, tower).tokenize(chosen)
    if modality == "image":
        images = [read_image_file(file) for file in chosen]
        return {"pixel_values": cast(ImageTower, tower).preprocess(images)}
    rate = model.music_sample_rate
    clips = [torch.from_numpy(read_audio_file(file, rate)) for file in chosen]
    # One length for the whole batch: the longest clip's, at most a window.
    longest = min(max(map(len, clips)), round(model.config.music_window_seconds * rate))
    return {"input_values": torch.stack([fit_length(clip, longest) for clip in clips])}
