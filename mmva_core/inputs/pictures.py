"""Take pictures in the forms that programs hold them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import torch
from torch import Tensor

from mmva_core import inputs
from mmva_core.towers import ImageArray

if TYPE_CHECKING:
    from PIL.Image import Image

Picture: TypeAlias = "ImageArray | Image | Tensor"
"""uint8 (H, W, 3), a picture of Pillow, or a uint8 tensor (H, W, 3) or (3, H, W); RGB."""
Pictures: TypeAlias = "Picture | Sequence[Picture]"
"""One of these, or several."""


def as_pictures(images: Pictures) -> list[ImageArray]:
    """Return one picture, or several, as arrays (H, W, 3); those of another form are left as is."""
    is_one = getattr(images, "ndim", 0) == 3 or hasattr(images, "getexif")
    several = [images] if is_one else images
    return [_as_array(image) for image in cast("Sequence[Picture]", several)]


def _as_array(image: object) -> ImageArray:
    if hasattr(image, "getexif"):  # Pillow's; to import it costs 0.1 s that arrays do not need
        return inputs.upright_rgb(cast("Image", image))
    if isinstance(image, Tensor) and image.dtype == torch.uint8 and image.ndim == 3:
        has_channels_first = image.shape[0] == 3 and image.shape[2] != 3
        array: ImageArray = (image.permute(1, 2, 0) if has_channels_first else image).cpu().numpy()
        return array
    return image  # type: ignore[return-value]  # the tower checks arrays, and names what is wrong
