"""One epoch of gradient descent, the same for MMVA and for the baselines it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmva_core.train.batches import Batch
from mmva_core.train.config import TrainConfig

Loss = Callable[[Batch], tuple[Tensor, Mapping[str, Tensor]]]
"""Computes the loss of a batch (a scalar) and its parts by name."""


@dataclass(frozen=True, eq=False)
class Stepper:
    """AdamW with the schedule, gradient clipping and precision of a `TrainConfig`."""

    module: nn.Module
    """Holds the parameters to train."""
    config: TrainConfig
    """Settings."""
    steps_per_epoch: int
    """Batches of an epoch."""
    optimizer: torch.optim.Optimizer
    """AdamW over the parameters that require a gradient."""

    @classmethod
    def of(cls, module: nn.Module, config: TrainConfig, steps_per_epoch: int) -> Stepper:
        """Make the optimiser of a module."""
        optimizer = torch.optim.AdamW(
            [parameter for parameter in module.parameters() if parameter.requires_grad],
            lr=config.learning_rate,
            betas=config.betas,
            weight_decay=config.weight_decay,
            fused=True,  # one pass over each weight: several times faster, also on a CPU
        )
        return cls(module, config, steps_per_epoch, optimizer)

    def train_epoch(self, epoch: int, batches: Iterable[Batch], loss_of: Loss) -> dict[str, Tensor]:
        """Take one step for each batch.

        Args:
            epoch: number of the epoch, from 0; it decides the learning rate.
            batches: `steps_per_epoch` batches.
            loss_of: computes the loss of a batch.

        Returns:
            Means over the steps of "loss" and of its parts, scalars on the module's device.
        """
        sums: dict[str, Tensor] = {}
        for number, batch in enumerate(batches):
            with torch.autocast(
                batch.matching_score.device.type,
                torch.bfloat16,
                enabled=self.config.precision == "bf16",
            ):
                loss, parts = loss_of(batch)
            self.optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward([loss])
            if self.config.gradient_clip is not None:
                nn.utils.clip_grad_norm_(self.module.parameters(), self.config.gradient_clip)
            self._set_learning_rate(epoch * self.steps_per_epoch + number)
            self.optimizer.step()
            for name, value in {"loss": loss, **parts}.items():
                total = sums.get(name, torch.zeros((), device=loss.device))
                sums[name] = total + value.detach()
        return {name: total / self.steps_per_epoch for name, total in sums.items()}

    def _set_learning_rate(self, step: int) -> None:
        num_steps = self.config.epochs * self.steps_per_epoch
        rate = self.config.learning_rate_at(step, num_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
