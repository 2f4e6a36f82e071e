"""Train the music tower from scratch.

Three parts are trained in turn, deterministically for a seed on one machine:

1. the body, by gradient descent: valence and arousal of 4QAED and Emotify (z-scores within each
   set) and 50 tags of a larger network, with mixup, dropout and augmented versions of each window;
2. the keyboard expert, a ridge regression on VGMIDI: the mean of the piece is subtracted from
   statistics and labels, so that only changes within a piece count;
3. the gate, a logistic regression that separates VGMIDI's sound from the recordings.

Without VGMIDI the gate stays shut and the keyboard expert contributes nothing. Letters as in
`mmva_core.lite.music_windows`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name PyTorch users know it by

from mmva_core.lite.music_windows import ClipWindows, PieceWindows
from mmva_core.ridge import fit_ridge
from mmva_core.towers import LiteMusicConfig, LiteMusicTower

SHUT_GATE = -20.0
"""Bias of a gate that never opens, a logit."""
GATE_MARGIN = 1.0
"""Subtracted from the fitted bias of the gate, so that it opens only for certain keyboard music."""
SMALLEST_SCALE = 1e-4
"""Added to the deviation of every statistic, so that constant ones divide by something."""


@dataclass(frozen=True)
class MusicRecipe:
    """Settings for training the music tower; the defaults are those of `mmva-lite`."""

    epochs: int = 15
    """Passes over the windows of 4QAED and Emotify."""
    batch_size: int = 256
    """Windows per step."""
    learning_rate: float = 2e-3
    """Peak of the one-cycle learning rate."""
    weight_decay: float = 0.02
    """AdamW's weight decay."""
    tag_weight: float = 1.0
    """Weight of the tags' squared error relative to that of valence and arousal."""
    mixup: float = 0.3
    """Alpha of mixup's Beta distribution."""
    keyboard_ridge: float = 0.3
    """Ridge penalty of the keyboard expert, on z-scores within a piece."""
    keyboard_gain: float = 1.0
    """Factor on the keyboard expert's coefficients, which the penalty shrinks."""
    gate_steps: int = 40
    """Steps of the gate's logistic regression (L-BFGS)."""
    gate_ridge: float = 0.0003
    """Ridge penalty of the gate."""
    seed: int = 0
    """Seed of all random numbers."""


def train_music_tower(
    clips: ClipWindows,
    pieces: PieceWindows | None,
    recipe: MusicRecipe | None = None,
    config: LiteMusicConfig | None = None,
) -> LiteMusicTower:
    """Train a music tower from scratch.

    Args:
        clips: windows of recordings.
        pieces: windows of keyboard pieces; None trains no keyboard expert.
        recipe: settings.
        config: sizes of the tower.

    Returns:
        The tower, in evaluation mode.
    """
    recipe = recipe or MusicRecipe()
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(recipe.seed)
        tower = LiteMusicTower(config)
        _fit_standardisation(tower, clips)
        _train_body(tower, clips, recipe)
    _shut_gate(tower)
    if pieces is not None:
        fit_keyboard_expert(tower, pieces, recipe)
        _fit_gate(tower, clips, pieces, recipe)
    return tower.eval().requires_grad_(False)


def centre_by_piece(values: Tensor, pieces: Tensor) -> Tensor:
    """Subtract the mean of its piece from every row.

    Args:
        values: (N, D).
        pieces: (N,) number of the piece of each row.

    >>> centre_by_piece(torch.tensor([[1.0], [3.0], [5.0]]), torch.tensor([0, 0, 1])).tolist()
    [[-1.0], [1.0], [0.0]]
    """
    sums = values.new_zeros(int(pieces.max()) + 1, values.shape[1]).index_add(0, pieces, values)
    counts = torch.bincount(pieces).clamp(min=1)[:, None]
    return values - (sums / counts)[pieces]


def fit_keyboard_expert(tower: LiteMusicTower, pieces: PieceWindows, recipe: MusicRecipe) -> None:
    """Fit the keyboard expert, a ridge regression of changes within pieces.

    Each bar counts once for each delay of the raters' sliders: its label is paired with the windows
    3, 4 and 5 s earlier. The bias makes the mean prediction over the pieces zero.
    """
    num_delays = pieces.delayed.shape[1]
    raw = pieces.delayed.transpose(0, 1).flatten(0, 1)
    number = pieces.pieces.repeat(num_delays)
    scale = centre_by_piece(pieces.delayed[:, 0], pieces.pieces).std(0)
    tower.keyboard_mean.copy_(pieces.delayed[:, 0].mean(0))
    tower.keyboard_scale.copy_(scale + SMALLEST_SCALE)
    z_scores = tower.standardize_keyboard(raw).double()
    labels = centre_by_piece(pieces.labels.double(), pieces.pieces)
    labels = (labels / labels.std(0)).repeat(num_delays, 1)
    changes = centre_by_piece(z_scores, number)
    weight = fit_ridge(changes, labels, recipe.keyboard_ridge).T * recipe.keyboard_gain
    with torch.no_grad():
        tower.keyboard_va.weight.copy_(weight)
        tower.keyboard_va.bias.copy_(-(weight @ z_scores.mean(0)))


def _fit_standardisation(tower: LiteMusicTower, clips: ClipWindows) -> None:
    plain = clips.statistics[:, 0]
    tower.statistics_mean.copy_(plain.mean(0))
    tower.statistics_scale.copy_(plain.std(0) + SMALLEST_SCALE)


def _train_body(tower: LiteMusicTower, clips: ClipWindows, recipe: MusicRecipe) -> None:
    tags = (clips.tags - clips.tags.mean(0)) / (clips.tags.std(0) + SMALLEST_SCALE)
    targets = torch.cat([clips.z_scores, tags], 1)
    inputs = tower.standardize(clips.statistics)
    tag_head = nn.Linear(tower.config.hidden_dim, tags.shape[1])
    modules = nn.ModuleList([tower.body, tower.general_va, tag_head]).train()
    optimizer = torch.optim.AdamW(
        modules.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    steps = recipe.epochs * -(-len(inputs) // recipe.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=steps, pct_start=0.1
    )
    for rows in _batches(len(inputs), recipe):
        version = torch.randint(inputs.shape[1], (len(rows),))
        mixed, target, weight = _mix(
            inputs[rows, version], targets[rows], clips.weights[rows], alpha=recipe.mixup
        )
        hidden = tower.body(mixed)
        va_error = (tower.general_va(hidden) - target[:, :2]).square().mean(1)
        tag_error = F.mse_loss(tag_head(hidden), target[:, 2:])
        loss = (weight * va_error).mean() + recipe.tag_weight * tag_error
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def _batches(num_windows: int, recipe: MusicRecipe) -> Iterator[Tensor]:
    for _ in range(recipe.epochs):
        yield from torch.split(torch.randperm(num_windows), recipe.batch_size)


def _mix(
    inputs: Tensor, targets: Tensor, weights: Tensor, *, alpha: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Mix every window with another one of the batch (mixup, Zhang et al. 2018)."""
    if alpha == 0:
        return inputs, targets, weights
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    share = max(share, 1 - share)
    other = torch.randperm(len(inputs))
    return (
        torch.lerp(inputs[other], inputs, share),
        torch.lerp(targets[other], targets, share),
        torch.lerp(weights[other], weights, share),
    )


def _shut_gate(tower: LiteMusicTower) -> None:
    with torch.no_grad():
        for linear in (tower.gate, tower.keyboard_va):
            linear.weight.zero_()
            linear.bias.zero_()
        tower.gate.bias.fill_(SHUT_GATE)


def _fit_gate(
    tower: LiteMusicTower, clips: ClipWindows, pieces: PieceWindows, recipe: MusicRecipe
) -> None:
    keyboard = tower.standardize(torch.cat([pieces.centred, pieces.delayed[:, 0]]))
    recordings = tower.standardize(clips.statistics.flatten(0, 1)[::3])
    inputs = torch.cat([keyboard, recordings])
    is_keyboard = torch.cat([torch.ones(len(keyboard), 1), torch.zeros(len(recordings), 1)])
    # Keyboard and recordings have equal weight, independent of their numbers of windows.
    weight = torch.where(is_keyboard > 0, 0.5 / len(keyboard), 0.5 / len(recordings))
    with torch.no_grad():
        tower.gate.bias.zero_()
    optimizer = torch.optim.LBFGS(
        tower.gate.parameters(), max_iter=recipe.gate_steps, line_search_fn="strong_wolfe"
    )

    def loss() -> float:
        optimizer.zero_grad()
        error = F.binary_cross_entropy_with_logits(
            tower.gate(inputs), is_keyboard, weight, reduction="sum"
        )
        total = error + recipe.gate_ridge * tower.gate.weight.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return float(total.detach())

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        tower.gate.bias.sub_(GATE_MARGIN)
