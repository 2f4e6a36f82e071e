"""Train the network that tells speech, music and noise apart, and judge it on unknown groups.

Voices, artists and sources of noise are dealt to `NUM_FOLDS` folds, and soundtracks are mixed from
one fold each. So a network that was trained on some folds knows nothing of the others. Letters in
shapes: B soundtracks, H half seconds, M mel bands, F frames of a half second, K = 3 kinds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name PyTorch users know it by
from tqdm import tqdm

from mmva_core.sounds.mix import Mixer, Sounds
from mmva_core.sounds.network import SoundKindNet
from mmva_core.sounds.recordings import Recordings
from mmva_core.store import write_whole
from mmva_core.towers import LOOK_BACK, SOUND_KINDS, power_spectra, sound_log_mel, to_decibels
from mmva_core.train import area_under_curve

NUM_FOLDS = 3
GAIN_RANGE_DB = (-15.0, 8.0)
"""By which training changes the level of a stretch."""
EQUALISER_POINTS = 5
EQUALISER_DEVIATION_DB = 3.0
LABEL_SMOOTHING = 0.04
_AT_ONCE = 16


@dataclass(frozen=True)
class SoundKindRecipe:
    """How the network is trained; the defaults are those of the weights in the package."""

    strips: int = 120
    """Soundtracks mixed from each fold."""
    epochs: int = 14
    """Passes over them."""
    batch_size: int = 32
    """Stretches of a step."""
    stretch: int = 20
    """Half seconds of a stretch."""
    learning_rate: float = 3e-3
    """Highest learning rate (one cycle)."""
    weight_decay: float = 0.02
    """AdamW's weight decay."""
    seed: int = 0
    """Of everything random."""


@dataclass(frozen=True, repr=False, eq=False)
class StripTable:
    """Soundtracks as the network sees them."""

    spectra: Tensor
    """(B, H, M, F) half precision, dB."""
    labels: Tensor
    """(B, H, K) 1 where the kind is there, 0 where it is not."""
    weights: Tensor
    """(B, H, K) 0 where that cannot be told, else 1."""


@dataclass(frozen=True)
class SoundKindFigure:
    """How well one kind is told on groups that were not trained on."""

    kind: str
    """One of `SOUND_KINDS`."""
    network_auc: float
    """Area under the ROC curve of the network over half seconds."""
    level_auc: float
    """The same of the level alone, whichever direction is better."""
    num_steps: int
    """Half seconds judged."""


def train_sound_kinds(
    recordings: Recordings,
    target: Path,
    recipe: SoundKindRecipe | None = None,
    *,
    progress: bool = False,
) -> Iterator[str]:
    """Judge the recipe fold by fold, train on all folds, write the weights; yield results.

    Args:
        recordings: Speech, music and noise.
        target: File for the weights (safetensors, half precision), replaced whole.
        recipe: How to train.
        progress: Show progress bars on stderr.
    """
    recipe = recipe or SoundKindRecipe()
    folds = [mix_fold(recordings, fold, recipe, progress=progress) for fold in range(NUM_FOLDS)]
    judged = []
    for held_out in range(NUM_FOLDS):
        known = [table for fold, table in enumerate(folds) if fold != held_out]
        judged.append(judge_network(fit_network(known, recipe, progress=progress), folds[held_out]))
    for of_kind in zip(*judged, strict=True):
        of_network, of_level = (
            [getattr(figure, name) for figure in of_kind] for name in ("network_auc", "level_auc")
        )
        yield (
            f"{of_kind[0].kind:<8}AUC on unknown groups {np.mean(of_network):.3f} "
            f"({min(of_network):.3f} to {max(of_network):.3f}), "
            f"level alone {np.mean(of_level):.3f}"
        )
    network = fit_network(folds, recipe, progress=progress)
    write_whole(target, lambda path: save_file(_halved(network.state_dict()), path))
    yield f"weights: {target}"


def mix_fold(
    recordings: Recordings, fold: int, recipe: SoundKindRecipe, *, progress: bool = False
) -> StripTable:
    """Mix soundtracks from the groups of one fold."""
    random = np.random.default_rng([recipe.seed, fold])
    speech, music, noise = (
        _groups_of(sounds, fold)
        for sounds in (recordings.speech, recordings.music, recordings.noise)
    )
    mixer, log_mel = Mixer(speech, music, noise, random), sound_log_mel()
    spectra, labels, weights = [], [], []
    for _ in tqdm(range(recipe.strips), desc=f"mix fold {fold}", disable=not progress):
        strip = mixer.strip()
        samples = np.pad(strip.samples, (LOOK_BACK, 0))
        levels = to_decibels(power_spectra(log_mel, samples))
        spectra.append(torch.from_numpy(levels).half())
        labels.append(torch.from_numpy(strip.labels))
        weights.append(torch.from_numpy(strip.weights))
    return StripTable(torch.stack(spectra), torch.stack(labels), torch.stack(weights))


def fit_network(
    tables: Sequence[StripTable], recipe: SoundKindRecipe, *, progress: bool = False
) -> SoundKindNet:
    """Train a network from scratch on soundtracks; it comes back in evaluation mode."""
    spectra = torch.cat([table.spectra for table in tables])
    labels = torch.cat([table.labels for table in tables])
    weights = torch.cat([table.weights for table in tables])
    num_strips, num_steps = labels.shape[:2]
    updates = recipe.epochs * max(
        1, num_strips * (num_steps // recipe.stretch) // recipe.batch_size
    )
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(recipe.seed)
        network = SoundKindNet().train()
        optimizer = torch.optim.AdamW(
            network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, recipe.learning_rate, total_steps=updates, pct_start=0.15
        )
        for _ in tqdm(range(updates), desc="train", disable=not progress):
            strip = torch.randint(num_strips, (recipe.batch_size, 1))
            start = torch.randint(num_steps - recipe.stretch + 1, (recipe.batch_size, 1))
            step = start + torch.arange(recipe.stretch)
            odds = _judge(network, _altered(spectra[strip, step].float()))
            target = labels[strip, step] * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / 2
            error = F.binary_cross_entropy_with_logits(odds, target, reduction="none")
            share = weights[strip, step]
            loss = (error * share).sum() / share.sum()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return network.eval().requires_grad_(False)


def judge_network(network: SoundKindNet, table: StripTable) -> list[SoundKindFigure]:
    """Compare the network, and the level alone, with the labels of soundtracks."""
    odds = torch.cat(
        [_judge(network, part.float()) for part in torch.split(table.spectra, _AT_ONCE)]
    )
    level = 10 * torch.log10((10 ** (table.spectra.float() / 10)).sum(2).mean(2))
    figures = []
    for column, kind in enumerate(SOUND_KINDS):
        is_told = table.weights[..., column] > 0
        label = table.labels[..., column][is_told].double().numpy()
        network_auc, level_auc = (
            area_under_curve(label, score[is_told].double().numpy())
            for score in (odds[..., column], level)
        )
        figures.append(
            SoundKindFigure(kind, network_auc, max(level_auc, 1 - level_auc), int(is_told.sum()))
        )
    return figures


def deal_groups(sounds: Sounds) -> dict[str, int]:
    """Deal voices, artists or sources to folds of about equal length, the longest first.

    >>> half_second = np.zeros(8000, np.int16)
    >>> deal_groups({"a": [half_second] * 3, "b": [half_second], "c": [half_second]})
    {'a': 0, 'b': 1, 'c': 2}
    """
    lengths = {name: sum(map(len, group)) for name, group in sounds.items()}
    load = np.zeros(NUM_FOLDS)
    folds = {}
    for name in sorted(lengths, key=lambda name: (-lengths[name], name)):
        folds[name] = int(load.argmin())
        load[folds[name]] += lengths[name]
    return folds


def _halved(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: w.half() if w.is_floating_point() else w for name, w in weights.items()}


def _groups_of(sounds: Sounds, fold: int) -> dict[str, Sequence[NDArray[np.int16]]]:
    folds = deal_groups(sounds)
    return {name: group for name, group in sounds.items() if folds[name] == fold}


def _judge(network: SoundKindNet, spectra: Tensor) -> Tensor:
    """Return log odds (B, H, K) from spectra (B, H, M, F)."""
    descriptions = network.describe(spectra.flatten(0, 1))
    return network.judge(descriptions.reshape(*spectra.shape[:2], -1))


def _altered(spectra: Tensor) -> Tensor:
    """Change gain and equalisation of stretches (B, H, M, F), each in its own way."""
    num_stretches, _, num_mels, _ = spectra.shape
    gain = torch.empty(num_stretches, 1, 1, 1).uniform_(*GAIN_RANGE_DB)
    points = torch.randn(num_stretches, 1, EQUALISER_POINTS) * EQUALISER_DEVIATION_DB
    curve = F.interpolate(points, num_mels, mode="linear", align_corners=True)
    return spectra + gain + curve[..., None]
