"""Config files of `mmva train` and `mmva evaluate`: TOML with [model], [train] and [data].

`mmva reproduce` also reads [raw], the sources that the data are built from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from mmva_core.config import PAPER_CONFIG, ModelConfig
from mmva_core.data.imemnet.runs import ImemnetConfig
from mmva_core.errors import MmvaError
from mmva_core.train import TrainConfig

TEMPLATE = """\
# Settings of a training run on IMEMNet-C. Paths are relative to this file.

[model]
base = "mmva"                 # "mmva": the paper's towers; "mmva-lite": the embedded ones
# image_weights = "clip-vit-base-patch32"     # local folders; without them the hub is asked
# music_weights = "MERT-v1-95M"
# caption_weights = "roberta-base"
# finetune = ["image", "music", "caption"]    # train the towers too

[train]
epochs = 1000
batch_size = 128
learning_rate = 3e-4
seed = 0

[data]
image_labels = "image_va.csv"
images = "images"
music_labels = "music_va.csv"
music = "music"
cache = "features"
duplicates = "error"          # or "drop", "first", "mean"
out_of_range = "error"        # or "drop", "clip"
missing = "error"             # or "drop"
# pairs = "train_matching.txt"                # for matching = "paired"
"""

BASES = {"mmva": PAPER_CONFIG, "mmva-lite": ModelConfig()}
"""Configs that [model] starts from."""


PARTS = ("raw", "model", "train", "data")
"""Parts of a config file."""


@dataclass(frozen=True)
class RawConfig:
    """Sources of IMEMNet-C, as their keepers give them out; the [raw] part of a config file."""

    iaps: str
    """IAPS's table of means, AllSubjects_1-20.txt."""
    naps: str
    """NAPS's table of ratings, saved as CSV."""
    emotic: str
    """EMOTIC's Annotations.mat."""
    deam_valence: str
    """DEAM's valence.csv of the averaged annotations per song."""
    deam_arousal: str
    """DEAM's arousal.csv beside it."""
    deam_songs: str
    """Folder of DEAM's songs."""
    captioner: str
    """Weights of LP-MusicCaps."""
    bart: str = "facebook/bart-base"
    """Config and tokenizer of its BART: a folder or hub id."""
    refine: str | None = None
    """Language model that refines captions, a folder or hub id; None uses the rule alone."""
    join: int = 5
    """Consecutive two-second clips in one input, at most."""


@dataclass(frozen=True)
class RunConfig:
    """Content of a config file."""

    model: ModelConfig
    """Settings of the model, [model]."""
    train: TrainConfig
    """Settings of training, [train]."""
    data: ImemnetConfig
    """Files of the data, [data]."""


def read_run_config(
    path: str | Path,
    *,
    model: Mapping[str, Any] | None = None,
    train: Mapping[str, Any] | None = None,
) -> RunConfig:
    """Read a config file; `model` and `train` override single settings.

    Raises:
        MmvaError: the file is missing or no TOML, or a setting is unknown or out of range.
    """
    path = Path(path)
    content = _read_parts(path)
    model_values = dict(content.get("model", {}))
    base = model_values.pop("base", "mmva")
    if base not in BASES:
        raise MmvaError(f"{path}: base must be one of {', '.join(BASES)}, got {base!r}")
    for modality in ("image", "music", "caption"):
        name = f"{modality}_weights"
        if name in model_values:
            model_values[name] = _beside_or_hub(path, str(model_values[name]))
    try:
        return RunConfig(
            ModelConfig.from_dict(BASES[base].to_dict() | model_values | dict(model or {})),
            TrainConfig.from_dict(dict(content.get("train", {})) | dict(train or {})),
            ImemnetConfig.from_dict(content.get("data", {}), path.parent),
        )
    except (ValueError, TypeError) as error:
        raise MmvaError(f"{path}: {error}") from error


def read_raw_config(path: str | Path) -> RawConfig:
    """Read the part [raw] of a config file; paths are relative to the file.

    Raises:
        MmvaError: the file is missing or no TOML, or a setting is unknown, missing or out of range.
    """
    path = Path(path)
    values = dict(_read_parts(path).get("raw", {}))
    known = {entry.name: entry.default for entry in fields(RawConfig)}
    unknown = sorted(set(values) - set(known))
    missing = [name for name, default in known.items() if default is MISSING and name not in values]
    for wrong, names in (("unknown", unknown), ("missing", missing)):
        if names:
            raise MmvaError(f"{path}: {wrong} settings in [raw]: {', '.join(names)}")
    for name in set(values) - {"bart", "refine", "join"}:
        values[name] = str(path.parent / str(values[name]))
    for name in {"bart", "refine"} & set(values):
        values[name] = _beside_or_hub(path, str(values[name]))
    return RawConfig(**values)


def _beside_or_hub(path: Path, name: str) -> str:
    """Return a folder beside the config file, or else the name as a hub id."""
    beside = path.parent / name
    return str(beside) if beside.is_dir() else name


def _read_parts(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MmvaError(f"no such file: {path}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MmvaError(f"cannot read the config {path}: {error}") from error
    unknown = sorted(set(content) - set(PARTS))
    if unknown:
        raise MmvaError(f"{path}: unknown parts {', '.join(unknown)}; known: {', '.join(PARTS)}")
    return content
