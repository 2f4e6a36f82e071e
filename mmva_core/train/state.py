"""The checkpoint of a run: weights, optimiser, epoch and the best figure so far."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from mmva_core.errors import CheckpointError
from mmva_core.store import load_training_state, save_training_state
from mmva_core.train.config import TrainConfig
from mmva_core.train.objective import Objective
from mmva_core.train.validate import Evaluation

LAST_NAME = "last.pt"
BEST_NAME = "best.pt"
FORMAT = "mmva training state 1"


@dataclass
class RunState:
    """Epochs done and the selected epoch of a run."""

    epoch: int = 0
    """Epochs done."""
    best_epoch: int = 0
    """Epoch with the best validation figure, from 1; 0 before the first validation."""
    best_figure: float = math.nan
    """Validation figure of `best_epoch`."""
    figures: dict[str, float] = field(default_factory=dict)
    """All figures of the last validation."""

    def finish_epoch(self, evaluation: Evaluation | None, config: TrainConfig) -> bool:
        """Count an epoch; return whether its validation is the best so far.

        Raises:
            ValueError: `config.select_by` names no figure.
        """
        self.epoch += 1
        if evaluation is None:
            return False
        self.figures = evaluation.flat()
        if config.select_by not in self.figures:
            known = ", ".join(sorted(self.figures))
            raise ValueError(f"select_by must be one of {known}, got {config.select_by!r}")
        figure = self.figures[config.select_by]
        is_better = (
            figure > self.best_figure if config.selects_highest() else (figure < self.best_figure)
        )
        if self.best_epoch == 0 or is_better or math.isnan(self.best_figure):
            self.best_epoch, self.best_figure = self.epoch, figure
            return True
        return False


class Progress:
    """Save and load the checkpoint of a run.

    Args:
        objective: model and extra losses; of the model, the weights of `own_state_dict`.
        optimizer: the optimiser.
        config: settings; a run resumes only under equal ones.
        data_hash: hash of the data; a run resumes only on equal data.
    """

    def __init__(
        self,
        objective: Objective,
        optimizer: torch.optim.Optimizer,
        config: TrainConfig,
        data_hash: str,
    ) -> None:
        self._objective, self._optimizer = objective, optimizer
        self._config, self._data_hash = config, data_hash

    def save(self, path: Path, state: RunState) -> None:
        """Write a checkpoint atomically."""
        model = self._objective.model
        save_training_state(
            path,
            {
                "format": FORMAT,
                "config": model.config.to_dict(),
                "train_config": self._config.to_dict(),
                "data": self._data_hash,
                "state_dict": model.own_state_dict(),
                "extra_losses": self._objective.extra_losses.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "epoch": state.epoch,
                "best_epoch": state.best_epoch,
                "best_figure": state.best_figure,
                "metrics": dict(state.figures),
                "seed": self._config.seed,
            },
        )

    def load(self, path: Path) -> RunState:
        """Read a checkpoint into model, extra losses and optimiser.

        Raises:
            CheckpointError: it is damaged, or of another model, data or settings.
        """
        stored = load_training_state(path)
        self._check(stored, path)
        model = self._objective.model
        model.load_own_state(stored["state_dict"], source=str(path))
        self._objective.extra_losses.load_state_dict(stored["extra_losses"])
        self._optimizer.load_state_dict(stored["optimizer"])
        return RunState(
            stored["epoch"], stored["best_epoch"], stored["best_figure"], stored["metrics"]
        )

    def _check(self, stored: dict[str, Any], path: Path) -> None:
        if stored.get("format") != FORMAT:
            raise CheckpointError(f"{path} is not a training state of this version")
        same = {
            "data": (stored["data"], self._data_hash),
            "model": (stored["config"], self._objective.model.config.to_dict()),
            "training settings": (stored["train_config"], self._config.to_dict()),
        }
        for what, (there, here) in same.items():
            if there != here:
                raise CheckpointError(
                    f"{path} belongs to a run with other {what}{_difference(there, here)}; "
                    "use the same, or start in another folder"
                )


def _difference(there: object, here: object) -> str:
    if not (isinstance(there, dict) and isinstance(here, dict)):
        return ""
    names = sorted(k for k in there.keys() | here.keys() if there.get(k) != here.get(k))
    return f" ({names[0]}: {there.get(names[0])!r} there, {here.get(names[0])!r} here)"
