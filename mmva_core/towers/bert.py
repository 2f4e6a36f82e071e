"""A BERT encoder and its tokenizer, read from a folder as transformers writes it.

Importing transformers takes some five seconds of computing, longer than a short film is summarised
in; this takes a fraction of one. Names of modules are nearly those of the weight files (J. Devlin
et al., "BERT: Pre-training of deep bidirectional transformers", NAACL 2019).

Letters in shapes: B sentences, T word pieces, H heads, D size of a hidden state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from mmva_core.errors import CheckpointError

CONFIG_NAME, WEIGHTS_NAME, TOKENIZER_NAME = "config.json", "model.safetensors", "tokenizer.json"
BERT_FILES = (CONFIG_NAME, WEIGHTS_NAME, TOKENIZER_NAME)
"""What a folder has to hold."""
UNUSED = ("pooler.", "embeddings.position_ids")
"""Beginnings of names of weights that the hidden states do not depend on."""


class Bert(nn.Module):
    """Hidden states of a BERT encoder.

    Args:
        config: `config.json` of transformers' BertModel.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.embeddings = _Embeddings(config)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config["num_hidden_layers"]))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> list[Tensor]:
        """Return the embeddings and the output of each layer, all (B, T, D).

        Args:
            input_ids: (B, T) int64.
            attention_mask: (B, T), 1 where there is a word piece.
        """
        states = [self.embeddings(input_ids)]
        mask = attention_mask.bool()[:, None, None, :]
        for layer in self.layers:
            states.append(layer(states[-1], mask))
        return states


def load_bert(folder: Path) -> tuple[Bert, Tokenizer]:
    """Read the network, in evaluation mode, and its tokenizer.

    Raises:
        CheckpointError: a file is missing, damaged, or of another network.
    """
    try:
        config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
        with torch.device("meta"):  # no time is spent on random weights
            network = Bert(config)
        state = load_file(folder / WEIGHTS_NAME)
        used = {
            name.replace("encoder.layer.", "layers."): value
            for name, value in state.items()
            if not name.startswith(UNUSED)
        }
        network.load_state_dict(used, assign=True)
        text = (folder / TOKENIZER_NAME).read_text(encoding="utf-8")
        json.loads(text)  # tokenizers raises a bare Exception for what is no JSON
        tokenizer = Tokenizer.from_str(text)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise CheckpointError(f"cannot load '{folder}': {reason}") from error
    return network.eval(), tokenizer


def tokenize(tokenizer: Tokenizer, texts: Sequence[str], *, max_tokens: int) -> dict[str, Tensor]:
    """Turn sentences into `input_ids` and `attention_mask`, both (B, T) int64."""
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(list(texts))
    return {
        "input_ids": torch.tensor([one.ids for one in encoded]),
        "attention_mask": torch.tensor([one.attention_mask for one in encoded]),
    }


class _Embeddings(nn.Module):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        size = config["hidden_size"]
        self.word_embeddings = _table(config["vocab_size"], size)
        self.position_embeddings = _table(config["max_position_embeddings"], size)
        self.token_type_embeddings = _table(config["type_vocab_size"], size)
        self.LayerNorm = nn.LayerNorm(size, eps=config["layer_norm_eps"])

    def forward(self, input_ids: Tensor) -> Tensor:
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)
        places = self.position_embeddings(positions) + self.token_type_embeddings.weight[0]
        states: Tensor = self.LayerNorm(self.word_embeddings(input_ids) + places)
        return states


class _Layer(nn.Module):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        size, inner = config["hidden_size"], config["intermediate_size"]
        eps = config["layer_norm_eps"]
        self.num_heads = config["num_attention_heads"]
        parts = {name: nn.Linear(size, size) for name in ("query", "key", "value")}
        self.attention = nn.ModuleDict(
            {"self": nn.ModuleDict(parts), "output": _projection(size, size, eps)}
        )
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(size, inner)})
        self.output = _projection(inner, size, eps)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        projections: Any = self.attention["self"]
        query, key, value = (
            projections[name](states).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for name in ("query", "key", "value")
        )  # (B, H, T, D / H) each
        attended = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        states = _add(self.attention["output"], attended.transpose(1, 2).flatten(2), states)
        inner = nn.functional.gelu(self.intermediate["dense"](states))
        return _add(self.output, inner, states)


def _table(num_rows: int, size: int) -> nn.Embedding:
    # Random numbers for an embedding that is not there yet make PyTorch import its compiler.
    make: Callable[..., nn.Embedding] = nn.Embedding.from_pretrained
    return make(torch.empty(num_rows, size), freeze=False)


def _projection(from_size: int, to_size: int, eps: float) -> nn.ModuleDict:
    return nn.ModuleDict(
        {"dense": nn.Linear(from_size, to_size), "LayerNorm": nn.LayerNorm(to_size, eps=eps)}
    )


def _add(projection: Any, values: Tensor, states: Tensor) -> Tensor:
    """Project values, add them to the states, and normalise the sum."""
    added: Tensor = projection["LayerNorm"](projection["dense"](values) + states)
    return added
