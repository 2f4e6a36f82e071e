"""Find model folders: config.json, model.safetensors and README.md, as on the Hugging Face hub.

A name is that of an embedded model ("mmva-lite"), of a local folder, or of a model on the hub.
Nothing here imports torch.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mmva_core.config import MODALITIES, PREPROCESSING_VERSION, ModelConfig
from mmva_core.errors import CheckpointError
from mmva_core.store.files import sha256_file
from mmva_core.towers import tower_info

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
CARD_NAME = "README.md"
TOWERS_NAME = "towers"
"""Folder with the structure of fine-tuned towers, by modality."""

EMBEDDED_FOLDER = Path(__file__).parent.parent / "weights"
"""Folder of the models that come with the package, one sub-folder each."""


def embedded_models() -> tuple[str, ...]:
    """Return the names of the models that come with the package."""
    return tuple(sorted(path.parent.name for path in EMBEDDED_FOLDER.glob(f"*/{CONFIG_NAME}")))


def find_folder(name_or_path: str | Path) -> Path:
    """Resolve the name of an embedded model, a local folder, or a hub id to a local folder.

    Raises:
        CheckpointError: there is no such model, or the hub cannot be reached.
    """
    # Embedded names come first, independent of the working directory: a folder of that name is
    # "./name".
    if name_or_path in embedded_models():
        return EMBEDDED_FOLDER / name_or_path
    folder = Path(name_or_path)
    if folder.is_dir():
        return folder
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
        CheckpointError: the file is missing, is not JSON, or describes another kind of model.
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


def model_fingerprint(name_or_path: str | Path) -> str:
    """Hash everything that decides what a model predicts.

    The hash covers the content of config, weights and local folders of tower weights, the name and
    installed version of packages with tower weights, hub ids by name, and `PREPROCESSING_VERSION`.
    Two folders with the same model have the same fingerprint.

    Raises:
        CheckpointError: there is no such model, or its config is of another kind.
    """
    folder = find_folder(name_or_path)
    config = read_config(folder)
    settings = json.dumps(config.to_dict(), sort_keys=True)
    digest = hashlib.sha256(f"{PREPROCESSING_VERSION} {settings}".encode())
    weights = folder / WEIGHTS_NAME
    if not weights.is_file():
        raise CheckpointError(f"no weights at {weights}: the file is missing")
    digest.update(sha256_file(weights).encode())
    for modality in MODALITIES:
        for package in tower_info(config, modality).packages:
            digest.update(f"{package} {_installed_version(package)}".encode())
        source = Path(config.tower_weights(modality) or "")
        if config.tower_weights(modality) and source.is_dir():
            for path in sorted(path for path in source.rglob("*") if path.is_file()):
                digest.update(f"{path.relative_to(source)} {sha256_file(path)}".encode())
    return digest.hexdigest()


def _download(repo_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            repo_id, allow_patterns=[CONFIG_NAME, WEIGHTS_NAME, CARD_NAME, f"{TOWERS_NAME}/*"]
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(
            f"no model {repo_id!r}: not an embedded model, not a local folder, and the hub did "
            f"not give it ({reason})"
        ) from error
    return Path(folder)


def _installed_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
