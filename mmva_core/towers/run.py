"""Encode raw input by a tower, batch by batch; features are float32 on the CPU.

On a CPU each core computes whole batches. PyTorch by itself divides every layer among the cores,
which then wait for each other after each layer; next to other busy processes, such as decoders,
that takes several times as long. Whole batches also make the last digits independent of the number
of cores.

Letters in shapes: N pictures, windows or sentences; T samples.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmva_core.errors import check_type
from mmva_core.towers.base import CaptionTower, ImageTower, WaveformTower
from mmva_core.towers.geometry import ImageArray, group_by_shape

BATCH_SIZE = 32
"""Pictures, windows or sentences of a batch."""
CPU_BATCH_SIZE = 4
"""Pictures or windows of a batch on a CPU. The maps of so few fit into its caches: two thirds of
the time of batches of 32."""

Item = TypeVar("Item")
_starting = threading.Lock()


def picture_features(
    tower: ImageTower, images: Sequence[ImageArray], device: torch.device
) -> Tensor:
    """Encode pictures (H, W, 3) uint8 of any size to (N, *feature_shape).

    Raises:
        TypeError: a picture is not an array of uint8.
        ValueError: a picture is not (H, W, 3).
    """
    features = torch.empty((len(images), *tower.feature_shape))
    shapes = [tower.output_shape(image) for image in images]
    batches = [
        positions[start : start + size]
        for positions in group_by_shape(shapes).values()
        for size in [_batch_size(device)]
        for start in range(0, len(positions), size)
    ]

    def encode(batch: list[int]) -> Tensor:
        pixel_values = tower.preprocess([images[index] for index in batch])
        encoded: Tensor = tower(pixel_values.to(device))
        return encoded

    for batch, encoded in zip(batches, _encode_all(encode, batches, device), strict=True):
        features[batch] = encoded
    return features


def window_features(tower: WaveformTower, windows: Tensor, device: torch.device) -> Tensor:
    """Encode windows (N, T) at the tower's sample rate to (N, *feature_shape)."""
    if not len(windows):
        return torch.empty((0, *tower.feature_shape))
    parts = torch.split(windows, _batch_size(device))
    return torch.cat(_encode_all(lambda part: tower(part.to(device)), parts, device))


def overlapping_features(
    tower: WaveformTower,
    samples: NDArray[np.float32],
    starts: Sequence[int],
    length: int,
    device: torch.device,
) -> Tensor:
    """Encode windows of one recording (T,) at the tower's sample rate to (N, *feature_shape).

    Args:
        tower: the tower.
        samples: (T,).
        starts: first samples of N windows, ascending.
        length: samples of a window.
        device: where the tower is.
    """
    if not starts:
        return torch.empty((0, *tower.feature_shape))
    most = tower.windows_at_once or _batch_size(device)
    signal = torch.from_numpy(samples).to(device)
    groups: list[list[int]] = []
    for start in starts:
        # What lies between windows that do not meet need not be looked at.
        if not groups or len(groups[-1]) == most or start > groups[-1][-1] + length:
            groups.append([])
        groups[-1].append(start)

    def encode(group: Sequence[int]) -> Tensor:
        return tower.encode_windows(signal, group, length)

    return torch.cat(_encode_all(encode, groups, device))


@torch.inference_mode()
def sentence_features(
    tower: CaptionTower, texts: str | Sequence[str], device: torch.device
) -> Tensor:
    """Encode one sentence, or several, to (N, *feature_shape).

    Raises:
        TypeError: `texts` holds something else.
    """
    check_type("texts", texts, isinstance(texts, Iterable), "one text or several")
    texts = [texts] if isinstance(texts, str) else list(texts)
    for text in texts:
        check_type("each of texts", text, isinstance(text, str), "a text")
    features = torch.empty((len(texts), *tower.feature_shape))
    # Sentences of similar length share a batch, which needs little padding.
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    for start in range(0, len(order), BATCH_SIZE):
        batch = order[start : start + BATCH_SIZE]
        tokens = tower.tokenize([texts[index] for index in batch])
        moved = {name: value.to(device) for name, value in tokens.items()}
        features[batch] = tower(**moved).float().cpu()
    return features


def _batch_size(device: torch.device) -> int:
    return CPU_BATCH_SIZE if device.type == "cpu" else BATCH_SIZE


def _encode_all(
    encode: Callable[[Item], Tensor], batches: Sequence[Item], device: torch.device
) -> list[Tensor]:
    """Encode batches in order, in as many parallel threads as PyTorch uses."""
    if device.type != "cpu":
        return [_encode_one(encode, batch) for batch in batches]
    with _start_single_threads() as pool:
        return list(pool.map(partial(_encode_one, encode), batches))


@torch.inference_mode()  # which holds for the thread that enters it
def _encode_one(encode: Callable[[Item], Tensor], batch: Item) -> Tensor:
    return encode(batch).float().cpu()


def _start_single_threads() -> ThreadPoolExecutor:
    """Start as many threads as PyTorch uses, each computing single-threaded."""
    with _starting:
        num_threads = torch.get_num_threads()
        pool = ThreadPoolExecutor(num_threads)
        all_started = threading.Barrier(num_threads)

        def compute_alone(_: int) -> None:
            torch.get_num_threads()  # the first call copies the default into this thread
            torch.set_num_threads(1)
            all_started.wait()

        list(pool.map(compute_alone, range(num_threads)))
        # `set_num_threads(1)` has also become the default of new threads: restore it.
        torch.set_num_threads(num_threads)
    return pool
