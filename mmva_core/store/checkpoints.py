"""Read and write model folders and the states of training runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mmva_core.config import MODALITIES, ModelConfig
from mmva_core.errors import CheckpointError
from mmva_core.store.files import write_whole
from mmva_core.store.folders import CARD_NAME, CONFIG_NAME, WEIGHTS_NAME
from mmva_core.towers import TOWER_INFO


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file as float32 (integers stay as they are).

    Raises:
        CheckpointError: the file is missing, truncated or not safetensors.
    """
    if not path.is_file():
        raise CheckpointError(f"no weights at {path}: the file is missing")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"cannot read the weights {path}: {error}") from error
    return {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}


def save_folder(
    folder: Path, config: ModelConfig, state: Mapping[str, Tensor], card: str | None = None
) -> Path:
    """Write a model folder, each file atomically.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    write_whole(
        folder / WEIGHTS_NAME, lambda path: save_file(tensors, path, metadata={"format": "pt"})
    )
    text = json.dumps(config.to_dict(), indent=2, sort_keys=True) + "\n"
    write_whole(folder / CONFIG_NAME, lambda path: path.write_text(text, encoding="utf-8"))
    readme = card if card is not None else default_card(config)
    write_whole(folder / CARD_NAME, lambda path: path.write_text(readme, encoding="utf-8"))
    return folder


def default_card(config: ModelConfig) -> str:
    """Write a short model card: towers, licences, and how to load the model."""
    rows = []
    for modality in MODALITIES:
        info = TOWER_INFO[config.tower_name(modality)]
        source = config.tower_weights(modality) or info.weights
        rows.append(f"| {modality} | {config.tower_name(modality)} | {source} | {info.licence} |")
    return "\n".join(
        [
            "---",
            "library_name: mmva_core",
            "tags: [valence, arousal, multimodal-matching]",
            "---",
            "# MMVA model",
            "",
            "Images, music and captions on one valence/arousal plane, values in [0, 1].",
            "",
            "| modality | tower | weights | licence of the weights |",
            "|---|---|---|---|",
            *rows,
            "",
            'Load it with `mmva_core.MMVA.from_pretrained("this folder")`.',
            "",
        ]
    )


def save_training_state(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values for `load_training_state`."""
    write_whole(path, lambda temporary: torch.save(state, temporary))


def load_training_state(path: Path) -> dict[str, Any]:
    """Read a file of `save_training_state`; no classes are unpickled.

    Raises:
        CheckpointError: the file is missing, damaged, or holds other objects than tensors and
            values.
    """
    if not path.is_file():
        raise CheckpointError(f"nothing to resume: {path} is missing")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for damaged files
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"cannot read the training state {path}: {reason}") from error
    if not isinstance(state, dict):
        raise CheckpointError(f"{path} is not a training state")
    return state
