"""IMEMNet-C as training, validation and test data of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch

from mmva_core.config import MODALITIES
from mmva_core.data.imemnet.encode import LabelledItems, encode_items
from mmva_core.data.imemnet.labels import (
    IMAGE_SUFFIXES,
    MUSIC_SUFFIXES,
    DuplicatePolicy,
    LabelReport,
    MissingPolicy,
    Policies,
    RangePolicy,
    Sample,
    attach_files,
    match_rows,
    read_labels,
    read_match_list,
)
from mmva_core.data.imemnet.splits import Split, rows_of, split_by_group
from mmva_core.errors import DataError
from mmva_core.model import MMVA
from mmva_core.train import Table, TrainingData


@dataclass(frozen=True)
class ImemnetConfig:
    """Files of IMEMNet-C and treatment of their problems; the [data] part of a config file."""

    image_labels: str
    """`image_va.csv`."""
    images: str
    """Folder of pictures."""
    music_labels: str
    """`music_va.csv`."""
    music: str
    """Folder of clips."""
    cache: str
    """Folder for cached features."""
    duplicates: DuplicatePolicy = "error"
    """See `Policies`."""
    out_of_range: RangePolicy = "error"
    """See `Policies`."""
    missing: MissingPolicy = "error"
    """See `Policies`."""
    split_seed: int = 0
    """Seed of the split 80/5/15 by picture and by song."""
    pairs: str | None = None
    """A match list for matching "paired" ("No Random Matching")."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], folder: Path) -> ImemnetConfig:
        """Read the [data] part of a config file; paths are relative to the file's folder.

        Raises:
            DataError: a setting is unknown or missing.
        """
        known = {entry.name: entry for entry in fields(cls)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise DataError(f"unknown settings in [data]: {', '.join(unknown)}")
        needed = ("image_labels", "images", "music_labels", "music", "cache")
        missing = [name for name in needed if name not in values]
        if missing:
            raise DataError(f"missing settings in [data]: {', '.join(missing)}")
        paths = {n: str(folder / values[n]) for n in (*needed, "pairs") if values.get(n)}
        return cls(**(dict(values) | paths))


@dataclass(frozen=True)
class ImemnetC:
    """IMEMNet-C, read and checked, before encoding."""

    images: LabelledItems
    """Pictures."""
    music: LabelledItems
    """Clips."""
    captions: LabelledItems
    """Captions, row by row those of the clips."""
    pairs: tuple[tuple[str, str, float], ...]
    """Match list, empty if the config names none."""
    reports: tuple[LabelReport, LabelReport]
    """Reports on the label tables of pictures and clips."""
    config: ImemnetConfig
    """Config of the files."""

    def part(self, split: Split) -> ImemnetC:
        """Return the pictures and the songs of one split.

        The match list is for training; the other parts are measured on pairs drawn once.

        Raises:
            DataError: there are too few pictures or songs for the part to hold any.
        """
        seed = self.config.split_seed
        image_rows = rows_of(split_by_group(self.images.groups, seed=seed), split)
        music_rows = rows_of(split_by_group(self.music.groups, seed=seed), split)
        if not image_rows or not music_rows:
            raise DataError(
                f"the {split} part is empty: {len(self.images.ids)} pictures and "
                f"{len(set(self.music.groups))} songs are too few to divide 80/5/15"
            )
        return ImemnetC(
            self.images.subset(image_rows),
            self.music.subset(music_rows),
            self.captions.subset(music_rows),
            self.pairs if split == "train" else (),
            self.reports,
            self.config,
        )

    def draw_music(self, count: int | None, *, seed: int) -> ImemnetC:
        """Draw `count` clips with their captions at random; None, or too many, takes all."""
        total = len(self.music.ids)
        if count is None or count >= total:
            return self
        order = torch.randperm(total, generator=torch.Generator().manual_seed(seed))
        rows = sorted(order[:count].tolist())
        return replace(self, music=self.music.subset(rows), captions=self.captions.subset(rows))

    def labels(self) -> TrainingData:
        """Return the labels alone, as tables without inputs."""
        image, music, caption = (
            Table(va=items.va, ids=items.ids, groups=items.groups)
            for items in (self.images, self.music, self.captions)
        )
        return TrainingData(image, music, caption)

    def encode(self, model: MMVA, *, progress: bool = False) -> TrainingData:
        """Encode everything with a model's towers.

        Raises:
            DataError: a file cannot be read, or the match list shares no pair with the data.
        """
        items = (self.images, self.music, self.captions)
        cache = Path(self.config.cache)
        image, music, caption = (
            encode_items(model, modality, part, cache, progress=progress)
            for modality, part in zip(MODALITIES, items, strict=True)
        )
        return TrainingData(image, music, caption, pairs=self._pair_rows())

    def _pair_rows(self) -> torch.Tensor | None:
        if not self.pairs:
            return None
        rows, _ = match_rows(self.pairs, self.images.ids, self.music.ids)
        if not rows:
            raise DataError(f"no pair of {self.config.pairs} has its picture and clip in this part")
        return torch.tensor(rows)


def load_imemnet(config: ImemnetConfig) -> ImemnetC:
    """Read the label tables and find the files.

    Raises:
        DataError: a file is missing or malformed, or a policy says to stop.
    """
    policies = Policies(config.duplicates, config.out_of_range, config.missing)
    images, image_files, image_report = attach_files(
        *read_labels(config.image_labels, policies), config.images, IMAGE_SUFFIXES, config.missing
    )
    music, music_files, music_report = attach_files(
        *read_labels(config.music_labels, policies), config.music, MUSIC_SUFFIXES, config.missing
    )
    silent = [sample.id for sample in music if not sample.caption]
    if silent:
        raise DataError(f"{config.music_labels}: {len(silent)} clips have no caption ({silent[0]})")
    songs = tuple(sample.song for sample in music)
    return ImemnetC(
        images=_items(images, {k: str(v) for k, v in image_files.items()}, _ids(images)),
        music=_items(music, {k: str(v) for k, v in music_files.items()}, songs),
        captions=_items(music, {sample.id: sample.caption for sample in music}, songs),
        pairs=() if config.pairs is None else read_match_list(config.pairs),
        reports=(image_report, music_report),
        config=config,
    )


def _ids(samples: tuple[Sample, ...]) -> tuple[str, ...]:
    return tuple(sample.id for sample in samples)


def _items(
    samples: tuple[Sample, ...], sources: Mapping[str, str], groups: tuple[str, ...]
) -> LabelledItems:
    va = torch.tensor([[s.valence, s.arousal] for s in samples]).reshape(-1, 2)
    return LabelledItems(_ids(samples), va, sources, groups)
