"""A cache of the features of frozen towers, so that training computes the heads alone.

A cache file is named after a hash of the tower and of the content of every item. A changed picture
or other feature settings give another name, so stale features are never read.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mmva_core.store.files import write_whole

logger = logging.getLogger(__name__)


def sha256_text(text: str) -> str:
    """Hash a sentence.

    >>> sha256_text("calm")[:8]
    '2b4b2ead'
    """
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_tensor(tensor: Tensor) -> str:
    """Hash shape, type and values of a tensor."""
    digest = hashlib.sha256(f"{tuple(tensor.shape)} {tensor.dtype}".encode())
    digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def cached_features(
    folder: Path, fingerprint: str, contents: Sequence[str], compute: Callable[[], Tensor]
) -> Tensor:
    """Read features from the cache, or compute and store them.

    Args:
        folder: folder of cache files; created if missing.
        fingerprint: everything besides the items that decides the features: the tower's
            `fingerprint()` and the preparation of its input.
        contents: hash of each item, in order.
        compute: returns the features (N, ...) of all items, in order.

    Returns:
        (N, ...), the features.

    Raises:
        ValueError: `compute` returns another number of rows than there are items.
    """
    key = hashlib.sha256("\n".join([fingerprint, *contents]).encode()).hexdigest()
    path = folder / f"{key}.safetensors"
    cached = _read(path)
    if cached is not None and len(cached) == len(contents):
        return cached
    features = compute()
    if len(features) != len(contents):
        raise ValueError(f"{len(contents)} items gave {len(features)} rows of features")
    folder.mkdir(parents=True, exist_ok=True)
    features = features.detach().cpu().contiguous()
    metadata = {"sha256": sha256_tensor(features)}
    write_whole(path, lambda temporary: save_file({"features": features}, temporary, metadata))
    return features


def _read(path: Path) -> Tensor | None:
    """Read a cache file; None if it is missing or damaged."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            features: Tensor = file.get_tensor("features")
            expected = (file.metadata() or {}).get("sha256")
    except (SafetensorError, OSError) as error:
        logger.warning("cached features in %s cannot be read (%s); encoding again", path, error)
        return None
    if sha256_tensor(features) != expected:
        logger.warning("cached features in %s are damaged; encoding again", path)
        return None
    return features
