"""Load state dicts strictly: nothing missing, nothing left over, every shape right."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mmva_core.errors import CheckpointError

STATISTICS = (".mean", ".scale")
"""Ends of the names of buffers that hold statistics of features."""


def load_strictly(
    module: nn.Module, state: Mapping[str, Tensor], names: Mapping[str, Tensor], source: str
) -> None:
    """Load `state` into a module that stores what `names` holds.

    Args:
        module: where the weights go.
        state: weights by name.
        names: what has to be there, with its shapes; the rest of the module keeps its values.
        source: where `state` came from, for the message.

    Raises:
        CheckpointError: a weight is missing, unexpected or of another shape.
    """
    missing, unexpected = sorted(names.keys() - state.keys()), sorted(state.keys() - names.keys())
    if missing or unexpected:
        example = (missing or unexpected)[0]
        raise CheckpointError(
            f"{source} does not fit its config: {len(missing)} weights missing, "
            f"{len(unexpected)} unexpected (for example {example!r})"
        )
    for name, value in state.items():
        if value.shape != names[name].shape:
            raise CheckpointError(
                f"{source} does not fit its config: {name!r} has shape {tuple(value.shape)}, "
                f"expected {tuple(names[name].shape)}"
            )
    module.load_state_dict(dict(state), strict=False)


def to_half(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Round weights to float16; statistics of features keep float32.

    A mean far from zero would lose too much: features are differences from it.
    """
    return {
        name: value.half()
        if value.dtype == torch.float32 and not name.endswith(STATISTICS)
        else value
        for name, value in state.items()
    }
