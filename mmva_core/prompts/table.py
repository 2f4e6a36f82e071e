"""Valence and arousal of every prompt, computed once for a model and templates, and cached.

A model's folder may hold the table of its own templates, `TABLE_NAME`; the embedded model's does.

The table is a NumPy file in the user's cache. It grows in a partial file, so that an interrupted
run resumes. A complete table is memory-mapped; neither the model nor torch is loaded for it.

Letters in shapes: P prompts.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file
from tqdm import tqdm

import mmva_core
from mmva_core import prompts
from mmva_core.errors import DataError
from mmva_core.prompts.templates import Templates
from mmva_core.store import (
    WEIGHTS_NAME,
    find_folder,
    model_fingerprint,
    read_config,
    sha256_file,
    user_cache_folder,
    write_whole,
)

PROMPTS_AT_ONCE = 4096
"""Prompts that are tokenised, and saved, together."""
METHOD_VERSION = 1
"""Raise it whenever the same model and templates give another table."""

TABLE_NAME = "prompts.safetensors"
"""The table in a model's folder, and in the header what it was made from. Tensors, all but the
second half floats: "va", the predictions; "label_scale", the map of `label_scale.py`, which fits
any templates; "labels", the predictions through the map."""
OF_TEMPLATES = "templates"
"""Entry of the header that does not concern the map."""

Floats = NDArray[np.float32]
Table = np.memmap[Any, np.dtype[np.float32]]


def prompt_va(
    model_name: str,
    templates: Templates,
    *,
    cache: Path | None = None,
    device: str = "auto",
    progress: bool = False,
) -> Floats:
    """Return the predictions for every prompt, from the model's folder or from the cache.

    Args:
        model_name: embedded model, folder or hub id.
        templates: P prompts.
        cache: folder of tables; the user's cache by default.
        device: where to run the model: "auto", "cpu" or "cuda".
        progress: show a progress bar on stderr while the table is computed.

    Returns:
        (P, 2) float32, valence and arousal in [0, 1]; those of the cache memory-mapped, read-only.

    Raises:
        CheckpointError: the model cannot be loaded.
        MissingExtraError: the extra "text" is not installed.
        DataError: the cache cannot be written to.
    """
    shipped = _read_shipped(find_folder(model_name), templates)
    if shipped is not None:
        return shipped
    key = f"{METHOD_VERSION} {model_fingerprint(model_name)} {templates.fingerprint()}"
    name = f"prompts-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    folder = cache or user_cache_folder("mmva")
    path = folder / f"{name}.npy"
    shape = (len(templates), 2)
    table = _open(path, shape)
    if table is None or np.isnan(table).any():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            partial = folder / f"{name}.partial.npy"
            _complete(partial, shape, model_name, templates, device, progress)
            _publish(partial, path)
        except OSError as error:
            raise DataError(f"cannot write the table of prompts {path}: {error}") from error
        table = _open(path, shape)
        assert table is not None, "the table was written just now"
    return table


def has_label_scale(model_name: str) -> bool:
    """Whether the model's folder has a map to the scale of people's labels.

    Raises:
        CheckpointError: there is no such model.
    """
    return _label_scale(find_folder(model_name)) is not None


def prompt_va_on_label_scale(
    model_name: str,
    templates: Templates,
    *,
    cache: Path | None = None,
    device: str = "auto",
    progress: bool = False,
) -> Floats:
    """Return the predictions for every prompt on the scale of labels, as `prompt_va` does.

    Raises:
        DataError: the model's folder has no map to that scale, or the cache cannot be written to.
        CheckpointError: the model cannot be loaded.
        MissingExtraError: the extra "text" is not installed.
    """
    folder = find_folder(model_name)
    shipped = _read_shipped(folder, templates, "labels")
    if shipped is not None:
        return shipped
    weights = _label_scale(folder)
    if weights is None:
        raise DataError(
            f"{model_name} has no map to the scale of labels; mmva build prompts makes "
            f"{TABLE_NAME} for its folder"
        )
    va = prompt_va(model_name, templates, cache=cache, device=device, progress=progress)
    model = mmva_core.MMVA.from_pretrained(model_name, device=device)
    return prompts.on_label_scale(model, templates, va, weights)


def write_table(
    model_name: str,
    templates: Templates,
    va: Floats,
    path: Path,
    *,
    label_scale: Floats,
    labels: Floats,
) -> None:
    """Write a table as a model's folder may hold it.

    Args:
        model_name: the model that predicted.
        templates: P prompts.
        va: (P, 2) its predictions; they are rounded to half floats.
        path: where to.
        label_scale: (5, 2) map to the scale of labels.
        labels: (P, 2) the predictions through the map; they are rounded to half floats.
    """
    facts = _facts(find_folder(model_name), templates)
    tensors: dict[str, NDArray[Any]] = {
        "va": np.ascontiguousarray(va, dtype=np.float16),
        "label_scale": np.ascontiguousarray(label_scale, dtype=np.float32),
        "labels": np.ascontiguousarray(labels, dtype=np.float16),
    }
    write_whole(path, lambda temporary: save_file(tensors, temporary, facts))


def _read_shipped(folder: Path, templates: Templates, name: str = "va") -> Floats | None:
    """Read a tensor of the table in a model's folder; None if it is missing or not of these."""
    path = folder / TABLE_NAME
    if not path.is_file():
        return None
    with safe_open(path, "numpy") as file:
        if file.metadata() != _facts(folder, templates) or name not in file.keys():  # noqa: SIM118
            return None
        values: Floats = file.get_tensor(name).astype(np.float32)
    return values


def _label_scale(folder: Path) -> Floats | None:
    path = folder / TABLE_NAME
    if not path.is_file():
        return None
    with safe_open(path, "numpy") as file:
        facts = dict(file.metadata() or {})
        facts.pop(OF_TEMPLATES, None)
        if facts != _model_facts(folder) or "label_scale" not in file.keys():  # noqa: SIM118
            return None
        weights: Floats = file.get_tensor("label_scale")
    return weights


def _facts(folder: Path, templates: Templates) -> dict[str, str]:
    """Return what decides a table, but for packages that need not be installed to read it."""
    return _model_facts(folder) | {OF_TEMPLATES: templates.fingerprint()}


def _model_facts(folder: Path) -> dict[str, str]:
    config = json.dumps(read_config(folder).to_dict(), sort_keys=True)
    return {
        "method": str(METHOD_VERSION),
        "config": hashlib.sha256(config.encode()).hexdigest(),
        "weights": sha256_file(folder / WEIGHTS_NAME),
    }


def _complete(
    partial: Path,
    shape: tuple[int, int],
    model_name: str,
    templates: Templates,
    device: str,
    progress: bool,
) -> None:
    """Compute the rows of a partial table that are still NaN."""
    table = _open(partial, shape, writable=True)
    if table is None:
        table = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float32, shape=shape)
        table[:] = np.nan
    missing = np.flatnonzero(np.isnan(table).any(axis=1))
    model = mmva_core.MMVA.from_pretrained(model_name, device=device)
    bar = tqdm(
        total=len(templates),
        initial=len(templates) - len(missing),
        desc="prompts (once for this model)",
        unit="prompt",
        disable=not progress,
        leave=False,
    )
    with bar:
        for start in range(0, len(missing), PROMPTS_AT_ONCE):
            rows = missing[start : start + PROMPTS_AT_ONCE]
            texts = [templates.prompt(row) for row in rows]
            for places, va in prompts.predict_by_length(model, texts):
                table[rows[places]] = va
                bar.update(len(places))
            table.flush()


def _open(path: Path, shape: tuple[int, int], *, writable: bool = False) -> Table | None:
    """Map a table; None if it is missing or of another shape."""
    try:
        table = np.lib.format.open_memmap(path, mode="r+" if writable else "r")
    except (OSError, ValueError, EOFError):
        return None
    return table if table.shape == shape and table.dtype == np.float32 else None


def _publish(partial: Path, path: Path) -> None:
    # Another run may have finished the same table, and removed this file, in the meantime.
    with suppress(FileNotFoundError):
        write_whole(path, lambda temporary: shutil.copyfile(partial, temporary))
        partial.unlink()
