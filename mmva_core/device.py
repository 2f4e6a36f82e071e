"""Choose the device that a model runs on."""

from __future__ import annotations

import os

import torch

from mmva_core.errors import MmvaError


def local_device(name: str) -> torch.device:
    """Turn "auto", "cpu" or "cuda" into a device; each process of a machine gets its own GPU.

    Raises:
        MmvaError: "cuda" is asked for and there is none.
        ValueError: `name` is another.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device must be auto, cpu or cuda, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise MmvaError("device cuda was asked for, but PyTorch sees no GPU; use cpu")
    if name == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
