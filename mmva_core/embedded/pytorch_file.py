"""Read the arrays of a file that `torch.save` wrote before PyTorch 1.6, without PyTorch.

Such a file is a row of pickles, the fourth of which is the state dict, and then the bytes of each
storage behind its length (torch.serialization._legacy_save). Nothing but arrays and dictionaries is
unpickled.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
"""What the first pickle holds."""


def read_pytorch_file(path: Path) -> dict[str, Array]:
    """Read a state dict.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is damaged, or holds something else.
    """
    storages: dict[str, Array] = {}
    with path.open("rb") as file:
        try:
            if _ArrayUnpickler(file, storages).load() != MAGIC_NUMBER:
                raise ValueError("it was not written by an early torch.save")
            for _ in ("version of the format", "byte order and sizes of the machine"):
                _ArrayUnpickler(file, storages).load()
            state: dict[str, Array] = dict(_ArrayUnpickler(file, storages).load())
            for key in _ArrayUnpickler(file, storages).load():
                _fill(storages[key], file)
        except (pickle.UnpicklingError, EOFError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(str(error)) from error
    return state


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickles a state dict; its arrays are views of storages that are read afterwards."""

    def __init__(self, file: BinaryIO, storages: dict[str, Array]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str, /) -> Any:
        known: dict[str, Any] = {
            "collections.OrderedDict": OrderedDict,
            "torch.FloatStorage": np.dtype("<f4"),
            "torch.LongStorage": np.dtype("<i8"),
            "torch._utils._rebuild_tensor_v2": _view,
        }
        if f"{module}.{name}" not in known:
            raise pickle.UnpicklingError(f"it holds a {module}.{name}")
        return known[f"{module}.{name}"]

    def persistent_load(self, pid: Any, /) -> Array:
        _, kind, key, _, num_values, _ = pid
        return self._storages.setdefault(key, np.empty(num_values, kind))


def _view(
    storage: Array, offset: int, shape: Sequence[int], steps: Sequence[int], *_: Any
) -> Array:
    """Return an array that takes steps of so many values along each axis of its storage."""
    last = offset + sum((size - 1) * step for size, step in zip(shape, steps, strict=True))
    if min((offset, *steps)) < 0 or last >= len(storage):
        raise pickle.UnpicklingError("an array reaches beyond its storage")
    strides = [step * storage.itemsize for step in steps]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, strides, writeable=False)


def _fill(storage: Array, file: BinaryIO) -> None:
    length = int.from_bytes(file.read(8), "little")
    values: Callable[[Any], int] = file.readinto  # type: ignore[attr-defined]
    if length != len(storage) or values(storage) != storage.nbytes:
        raise EOFError("it ends too early")
