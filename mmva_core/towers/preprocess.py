"""Resize and crop pictures of any size for an image tower.

Resizing is antialiased bicubic, as in Pillow.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name PyTorch users know it by

from mmva_core.towers.geometry import ImageArray


def resize_and_crop(
    image: ImageArray, size: tuple[int, int], crop: tuple[int, int], *, mode: str = "bicubic"
) -> Tensor:
    """Resize one picture (H, W, 3) and crop its centre.

    Returns:
        (3, *crop) float32, values 0 to 255, rounded to whole numbers as an image file would be.
    """
    # Pillow returns read-only arrays, about which torch warns.
    contiguous = np.require(image, requirements=["C", "W"])
    pixels = torch.from_numpy(contiguous).permute(2, 0, 1).unsqueeze(0)
    if tuple(pixels.shape[2:]) != size:
        # uint8 in, uint8 out: PyTorch's fast kernel, which rounds as Pillow does.
        pixels = F.interpolate(pixels, size, mode=mode, antialias=True)
    top, left = (size[0] - crop[0]) // 2, (size[1] - crop[1]) // 2
    return pixels[0, :, top : top + crop[0], left : left + crop[1]].float()
