"""Train a model: one loop for the paper's model and for the embedded one.

A run has a folder with `last.pt` and `best.pt` (the state after the last and the best epoch),
`log.csv` (a row for each epoch) and at the end `model/`, the selected model as a folder that
`MMVA.from_pretrained` loads. A run that is interrupted at any moment and resumed ends with the same
bits on a CPU, because all random numbers are functions of the seed and the epoch.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from mmva_core.config import MODALITIES
from mmva_core.errors import CheckpointError, DataError
from mmva_core.model import MMVA
from mmva_core.train.batches import epoch_batches, epoch_seed, steps_per_epoch
from mmva_core.train.config import TrainConfig
from mmva_core.train.contrastive import Contrastive
from mmva_core.train.distributed import Processes, join_processes
from mmva_core.train.log import EpochLog
from mmva_core.train.matching import mean_pair_distance
from mmva_core.train.objective import ExtraLoss, Objective
from mmva_core.train.state import BEST_NAME, LAST_NAME, Progress, RunState
from mmva_core.train.step import Stepper
from mmva_core.train.tables import FeatureTable, TrainingData
from mmva_core.train.validate import Constants, Evaluation, evaluate

MODEL_FOLDER = "model"
"""Folder of the finished model inside a run."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainResult:
    """The outcome of a finished run."""

    folder: Path
    """Folder of the selected model, for `MMVA.from_pretrained`."""
    best_epoch: int
    """Selected epoch, from 1."""
    best: Evaluation | None
    """Figures of the selected model on the validation set, None without one."""
    last: Evaluation | None
    """Figures after the last epoch."""


def train_model(
    model: MMVA,
    data: TrainingData,
    config: TrainConfig,
    folder: str | Path,
    *,
    validation: TrainingData | None = None,
    extra_losses: Sequence[ExtraLoss] = (),
    resume: bool = False,
    progress: bool = False,
) -> TrainResult:
    """Train `model` in place and write the selected one to `folder`/model.

    Under torchrun every process calls this with the same arguments; they divide the batch and the
    first one writes.

    Args:
        model: a model on the device to train on; it ends with the selected weights.
        data: training tables; sigma of Eq. 1 and statistics of features come from them alone.
        config: settings.
        folder: folder of the run.
        validation: tables that select the best epoch; without them the last epoch is taken.
        extra_losses: further terms of the objective.
        resume: continue from `last.pt` if it exists.
        progress: show a progress bar on stderr.

    Raises:
        CheckpointError: `last.pt` is damaged, belongs to another model, data or config, or exists
            although `resume` is off.
        DataError: the config asks for pairs that the data lack, or the loss is not finite.
    """
    with join_processes(model.device) as processes:
        run = _Run(model, data, config, Path(folder), validation, extra_losses, processes)
        run.start(resume)
        epochs = range(run.state.epoch, config.epochs)
        hidden = not (progress and processes.is_main)
        for epoch in tqdm(epochs, unit="epoch", disable=hidden, initial=run.state.epoch):
            losses = run.train_epoch(epoch)
            run.finish_epoch(epoch, losses)
        return run.finish()


class _Run:
    """The state of one run; `train_model` is the loop over its methods."""

    def __init__(
        self,
        model: MMVA,
        data: TrainingData,
        config: TrainConfig,
        folder: Path,
        validation: TrainingData | None,
        extra_losses: Sequence[ExtraLoss],
        processes: Processes,
    ) -> None:
        if config.matching == "paired" and data.pairs is None:
            raise DataError("matching 'paired' needs data with a list of pairs; use 'random'")
        if config.contrastive > 0:
            if processes.world_size > 1:
                raise DataError("the contrastive term compares a whole batch: use one process")
            extra_losses = [*extra_losses, Contrastive(config.contrastive)]
        self.config, self.folder, self.processes = config, folder, processes
        self.rows = processes.own_rows(config.batch_size)
        self.data = data.to(model.device)
        self.validation = None if validation is None else validation.to(model.device)
        self.model = model
        sigma = mean_pair_distance(data.image.va, data.music.va)
        model.config = model.config.with_sigma(sigma)
        self.constants = Constants.of(data, sigma)
        self.objective = Objective(model, config.loss_weights(), extra_losses).to(model.device)
        processes.share_dropout(self.objective)
        self.num_steps = steps_per_epoch(data, config)
        self.stepper = Stepper.of(self.objective, config, self.num_steps)
        self.step_module: nn.Module = (
            # Buffers need no exchange: every process computes the same statistics.
            DistributedDataParallel(self.objective, broadcast_buffers=False)
            if processes.world_size > 1
            else self.objective
        )
        self.log = EpochLog(folder / "log.csv")
        self.state = RunState()

    def start(self, resume: bool) -> None:
        """Begin, or continue from the last checkpoint."""
        progress = Progress(
            self.objective, self.stepper.optimizer, self.config, self.data.content_hash()
        )
        self.progress = progress
        last = self.folder / LAST_NAME
        if last.exists() and not resume:
            raise CheckpointError(f"{self.folder} holds a run; resume it or name another folder")
        if last.exists():
            self.state = progress.load(last)
        else:
            self._fit_standardizers()
        if self.processes.is_main:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.log.keep_until(self.state.epoch)
        self.processes.wait()

    def train_epoch(self, epoch: int) -> dict[str, float]:
        """Run every step of an epoch; return the mean of each loss over steps and processes."""
        self.model.train()
        batches = epoch_batches(self.data, self.config, epoch, self.constants.sigma, self.rows)
        with torch.random.fork_rng(enabled=True):
            torch.manual_seed(epoch_seed(self.config.seed, epoch, "dropout"))
            means = self.stepper.train_epoch(epoch, batches, self.step_module)
        return self._shared_means(means)

    def finish_epoch(self, epoch: int, losses: dict[str, float]) -> None:
        """Log the epoch; validate, select and save it when due."""
        done, config = epoch + 1, self.config
        is_last = done == config.epochs
        evaluation = None
        if self.validation is not None and (is_last or done % config.validate_every == 0):
            evaluation = evaluate(self.model, self.validation, self.constants)
        is_best = self.state.finish_epoch(evaluation, config)
        if not self.processes.is_main:
            return
        rate = config.learning_rate_at(done * self.num_steps, config.epochs * self.num_steps)
        self.log.write(done, rate, losses, evaluation)
        if is_best:
            self.progress.save(self.folder / BEST_NAME, self.state)
        if is_last or is_best or done % config.checkpoint_every == 0:
            self.progress.save(self.folder / LAST_NAME, self.state)

    def finish(self) -> TrainResult:
        """Load the selected weights into the model and write it as a folder."""
        self.processes.wait()
        last = None
        if self.validation is not None:
            last = evaluate(self.model, self.validation, self.constants)
        best_path = self.folder / BEST_NAME
        if self.validation is not None and best_path.exists():
            self.progress.load(best_path)
        self.model.eval()
        best = last
        if self.validation is not None:
            best = evaluate(self.model, self.validation, self.constants)
        if self.processes.is_main:
            self.model.save_pretrained(self.folder / MODEL_FOLDER)
        self.processes.wait()
        best_epoch = self.state.best_epoch or self.config.epochs
        return TrainResult(self.folder / MODEL_FOLDER, best_epoch, best, last)

    def _fit_standardizers(self) -> None:
        for modality in MODALITIES:
            tables = [getattr(self.data, modality)]
            if modality == "caption":
                tables.append(self.data.sentences)
            features = [t.clean_features for t in tables if isinstance(t, FeatureTable)]
            if features:
                self.model.fit_standardizers(modality, torch.cat(features))

    def _shared_means(self, own: dict[str, Tensor]) -> dict[str, float]:
        means = self.processes.mean(torch.stack(list(own.values())))
        losses = dict(zip(own, means.tolist(), strict=True))
        if not math.isfinite(losses["loss"]):
            raise DataError(
                f"the loss became {losses['loss']}; lower the learning rate or check the data"
            )
        return losses
