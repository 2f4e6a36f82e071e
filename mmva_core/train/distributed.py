"""Divide a batch among the processes that torchrun started; one process is the plain case.

Every process holds all tables, draws the same global batch from the same seed, and computes its own
rows of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from mmva_core.heads import BatchRandom


@dataclass(frozen=True)
class Processes:
    """This process among its peers."""

    rank: int = 0
    """Number of this process, from 0."""
    world_size: int = 1
    """Number of processes."""

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and logs."""
        return self.rank == 0

    def own_rows(self, num_rows: int) -> slice:
        """Return the rows of a global batch that this process computes.

        Raises:
            ValueError: the batch cannot be divided evenly.

        >>> Processes(rank=1, world_size=2).own_rows(8)
        slice(4, 8, None)
        """
        if num_rows % self.world_size:
            raise ValueError(
                f"a batch of {num_rows} cannot be divided among {self.world_size} processes"
            )
        share = num_rows // self.world_size
        return slice(self.rank * share, (self.rank + 1) * share)

    def mean(self, values: Tensor) -> Tensor:
        """Average a tensor over all processes."""
        if self.world_size == 1:
            return values
        total = values.clone()
        distributed.all_reduce(total)
        return total / self.world_size

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.world_size > 1:
            distributed.barrier()

    def share_dropout(self, module: nn.Module) -> None:
        """Let every dropout layer draw the mask of the global batch and keep its own rows."""
        for layer in module.modules():
            if isinstance(layer, BatchRandom):
                layer.rank, layer.world_size = self.rank, self.world_size


@contextmanager
def join_processes(device: torch.device) -> Iterator[Processes]:
    """Join the processes that torchrun started, and leave them at the end.

    Without torchrun (WORLD_SIZE is not set, or 1) there is one process and nothing is started.

    Args:
        device: "cuda" communicates through NCCL, any other device through Gloo.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Processes()
        return
    if distributed.is_initialized():
        yield Processes(distributed.get_rank(), distributed.get_world_size())
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()
