"""Tables of labelled samples in memory, one for each modality: the input of training.

Letters in shapes: N samples of a table, V views of a sample, B rows drawn, P fixed pairs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

import torch
from torch import Tensor

from mmva_core.store import sha256_tensor

AnyTable = TypeVar("AnyTable", bound="Table")


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Labels of N samples; subclasses add the inputs."""

    va: Tensor
    """(N, 2) valence and arousal in [0, 1]; NaN where a label is missing."""
    ids: tuple[str, ...]
    """(N,) names."""
    groups: tuple[str, ...] | None = None
    """(N,) song, theme or artist, which must not be split between training and testing."""
    weights: Tensor | None = None
    """(N,) weights of the samples' errors, mean 1; None is 1 for all."""
    extra: Mapping[str, Tensor] = field(default_factory=dict)
    """(N, ...) columns that extra losses need."""

    def __post_init__(self) -> None:
        va = self.va.to(torch.float32)
        object.__setattr__(self, "va", va)
        if va.ndim != 2 or va.shape[1] != 2:
            raise ValueError(f"va must have shape (N, 2), got {tuple(va.shape)}")
        finite = va[~va.isnan()]
        if bool(((finite < 0) | (finite > 1)).any()):
            low, high = float(finite.min()), float(finite.max())
            raise ValueError(f"va must lie in [0, 1], got {low:.3g} to {high:.3g}")
        if self.weights is not None:
            weights = self.weights.to(torch.float32)
            if bool((weights < 0).any()) or float(weights.sum()) <= 0:
                raise ValueError("weights must not be negative, and not all zero")
            object.__setattr__(self, "weights", weights / weights.mean())
        columns = {"ids": self.ids, "groups": self.groups, "weights": self.weights, **self.extra}
        for name, column in columns.items():
            if column is not None and len(column) != len(va):
                raise ValueError(f"{name} has {len(column)} entries for {len(va)} samples")

    def __len__(self) -> int:
        return len(self.va)

    def __repr__(self) -> str:
        """Show sizes, not labels."""
        return f"{type(self).__name__}(num_samples={len(self)})"

    @property
    def num_views(self) -> int:
        """Number of views of each sample; training draws one of them."""
        return 1

    def inputs(self, rows: Tensor, views: Tensor | None = None) -> dict[str, Tensor]:
        """Return the model's inputs for some samples.

        Args:
            rows: (B,) rows.
            views: (B,) view of each; the first by default.
        """
        raise NotImplementedError

    def content_hash(self) -> str:
        """Hash labels, names, weights and inputs in memory."""
        digest = hashlib.sha256("\n".join(self.ids).encode())
        for tensor in (self.va, self.weights, *self.extra.values()):
            digest.update(b"-" if tensor is None else sha256_tensor(tensor).encode())
        return digest.hexdigest()

    def label_mean(self) -> Tensor:
        """Return the mean valence and arousal (2,): the best constant prediction."""
        return self.va.double().nanmean(0)

    def to(self: AnyTable, device: torch.device | str) -> AnyTable:
        """Return the table with its tensors on a device."""
        extra = {name: column.to(device) for name, column in self.extra.items()}
        weights = None if self.weights is None else self.weights.to(device)
        return replace(self, va=self.va.to(device), weights=weights, extra=extra)

    def subset(self: AnyTable, rows: Tensor | Sequence[int]) -> AnyTable:
        """Return the table of some rows, in their order."""
        index = torch.as_tensor(rows, dtype=torch.int64)
        names = [int(row) for row in index]
        return replace(
            self,
            va=self.va[index],
            ids=tuple(self.ids[row] for row in names),
            groups=None if self.groups is None else tuple(self.groups[row] for row in names),
            weights=None if self.weights is None else self.weights[index],
            extra={name: column[index] for name, column in self.extra.items()},
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FeatureTable(Table):
    """Samples with tower features in memory; training computes the heads alone."""

    features: Tensor
    """(N, *feature_shape), or (N, V, *feature_shape) where `with_views`."""
    with_views: bool = False
    """Whether each sample has V views (crops, augmentations): training draws one at random each
    time, validation takes the first."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.features) != len(self.va):
            raise ValueError(f"{len(self.features)} features for {len(self.va)} samples")
        if self.with_views and (self.features.ndim < 3 or self.features.shape[1] < 1):
            raise ValueError(f"with_views needs (N, V, ...), got {tuple(self.features.shape)}")

    @property
    def num_views(self) -> int:
        """V, or 1."""
        return self.features.shape[1] if self.with_views else 1

    @property
    def clean_features(self) -> Tensor:
        """(N, *feature_shape), the first view of every sample."""
        return self.features[:, 0] if self.with_views else self.features

    def inputs(self, rows: Tensor, views: Tensor | None = None) -> dict[str, Tensor]:
        """Return {"features": (B, *feature_shape) float32}."""
        if not self.with_views:
            return {"features": self.features[rows].float()}
        chosen = torch.zeros_like(rows) if views is None else views
        return {"features": self.features[rows, chosen].float()}

    def content_hash(self) -> str:
        """Hash labels, names, weights and features."""
        joined = super().content_hash() + sha256_tensor(self.features)
        return hashlib.sha256(joined.encode()).hexdigest()

    def to(self, device: torch.device | str) -> FeatureTable:
        """Return the table with its tensors on a device."""
        return replace(super().to(device), features=self.features.to(device))

    def subset(self, rows: Tensor | Sequence[int]) -> FeatureTable:
        """Return the table of some rows, in their order."""
        index = torch.as_tensor(rows, dtype=torch.int64)
        taken = {entry.name: getattr(self, entry.name) for entry in fields(Table)}
        labels = Table(**taken).subset(index)
        taken = {entry.name: getattr(labels, entry.name) for entry in fields(Table)}
        return FeatureTable(features=self.features[index], with_views=self.with_views, **taken)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class InputTable(Table):
    """Samples whose inputs are prepared on demand, for fine-tuned towers."""

    load: Callable[[Sequence[str]], dict[str, Tensor]]
    """Returns the keyword arguments of the modality's `encode_*` for some ids."""

    def inputs(self, rows: Tensor, views: Tensor | None = None) -> dict[str, Tensor]:
        """Return the inputs from `load`, for example {"pixel_values": (B, 3, H, W)}."""
        prepared = self.load([self.ids[int(row)] for row in rows])
        return {name: value.to(self.va.device) for name, value in prepared.items()}


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The tables of a training run, or of its validation."""

    image: Table
    """Pictures."""
    music: Table
    """Clips."""
    caption: Table
    """Captions of the clips: row i belongs to clip i."""
    sentences: Table | None = None
    """Labelled sentences without a clip; they enter only L_VA of captions."""
    pairs: Tensor | None = None
    """(P, 2) int64, rows of matching pictures and clips in a paired data set."""

    def __post_init__(self) -> None:
        if len(self.caption) != len(self.music):
            raise ValueError(
                f"every clip needs its caption: {len(self.music)} clips, "
                f"{len(self.caption)} captions"
            )
        if self.pairs is not None:
            sizes = torch.tensor([len(self.image), len(self.music)])
            pairs = self.pairs
            if pairs.ndim != 2 or pairs.shape[1] != 2 or len(pairs) == 0:
                raise ValueError(f"pairs must have shape (P, 2), got {tuple(pairs.shape)}")
            if bool((pairs < 0).any()) or bool((pairs >= sizes).any()):
                raise ValueError("pairs name rows that do not exist")

    def to(self, device: torch.device | str) -> TrainingData:
        """Return the data with its tensors on a device (`pairs` stay on the CPU)."""
        sentences = None if self.sentences is None else self.sentences.to(device)
        tables = (self.image, self.music, self.caption)
        image, music, caption = (table.to(device) for table in tables)
        return TrainingData(image, music, caption, sentences, self.pairs)

    def content_hash(self) -> str:
        """Hash all tables; a resumed run compares this hash."""
        parts = [table.content_hash() for table in (self.image, self.music, self.caption)]
        parts.append("-" if self.sentences is None else self.sentences.content_hash())
        parts.append("-" if self.pairs is None else sha256_tensor(self.pairs))
        return hashlib.sha256("".join(parts).encode()).hexdigest()


def concat_tables(tables: Sequence[FeatureTable]) -> FeatureTable:
    """Concatenate feature tables.

    Groups and extra columns are kept if every table has them; weights are 1 where a table has none.

    Raises:
        ValueError: there is no table, or their features differ in shape.
    """
    if not tables:
        raise ValueError("there is no table to put together")
    shapes = {(table.with_views, tuple(table.features.shape[1:])) for table in tables}
    if len(shapes) > 1:
        raise ValueError(f"features differ in shape: {sorted(shapes)}")
    shared = set.intersection(*(set(table.extra) for table in tables))
    return FeatureTable(
        features=torch.cat([table.features for table in tables]),
        with_views=tables[0].with_views,
        va=torch.cat([table.va for table in tables]),
        ids=tuple(name for table in tables for name in table.ids),
        groups=_joined_groups(tables),
        weights=_joined_weights(tables),
        extra={name: torch.cat([table.extra[name] for table in tables]) for name in sorted(shared)},
    )


def _joined_groups(tables: Sequence[FeatureTable]) -> tuple[str, ...] | None:
    if any(table.groups is None for table in tables):
        return None
    return tuple(group for table in tables for group in table.groups or ())


def _joined_weights(tables: Sequence[FeatureTable]) -> Tensor | None:
    if all(table.weights is None for table in tables):
        return None
    return torch.cat([torch.ones(len(t)) if t.weights is None else t.weights for t in tables])
