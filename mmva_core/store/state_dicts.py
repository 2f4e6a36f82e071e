"""Load state dicts strictly: no weight missing, none unexpected, every shape right."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mmva_core.errors import CheckpointError

STATISTICS = (".mean", ".scale")
"""Suffixes of the buffers that hold statistics of features."""


def load_strictly(
    module: nn.Module, state: Mapping[str, Tensor], names: Mapping[str, Tensor], source: str
) -> None:
    """Load weights into a module, which must be exactly those of `names`.

    Args:
        module: the module.
        state: weights by name.
        names: expected weights with their shapes; the rest of the module keeps its values.
        source: origin of `state`, for the message.

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

    Features are differences from the mean, which float16 would round too coarsely.
    """
    return {
        name: value.half()
        if value.dtype == torch.float32 and not name.endswith(STATISTICS)
        else value
        for name, value in state.items()
    }
