"""Load the model that the settings name."""

from __future__ import annotations

import torch

from mmva_core import MMVA, MmvaError
from vsumm.config import SummaryConfig
from vsumm.errors import ModelError


def load_model(config: SummaryConfig) -> MMVA:
    """Load the model that the settings name onto the device that they name.

    Raises:
        ModelError: there is no such model, it is damaged, or there is no such device.
    """
    has_cuda = torch.cuda.is_available()
    if config.device == "cuda" and not has_cuda:
        raise ModelError("no CUDA device was found; use --device cpu")
    device = "cuda" if has_cuda and config.device != "cpu" else "cpu"
    try:
        return MMVA.from_pretrained(config.model, device=device)
    except MmvaError as error:
        raise ModelError(str(error)) from error
