"""Predict by the model of the package without PyTorch.

`EmbeddedModel` does what `MMVA.from_pretrained("mmva-lite")` does for pictures and sound, from the
same weights, to 1e-4 of valence and arousal. To import PyTorch takes longer than to analyse a short
film. Letters in shapes: N pictures or windows, T samples, D the size of an embedding.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from mmva_core.config import ModelConfig
from mmva_core.embedded.music import MusicEncoder
from mmva_core.embedded.pictures import PictureEncoder
from mmva_core.embedded.predictors import ClassKernels, LayeredPredictor, Projection
from mmva_core.errors import CheckpointError
from mmva_core.layers import Array
from mmva_core.store import WEIGHTS_NAME, embedded_models, find_folder, read_arrays, read_config
from mmva_core.towers import ImageArray, LiteMusicConfig

Stream = Literal["image", "music"]
"""What a film has; captions are for `MMVA`."""


class EmbeddedModel:
    """A model of the package, for pictures and sound, on the CPU in fp32.

    Args:
        name: one of `mmva_core.store.embedded_models`.

    Raises:
        CheckpointError: there is no such model, or its weights are damaged.
    """

    def __init__(self, name: str = "mmva-lite") -> None:
        if name not in embedded_models():
            raise CheckpointError(f"{name!r} is no model of the package; MMVA loads it")
        folder = find_folder(name)
        self.config: ModelConfig = read_config(folder)
        streams: tuple[Stream, Stream] = ("image", "music")
        prefixes = tuple(f"{part}.{s}." for s in streams for part in _PARTS)
        weights = read_arrays(folder / WEIGHTS_NAME, prefixes)
        self._loading = threading.Lock()
        try:
            self._projections = {
                stream: Projection(
                    _below(f"projections.{stream}.", weights),
                    is_standardised=stream in self.config.standardize,
                )
                for stream in streams
            }
            self._predictors: dict[str, ClassKernels | LayeredPredictor] = {
                "image": ClassKernels(_below("va_predictors.image.", weights)),
                "music": LayeredPredictor(_below("va_predictors.music.", weights)),
            }
            sizes = LiteMusicConfig(**self.config.music_options)
            self._music = MusicEncoder(sizes, _below("towers.music.network.", weights))
        except KeyError as error:
            raise CheckpointError(
                f"the weights of {name!r} lack {error}; install vsumm again"
            ) from error

    @property
    def music_sample_rate(self) -> int:
        """Sample rate of the sound that it takes, Hz."""
        return self._music.sample_rate

    @property
    def pictures(self) -> PictureEncoder:
        """The image tower, loaded on first use.

        Raises:
            CheckpointError: its weights are missing or damaged.
        """
        with self._loading:
            return self._pictures

    def image_features(self, images: Sequence[ImageArray]) -> Array:
        """Return the image tower's features (N, F) of pictures (H, W, 3) uint8 of any size.

        Raises:
            TypeError: a picture is not an array of uint8.
            ValueError: a picture is not (H, W, 3).
        """
        return self.pictures.encode(images)

    def music_features(self, windows: Array, sample_rate: int) -> Array:
        """Return the music tower's features (N, F) of windows (N, T).

        Raises:
            ValueError: the rate is not `music_sample_rate`.
        """
        if sample_rate != self.music_sample_rate:
            raise ValueError(f"sample_rate must be {self.music_sample_rate}, got {sample_rate}")
        return self._music.encode(windows)

    def music_features_at(self, samples: Array, starts: Sequence[int], length: int) -> Array:
        """Return the music tower's features (N, F) of windows of one recording.

        Args:
            samples: (T,) at `music_sample_rate`.
            starts: first samples of N windows, ascending; at least one.
            length: samples of a window, at least one second.
        """
        return self._music.encode_along(samples, starts, length)

    def embeds_of_features(self, stream: Stream, features: Array) -> Array:
        """Embed features (N, F) that one of the methods above gave, as (N, D)."""
        return self._projections[stream](features)

    def va_of_features(self, stream: Stream, features: Array) -> Array:
        """Predict (N, 2) in [0, 1] of features (N, F) that one of the methods above gave."""
        return self._predictors[stream](self.embeds_of_features(stream, features))

    @cached_property
    def _pictures(self) -> PictureEncoder:
        return PictureEncoder(self.config)


_PARTS = ("projections", "va_predictors", "towers")


def _below(prefix: str, weights: dict[str, Array]) -> dict[str, Array]:
    return {
        name.removeprefix(prefix): value
        for name, value in weights.items()
        if name.startswith(prefix)
    }
