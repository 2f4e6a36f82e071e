"""Model folders: config.json, model.safetensors and README.md, written whole or not at all.

The layout is that of a model on the Hugging Face hub. Names without a folder are looked up inside
the package first ("mmva-lite"), then on the hub or in its local cache.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mmva_core.config import MODALITIES, ModelConfig
from mmva_core.encoders import TOWER_INFO
from mmva_core.errors import CheckpointError

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
CARD_NAME = "README.md"

EMBEDDED_FOLDER = Path(__file__).parent / "weights"
"""Where the models that come with the package lie, one folder each."""


def embedded_models() -> tuple[str, ...]:
    """Name the models that come with the package."""
    return tuple(sorted(path.parent.name for path in EMBEDDED_FOLDER.glob(f"*/{CONFIG_NAME}")))


def load_folder(name_or_path: str | Path) -> tuple[ModelConfig, dict[str, Tensor]]:
    """Read config and weights of a model.

    Args:
        name_or_path: Name of an embedded model, a local folder, or a hub id.

    Raises:
        CheckpointError: If anything is missing, damaged or of another kind.
    """
    folder = find_folder(name_or_path)
    return read_config(folder), read_tensors(folder / WEIGHTS_NAME)


def find_folder(name_or_path: str | Path) -> Path:
    """Resolve the name of an embedded model, a local folder, or a hub id to a local folder.

    Raises:
        CheckpointError: If it is none of them, or the hub cannot give it.
    """
    folder = Path(name_or_path)
    if folder.is_dir():
        return folder
    if (EMBEDDED_FOLDER / str(name_or_path) / CONFIG_NAME).is_file():
        return EMBEDDED_FOLDER / str(name_or_path)
    name = str(name_or_path)
    if folder.exists() or name.count("/") != 1 or name.startswith((".", "/", "~")):
        known = ", ".join(embedded_models()) or "none"
        raise CheckpointError(
            f"no model {name!r}: not a folder, not a hub id and not an embedded model ({known})"
        )
    return _download(name)


def read_config(folder: Path) -> ModelConfig:
    """Read `config.json` of a model folder.

    Raises:
        CheckpointError: If it is missing, is not JSON, or describes another kind of model.
    """
    path = folder / CONFIG_NAME
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise ValueError("not a JSON object")
        if "image_tower" not in values:
            raise ValueError("it names no towers")
        return ModelConfig.from_dict(values)
    except FileNotFoundError as error:
        raise CheckpointError(f"no model in {folder}: {CONFIG_NAME} is missing") from error
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{path} is not the config of an MMVA model: {error}") from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file as float32 (integers stay as they are).

    Raises:
        CheckpointError: If it is missing, cut short or not safetensors.
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
    """Write a model folder, each file at once.

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


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in its place.

    A reader sees the old file or the new one, never a part of one, whenever the program ends.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def default_card(config: ModelConfig) -> str:
    """Write a short model card: the towers, their licences, and how to load the model."""
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
    """Write tensors and plain values that `load_training_state` reads back."""
    write_whole(path, lambda temporary: torch.save(state, temporary))


def load_training_state(path: Path) -> dict[str, Any]:
    """Read what `save_training_state` wrote; no classes are unpickled.

    Raises:
        CheckpointError: If the file is missing, damaged, or holds anything but tensors and values.
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


def _download(repo_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        folder = snapshot_download(repo_id, allow_patterns=[CONFIG_NAME, WEIGHTS_NAME, CARD_NAME])
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(
            f"no model {repo_id!r}: not an embedded model, not a local folder, and the hub did "
            f"not give it ({reason})"
        ) from error
    return Path(folder)
