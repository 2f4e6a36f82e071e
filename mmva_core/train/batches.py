"""The batches of an epoch: a pure function of the data, the seed and the epoch.

Letters in shapes: B rows of a batch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mmva_core.train.config import TrainConfig
from mmva_core.train.matching import (
    matching_score,
    paired_matching,
    permutation_chain,
    random_matching,
)
from mmva_core.train.tables import Table, TrainingData


@dataclass(frozen=True, eq=False)
class ModalityBatch:
    """One modality of a batch."""

    inputs: Mapping[str, Tensor]
    """{"features": (B, *feature_shape)}, or the keyword arguments of `encode_*`."""
    va: Tensor
    """(B, 2) labels, NaN where missing."""
    weights: Tensor
    """(B,) weights of the errors."""
    extra: Mapping[str, Tensor] = field(default_factory=dict)
    """(B, ...) columns for extra losses."""

    def rows(self, rows: slice) -> ModalityBatch:
        """Return some rows."""
        return ModalityBatch(
            {name: value[rows] for name, value in self.inputs.items()},
            self.va[rows],
            self.weights[rows],
            {name: value[rows] for name, value in self.extra.items()},
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """Pairs of a picture and a clip with its caption, and sentences without a clip."""

    image: ModalityBatch
    music: ModalityBatch
    caption: ModalityBatch
    sentences: ModalityBatch | None
    matching_score: Tensor
    """(B,) Eq. 1 of the pair, the target of the similarity predictor."""

    def rows(self, rows: slice) -> Batch:
        """Return some rows."""
        return Batch(
            self.image.rows(rows),
            self.music.rows(rows),
            self.caption.rows(rows),
            None if self.sentences is None else self.sentences.rows(rows),
            self.matching_score[rows],
        )


def steps_per_epoch(data: TrainingData, config: TrainConfig) -> int:
    """Count the steps of an epoch; a new permutation fills up the last batch."""
    if config.matching == "paired":
        num_pairs = 0 if data.pairs is None else len(data.pairs)
    else:
        num_pairs = max(len(data.image), len(data.music))
    return -(-num_pairs // config.batch_size)


def epoch_seed(seed: int, epoch: int, purpose: str) -> int:
    """Return a seed of 63 bits for one purpose of one epoch."""
    digest = hashlib.sha256(f"{seed}/{epoch}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def epoch_batches(
    data: TrainingData, config: TrainConfig, epoch: int, sigma: float, rows: slice
) -> Iterator[Batch]:
    """Draw the batches of an epoch.

    Args:
        data: tables, on the device of the batches.
        config: batch size, matching, mixup and seed.
        epoch: number of the epoch, from 0.
        sigma: scale of Eq. 1.
        rows: rows of every global batch that this process computes; mixup comes before this cut.

    Yields:
        Batches; inputs of fine-tuned towers are prepared for the own rows alone.
    """
    generator = torch.Generator().manual_seed(epoch_seed(config.seed, epoch, "batches"))
    num_pairs = steps_per_epoch(data, config) * config.batch_size
    if config.matching == "paired":
        assert data.pairs is not None, "checked before training starts"
        image_rows, music_rows = paired_matching(data.pairs, num_pairs, generator)
    else:
        image_rows, music_rows = random_matching(
            len(data.image), len(data.music), num_pairs, generator
        )
    orders = {
        "image": _Order.draw(data.image, image_rows, generator),
        "music": _Order.draw(data.music, music_rows, generator),
        "caption": _Order.draw(data.caption, music_rows, generator),
    }
    if data.sentences is not None:
        sentence_rows = permutation_chain(len(data.sentences), num_pairs, generator)
        orders["sentences"] = _Order.draw(data.sentences, sentence_rows, generator)
    for start in range(0, num_pairs, config.batch_size):
        whole = slice(start, start + config.batch_size)
        own = slice(start + rows.start, start + rows.stop)
        # Mixup needs the partners of the own rows, which may be any rows of the global batch.
        part = own if config.mixup == 0 else whole
        drawn = {name: order.batch(part) for name, order in orders.items()}
        if config.mixup > 0:
            mixings = {
                name: _Mixing.draw(config.batch_size, config.mixup, generator) for name in drawn
            }
            if config.contrastive > 0:
                mixings["caption"] = mixings["music"]  # a mixed clip needs its own mixed caption
            drawn = {name: mixings[name].mix(batch).rows(rows) for name, batch in drawn.items()}
        yield Batch(
            image=drawn["image"],
            music=drawn["music"],
            caption=drawn["caption"],
            sentences=drawn.get("sentences"),
            matching_score=matching_score(drawn["image"].va, drawn["music"].va, sigma),
        )


@dataclass(frozen=True, eq=False)
class _Order:
    """Rows and views of a table in the order of an epoch."""

    table: Table
    rows: Tensor
    views: Tensor

    @classmethod
    def draw(cls, table: Table, rows: Tensor, generator: torch.Generator) -> _Order:
        views = torch.randint(table.num_views, (len(rows),), generator=generator)
        return cls(table, rows, views)

    def batch(self, part: slice) -> ModalityBatch:
        table, device = self.table, self.table.va.device
        rows, views = self.rows[part].to(device), self.views[part].to(device)
        weights = table.weights
        return ModalityBatch(
            table.inputs(rows, views),
            table.va[rows],
            torch.ones(len(rows), device=device) if weights is None else weights[rows],
            {name: column[rows] for name, column in table.extra.items()},
        )


@dataclass(frozen=True, eq=False)
class _Mixing:
    """Partners and proportions of mixup (Zhang et al. 2018)."""

    partner: Tensor
    share: Tensor

    @classmethod
    def draw(cls, num_rows: int, alpha: float, generator: torch.Generator) -> _Mixing:
        partner = torch.randperm(num_rows, generator=generator)
        concentration = torch.full((2, num_rows), alpha)
        # Beta(a, a) as X / (X + Y) with X, Y ~ Gamma(a): the only form that takes a generator.
        draws = torch._standard_gamma(concentration, generator=generator)
        return cls(partner, draws[0] / draws.sum(0).clamp(min=1e-12))

    def mix(self, batch: ModalityBatch) -> ModalityBatch:
        """Mix every row with another one."""
        return ModalityBatch(
            {name: self._mixed(value) for name, value in batch.inputs.items()},
            self._mixed(batch.va),
            self._mixed(batch.weights),
            {name: self._mixed(value) for name, value in batch.extra.items()},
        )

    def _mixed(self, values: Tensor) -> Tensor:
        if not values.is_floating_point():
            return values
        partner, share = self.partner.to(values.device), self.share.to(values)
        weight = share.view(-1, *[1] * (values.ndim - 1))
        return weight * values + (1 - weight) * values[partner]
