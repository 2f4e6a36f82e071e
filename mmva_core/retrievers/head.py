"""Fit the joint space of a model's embeddings, see `mmva_core.retrieval.joint`.

Letters in shapes: N pairs, D size of an embedding, W size of the joint space.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from mmva_core.config import Modality
from mmva_core.retrieval import JOINT_MODALITIES, JointHead, unit_rows
from mmva_core.retrievers.base import same_captions, train_by_steps
from mmva_core.train import Temperature, contrastive_loss

JOINT_DIM = 128
"""W."""
EPOCHS = 60
"""Passes over the pairs, fixed beforehand."""


def fit_joint_head(
    music: Tensor,
    caption: Tensor,
    captions: Sequence[str],
    *,
    epochs: int = EPOCHS,
    seed: int = 0,
    on_epoch: Callable[[int, float], object] = lambda epoch, loss: None,
) -> JointHead:
    """Fit both maps by InfoNCE.

    Args:
        music: (N, D) embeddings of music, such as windows of clips; of any length.
        caption: (N, D) embeddings of their captions.
        captions: (N,) the captions; rows with one caption are no negatives of each other.
        epochs: passes over the pairs.
        seed: of weights and order.
        on_epoch: called with the number of the epoch, from 1, and its mean loss.
    """
    embeds = {"music": music, "caption": caption}
    sides: dict[Modality, Tensor] = {
        name: torch.from_numpy(unit_rows(embeds[name].cpu().numpy())) for name in JOINT_MODALITIES
    }
    means = {name: side.mean(0) for name, side in sides.items()}
    centred = {name: side - means[name] for name, side in sides.items()}
    is_same = same_captions(captions)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        maps = {
            name: nn.Linear(side.shape[1], JOINT_DIM, bias=False) for name, side in sides.items()
        }
    temperature = Temperature()

    def loss_of(rows: Tensor) -> Tensor:
        places = {
            name: nn.functional.normalize(maps[name](centred[name][rows]), dim=1) for name in maps
        }
        return contrastive_loss(temperature(places["caption"] @ places["music"].T), is_same(rows))

    train_by_steps(
        nn.ModuleList([*maps.values(), temperature]),
        loss_of,
        len(music),
        epochs=epochs,
        seed=seed,
        on_epoch=on_epoch,
    )
    return JointHead(
        {name: mean.numpy() for name, mean in means.items()},
        {name: layer.weight.detach().T.numpy() for name, layer in maps.items()},
    )
