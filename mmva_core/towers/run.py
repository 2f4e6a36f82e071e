"""Put raw input through a tower, batch by batch; features come back on the CPU as float32.

On a CPU each core takes batches of its own. Sharing every layer of one batch among the cores, as
PyTorch does by itself, makes them wait for each other after every layer: where other processes want
a core too, as decoders do, that multiplies the time. It also makes the last digits independent of
the number of cores.

Letters in shapes: N pictures, windows or sentences; T samples.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from mmva_core.towers.base import CaptionTower, ImageArray, ImageTower, WaveformTower
from mmva_core.towers.preprocess import group_by_shape

BATCH_SIZE = 32
"""Pictures, windows or sentences that go through a tower at once."""
CPU_BATCH_SIZE = 4
"""Pictures or windows that go through a tower at once on a CPU, where the maps of few fit into its
caches: two thirds of the time of 32 at once."""

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


@torch.inference_mode()
def sentence_features(tower: CaptionTower, texts: Sequence[str], device: torch.device) -> Tensor:
    """Encode sentences to (N, *feature_shape)."""
    features = torch.empty((len(texts), *tower.feature_shape))
    # Sentences of like length share a batch, so that little is spent on padding.
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
    """Encode batches, in their order, as many at once as PyTorch would use threads."""
    if device.type != "cpu":
        return [_encode_one(encode, batch) for batch in batches]
    with _start_single_threads() as pool:
        return list(pool.map(partial(_encode_one, encode), batches))


@torch.inference_mode()  # which holds for the thread that enters it
def _encode_one(encode: Callable[[Item], Tensor], batch: Item) -> Tensor:
    return encode(batch).float().cpu()


def _start_single_threads() -> ThreadPoolExecutor:
    """Start as many threads as PyTorch would use, each of which computes alone."""
    with _starting:
        num_threads = torch.get_num_threads()
        pool = ThreadPoolExecutor(num_threads)
        all_started = threading.Barrier(num_threads)

        def compute_alone(_: int) -> None:
            torch.get_num_threads()  # a thread takes the default when it first asks: now
            torch.set_num_threads(1)
            all_started.wait()

        list(pool.map(compute_alone, range(num_threads)))
        # Set in one thread, it had become the default of all threads to come.
        torch.set_num_threads(num_threads)
    return pool
