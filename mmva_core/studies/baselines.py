"""The four baselines of the paper's Table 1, trained by MMVA's training steps.

What comes from their papers, and what is our reading:

- **L3-Net** (Arandjelović and Zisserman, ICCV 2017, "Look, Listen and Learn"): a picture and a
  sound embedding side by side, two fully connected layers, trained on correspondence alone. The
  original is a binary task; here the target is the matching score. Two linear layers read valence
  and arousal from the embeddings, which get no gradient from them.
- **SP-Net**: L3-Net's layout with the affective correspondence task on a spectrogram
  ("Spectrogram-ACP" of Verma et al.): projections of both sides, then one hidden layer. Our
  reading of the name; no paper describes a network called SP-Net in more detail.
- **ACP-Net** (Verma, Dhekane, Guha, ICASSP 2019): both sides are projected into a common space by
  two layers each, their absolute difference and product are classified; emotion is read from the
  common space (here by linear layers that do train it).
- **CDCML** (Zhao et al., ACM MM 2020): a common space in which distances follow the matching
  scores. The loss asks the ratio of embedding distances of two pairs to be the ratio of their label
  distances, across the modalities and inside each; valence and arousal are regressed jointly and
  the similarity is Eq. 1 of the regressed values (their task layer; our reading of its form).

All of them use the same frozen features as MMVA and no captions, so that the comparison concerns
the objective and not the towers; the originals train convolutional networks of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast, get_args

import torch
from torch import Tensor, nn

from mmva_core.train import (
    PAIR_SEED,
    Batch,
    Constants,
    Evaluation,
    FeatureTable,
    Stepper,
    Table,
    TrainConfig,
    TrainingData,
    epoch_batches,
    epoch_seed,
    fixed_pairs,
    matching_score,
    mean_pair_distance,
    regression_metrics,
    similarity_loss,
    steps_per_epoch,
    va_loss,
    va_metrics,
)

BaselineName = Literal["sp-net", "l3-net", "acp-net", "cdcml"]
"""A baseline of Table 1."""
BASELINES: tuple[BaselineName, ...] = get_args(BaselineName)
SMALLEST_DISTANCE = 1e-3
"""Added to distances, so that their logarithms stay finite."""


@dataclass(frozen=True)
class BaselineOutput:
    """Predictions of a baseline for B pairs."""

    image_va: Tensor
    """(B, 2) valence and arousal of the pictures."""
    music_va: Tensor
    """(B, 2) valence and arousal of the clips."""
    similarity: Tensor
    """(B,) matching score."""
    image_embeds: Tensor
    """(B, D) pictures in the common space."""
    music_embeds: Tensor
    """(B, D) clips in the common space."""


class Baseline(nn.Module):
    """One of the four models, on frozen features.

    Args:
        name: name of the baseline.
        image_dim: size of a picture's features, hidden states averaged.
        music_dim: size of a clip's features.
        width: size of embeddings and hidden layers.
        sigma: scale of Eq. 1.
    """

    def __init__(
        self, name: BaselineName, image_dim: int, music_dim: int, *, width: int, sigma: float
    ) -> None:
        super().__init__()
        self.name, self.sigma = name, sigma
        depth = 1 if name in ("sp-net", "l3-net") else 2
        self.image_projection = _layers(image_dim, width, depth)
        self.music_projection = _layers(music_dim, width, depth)
        self.image_va = nn.Sequential(nn.Linear(width, 2), nn.Sigmoid())
        self.music_va = nn.Sequential(nn.Linear(width, 2), nn.Sigmoid())
        # SP-Net's fusion has one layer less than L3-Net's; CDCML has none.
        hidden = _layers(2 * width, width, 1 if name == "sp-net" else 2)
        self.fusion = nn.Sequential(hidden, nn.Linear(width, 1), nn.Sigmoid())

    def forward(self, image_features: Tensor, music_features: Tensor) -> BaselineOutput:
        """Predict B pairs from features (B, D), or hidden states (B, L, D), of either side."""
        image = self.image_projection(_mean_of_states(image_features))
        music = self.music_projection(_mean_of_states(music_features))
        # Only ACP-Net and CDCML train the common space on valence and arousal.
        learns_emotion = self.name in ("acp-net", "cdcml")
        image_va = self.image_va(image if learns_emotion else image.detach())
        music_va = self.music_va(music if learns_emotion else music.detach())
        return BaselineOutput(
            image_va, music_va, self._similarity(image, music, image_va, music_va), image, music
        )

    def loss_of_batch(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the objective of a batch, a scalar, without separate parts."""
        output = self(batch.image.inputs["features"], batch.music.inputs["features"])
        return self.loss(output, batch), {}

    def loss(self, output: BaselineOutput, batch: Batch) -> Tensor:
        """Return the objective of a batch, a scalar."""
        labels = va_loss(output.image_va, batch.image.va, batch.image.weights)
        labels = labels + va_loss(output.music_va, batch.music.va, batch.music.weights)
        if self.name == "cdcml":
            return labels + metric_loss(output, batch.image.va, batch.music.va)
        return labels + similarity_loss(output.similarity, batch.matching_score)

    @torch.inference_mode()
    def predict_va(self, side: Literal["image", "music"], data: TrainingData) -> Tensor:
        """Predict valence and arousal (N, 2) of every picture, or of every clip."""
        features = _features(data.image if side == "image" else data.music)
        if side == "image":
            return cast(Tensor, self.image_va(self.image_projection(_mean_of_states(features))))
        return cast(Tensor, self.music_va(self.music_projection(_mean_of_states(features))))

    @torch.inference_mode()
    def predict_similarity(self, data: TrainingData, pairs: Tensor) -> Tensor:
        """Predict the matching scores (P,) of pairs (P, 2) of a picture and a clip."""
        output: BaselineOutput = self(
            _features(data.image)[pairs[:, 0]], _features(data.music)[pairs[:, 1]]
        )
        return output.similarity

    def _similarity(
        self, image: Tensor, music: Tensor, image_va: Tensor, music_va: Tensor
    ) -> Tensor:
        if self.name == "cdcml":
            return matching_score(image_va, music_va, self.sigma)
        joined = (
            torch.cat([(image - music).abs(), image * music], dim=1)
            if self.name == "acp-net"
            else torch.cat([image, music], dim=1)
        )
        similarity: Tensor = self.fusion(joined)
        return similarity.squeeze(1)


def metric_loss(output: BaselineOutput, image_va: Tensor, music_va: Tensor) -> Tensor:
    """Return CDCML's continuous metric loss: ratios of distances follow those of the labels.

    For an anchor and two others, (log of the ratio of embedding distances - log of the ratio of
    label distances) squared (the log-ratio loss of Kim et al., CVPR 2019, which CDCML extends to
    two modalities), averaged over anchors: image to music, image to image, music to music.

    Args:
        output: embeddings of B pairs.
        image_va: (B, 2) labels of the pictures.
        music_va: (B, 2) labels of the clips.

    Returns:
        A scalar.
    """
    sides = (
        (output.image_embeds, output.music_embeds, image_va, music_va),
        (output.image_embeds, output.image_embeds, image_va, image_va),
        (output.music_embeds, output.music_embeds, music_va, music_va),
    )
    return torch.stack([_log_ratio(*side) for side in sides]).mean()


def train_baseline(
    name: BaselineName,
    data: TrainingData,
    config: TrainConfig,
    *,
    width: int = 512,
    on_epoch: Callable[[int, float], None] | None = None,
) -> Baseline:
    """Train a baseline with MMVA's optimiser, schedule and batches.

    Args:
        name: name of the baseline.
        data: feature tables of pictures and clips.
        config: epochs, batch size, rate, matching and seed.
        width: size of embeddings and hidden layers.
        on_epoch: called with the number of the epoch and its mean loss.

    Raises:
        TypeError: the tables do not hold features.
    """
    image, music = data.image, data.music
    if not (isinstance(image, FeatureTable) and isinstance(music, FeatureTable)):
        raise TypeError("baselines are trained on feature tables")
    sigma = mean_pair_distance(image.va, music.va)
    dims = image.clean_features.shape[-1], music.clean_features.shape[-1]
    with torch.random.fork_rng():
        torch.manual_seed(epoch_seed(config.seed, 0, name))
        model = Baseline(name, *dims, width=width, sigma=sigma).to(image.va.device)
    stepper = Stepper.of(model, config, steps_per_epoch(data, config))
    rows = slice(0, config.batch_size)
    for epoch in range(config.epochs):
        batches = epoch_batches(data, config, epoch, sigma, rows)
        means = stepper.train_epoch(epoch, batches, model.loss_of_batch)
        if on_epoch is not None:
            on_epoch(epoch + 1, float(means["loss"]))
    return model.eval()


def evaluate_baseline(model: Baseline, data: TrainingData, constants: Constants) -> Evaluation:
    """Measure a baseline on the pairs of MMVA's evaluation; captions have no figures."""
    pairs = data.pairs
    if pairs is None:
        pairs = fixed_pairs(len(data.image), len(data.music), seed=PAIR_SEED)
    pairs = pairs.to(data.image.va.device)
    labels = data.image.va[pairs[:, 0]], data.music.va[pairs[:, 1]]
    return Evaluation(
        {
            "image": va_metrics(
                model.predict_va("image", data), data.image.va, constants.va["image"]
            ),
            "music": va_metrics(
                model.predict_va("music", data), data.music.va, constants.va["music"]
            ),
        },
        regression_metrics(
            model.predict_similarity(data, pairs),
            matching_score(*labels, constants.sigma),
            constants.similarity,
        ),
    )


def _features(table: Table) -> Tensor:
    """Return the first view of every sample, (N, D) or hidden states (N, L, D)."""
    assert isinstance(table, FeatureTable), "checked when the model was trained"
    return table.clean_features.float()


def _layers(input_dim: int, width: int, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for index in range(depth):
        layers += [nn.Linear(input_dim if index == 0 else width, width), nn.ReLU()]
    return nn.Sequential(*layers)


def _mean_of_states(features: Tensor) -> Tensor:
    return features.mean(1) if features.ndim == 3 else features


def _log_ratio(anchors: Tensor, others: Tensor, anchor_va: Tensor, other_va: Tensor) -> Tensor:
    """Compare every anchor's distances to consecutive others, (B, B) of them on each side."""
    embedding = _log_distances(anchors, others)
    labels = _log_distances(anchor_va, other_va)
    ratios = [log[:, 1:] - log[:, :-1] for log in (embedding, labels)]
    squares = (ratios[0] - ratios[1]).square()
    if anchors is not others:
        return squares.mean()
    # Within a modality an anchor is one of the others, at distance zero: leave these out.
    is_self = torch.eye(len(anchors), dtype=torch.bool, device=anchors.device)
    return squares[~(is_self[:, 1:] | is_self[:, :-1])].mean()


def _log_distances(first: Tensor, second: Tensor) -> Tensor:
    # The floor is inside the root, whose gradient at zero would be infinite.
    squares = (first[:, None] - second[None]).square().sum(2)
    return (squares + SMALLEST_DISTANCE**2).sqrt().log()
