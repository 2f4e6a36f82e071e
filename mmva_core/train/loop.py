"""Train a model: one loop for the paper's model and for the embedded one.

A run lives in a folder: `last.pt` and `best.pt` (everything needed to go on, or to look back),
`log.csv` (a row for each epoch), and at the end `model/`, the best model as a folder that
`MMVA.from_pretrained` loads. A run that was cut off at any moment and is resumed ends with the same
bits on a CPU, because everything random is a function of the seed and the epoch.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from mmva_core.config import MODALITIES
from mmva_core.errors import CheckpointError, DataError
from mmva_core.model import MMVA
from mmva_core.train.batches import epoch_batches, epoch_seed, steps_per_epoch
from mmva_core.train.config import TrainConfig
from mmva_core.train.distributed import Processes, join_processes
from mmva_core.train.log import EpochLog
from mmva_core.train.matching import mean_pair_distance
from mmva_core.train.objective import ExtraLoss, Objective
from mmva_core.train.state import BEST_NAME, LAST_NAME, Progress, RunState
from mmva_core.train.tables import FeatureTable, TrainingData
from mmva_core.train.validate import Constants, Evaluation, evaluate

MODEL_FOLDER = "model"
"""Folder of the finished model inside a run."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainResult:
    """What a finished run leaves."""

    folder: Path
    """The model that was selected, as `MMVA.from_pretrained` loads it."""
    best_epoch: int
    """Epoch that was selected, from 1."""
    best: Evaluation | None
    """Figures of the returned model on the validation set, None without one."""
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
    """Train `model` in place and leave the selected one in `folder`/model.

    Under torchrun every process calls this with the same arguments; the batch is divided among
    them and the first one writes.

    Args:
        model: a model on the device to train on; it ends with the selected weights.
        data: training tables; sigma of Eq. 1 and statistics of features come from them alone.
        config: settings.
        folder: where the run lives.
        validation: tables that select the best epoch; without them the last epoch is taken.
        extra_losses: further terms of the objective.
        resume: go on from `last.pt` if there is one.
        progress: show a progress bar on stderr.

    Raises:
        CheckpointError: `last.pt` is damaged, or belongs to another model, data or config; or
            if there is one and `resume` is off.
        DataError: the data cannot be trained on as the config says.
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
    """The moving parts of one run, so that the loop reads like its sentence."""

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
        trained = [p for p in self.objective.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            trained,
            lr=config.learning_rate,
            betas=config.betas,
            weight_decay=config.weight_decay,
            fused=True,  # one pass over each weight: several times faster, also on a CPU
        )
        self.step_module: nn.Module = (
            # Buffers are statistics that every process has computed alike.
            DistributedDataParallel(self.objective, broadcast_buffers=False)
            if processes.world_size > 1
            else self.objective
        )
        self.num_steps = steps_per_epoch(data, config)
        self.log = EpochLog(folder / "log.csv")
        self.state = RunState()

    def start(self, resume: bool) -> None:
        """Begin, or go on where the last checkpoint was written."""
        progress = Progress(self.objective, self.optimizer, self.config, self.data.content_hash())
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
        """Run every step of an epoch and give the mean of each loss."""
        self.model.train()
        sums: dict[str, torch.Tensor] = {}
        device_type = self.model.device.type
        sigma = self.constants.sigma
        batches = epoch_batches(self.data, self.config, epoch, sigma, self.rows)
        with torch.random.fork_rng(enabled=True):
            torch.manual_seed(epoch_seed(self.config.seed, epoch, "dropout"))
            for number, batch in enumerate(batches):
                step = epoch * self.num_steps + number
                with torch.autocast(
                    device_type, torch.bfloat16, enabled=self.config.precision == "bf16"
                ):
                    loss, parts = self.step_module(batch)
                self.optimizer.zero_grad(set_to_none=True)
                loss.backward()
                self._clip()
                self._set_learning_rate(step)
                self.optimizer.step()
                for name, value in {"loss": loss, **parts}.items():
                    sums[name] = (
                        sums.get(name, torch.zeros((), device=loss.device)) + value.detach()
                    )
        return self._epoch_means(sums)

    def finish_epoch(self, epoch: int, losses: dict[str, float]) -> None:
        """Log the epoch; validate, select and keep it where it is due."""
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
        """Put the selected weights into the model and write it as a folder."""
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

    def _clip(self) -> None:
        if self.config.gradient_clip is not None:
            nn.utils.clip_grad_norm_(self.objective.parameters(), self.config.gradient_clip)

    def _set_learning_rate(self, step: int) -> None:
        rate = self.config.learning_rate_at(step, self.config.epochs * self.num_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _epoch_means(self, sums: dict[str, torch.Tensor]) -> dict[str, float]:
        means = self.processes.mean(torch.stack(list(sums.values())) / self.num_steps)
        losses = dict(zip(sums, means.tolist(), strict=True))
        if not math.isfinite(losses["loss"]):
            raise DataError(
                f"the loss became {losses['loss']}; lower the learning rate or check the data"
            )
        return losses
