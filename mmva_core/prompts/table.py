"""Valence and arousal of every prompt, worked out once per model and templates, and kept.

The table is a NumPy file in the user's cache. It grows in a file of its own, so that a run that was
interrupted goes on where it stopped; a table that is complete is memory-mapped, and neither the
model nor torch is loaded for it.

Letters in shapes: P prompts, T tokens, B a batch.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mmva_core.errors import DataError
from mmva_core.prompts.templates import Templates
from mmva_core.store import model_fingerprint

if TYPE_CHECKING:
    from mmva_core.model import MMVA

BATCH_SIZE = 64
"""Prompts at once; larger batches are no faster on a CPU."""
PROMPTS_AT_ONCE = 4096
"""Prompts that are turned into tokens, and saved, together."""
METHOD_VERSION = 1
"""Raised whenever the same model and templates would give another table."""

Floats = NDArray[np.float32]
Table = np.memmap[Any, np.dtype[np.float32]]


def default_cache_folder() -> Path:
    """Return the folder of MMVA in the user's cache, by the custom of the system."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "mmva"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "mmva"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mmva"


def prompt_va(
    model_name: str,
    templates: Templates,
    *,
    cache: Path | None = None,
    device: str = "auto",
    progress: bool = False,
) -> Floats:
    """Return what the caption tower says of every prompt, from the cache where it is known.

    Args:
        model_name: embedded model, folder or hub id.
        templates: P prompts.
        cache: folder of tables; the user's cache by default.
        device: where to run the model: "auto", "cpu" or "cuda".
        progress: show a bar with an estimate on stderr while the table is worked out.

    Returns:
        (P, 2) float32, valence and arousal in [0, 1], memory-mapped, read-only.

    Raises:
        CheckpointError: the model cannot be loaded.
        MissingExtraError: the extra "text" is not installed.
        DataError: the cache cannot be written to.
    """
    key = f"{METHOD_VERSION} {model_fingerprint(model_name)} {templates.fingerprint()}"
    name = f"prompts-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    folder = cache or default_cache_folder()
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


def _complete(
    partial: Path,
    shape: tuple[int, int],
    model_name: str,
    templates: Templates,
    device: str,
    progress: bool,
) -> None:
    """Fill the rows of a partial table that are still NaN."""
    from mmva_core.model import MMVA
    from mmva_core.train import local_device

    table = _open(partial, shape, writable=True)
    if table is None:
        table = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float32, shape=shape)
        table[:] = np.nan
    missing = np.flatnonzero(np.isnan(table).any(axis=1))
    model = MMVA.from_pretrained(model_name, device=str(local_device(device)))
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
            for places, va in predict_by_length(model, texts):
                table[rows[places]] = va
                bar.update(len(places))
            table.flush()


def predict_by_length(model: MMVA, texts: list[str]) -> Iterator[tuple[NDArray[np.int64], Floats]]:
    """Predict sentences in batches of one length each, so that no time goes into padding.

    Args:
        model: its caption tower and predictor.
        texts: sentences.

    Yields:
        Positions (B,) in `texts`, and their valence and arousal (B, 2).
    """
    import torch

    from mmva_core.towers import CaptionTower

    tower = model.tower("caption")
    assert isinstance(tower, CaptionTower)
    tokens = tower.tokenize(texts)
    mask = tokens["attention_mask"]
    lengths = mask.sum(1)
    for length in np.unique(lengths.numpy()):
        for places in torch.split(torch.nonzero(lengths == length).squeeze(1), BATCH_SIZE):
            columns = mask[places].any(dim=0)  # those that are not padding
            batch = {
                name: value[places][:, columns].to(model.device) for name, value in tokens.items()
            }
            with torch.inference_mode():
                va = model.predict_va("caption", model.encode_caption(**batch))
            yield places.numpy(), va.float().cpu().numpy()


def _open(path: Path, shape: tuple[int, int], *, writable: bool = False) -> Table | None:
    """Map a table, None where it is missing or not of this shape."""
    try:
        table = np.lib.format.open_memmap(path, mode="r+" if writable else "r")
    except (OSError, ValueError, EOFError):
        return None
    return table if table.shape == shape and table.dtype == np.float32 else None


def _publish(partial: Path, path: Path) -> None:
    # Another run may have finished the same table in the meantime.
    with suppress(FileNotFoundError):
        partial.replace(path)
