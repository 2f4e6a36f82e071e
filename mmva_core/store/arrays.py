"""Read weights as NumPy arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from mmva_core.errors import CheckpointError


def read_arrays(path: Path, prefixes: tuple[str, ...] = ("",)) -> dict[str, NDArray[np.float32]]:
    """Read arrays of a safetensors file as float32.

    Args:
        path: the file.
        prefixes: beginnings of the names of the arrays to read.

    Raises:
        CheckpointError: the file is missing, truncated or not safetensors.
    """
    if not path.is_file():
        raise CheckpointError(f"no weights at {path}: the file is missing")
    try:
        with safe_open(path, framework="np") as file:
            names = [name for name in file.keys() if name.startswith(prefixes)]  # noqa: SIM118
            return {name: file.get_tensor(name).astype(np.float32) for name in names}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"cannot read the weights {path}: {error}") from error
