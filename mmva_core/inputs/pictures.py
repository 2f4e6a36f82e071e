"""Take pictures in the forms that programs hold them in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import torch
from torch import Tensor

from mmva_core import inputs
from mmva_core.errors import check_type
from mmva_core.towers import ImageArray

if TYPE_CHECKING:
    from PIL.Image import Image

Picture: TypeAlias = "ImageArray | Image | Tensor"
"""uint8 (H, W, 3), a picture of Pillow, or a uint8 tensor (H, W, 3) or (3, H, W); RGB."""
Pictures: TypeAlias = "Picture | Sequence[Picture]"
"""One of these, or several."""
PICTURE_FORMS = "uint8 RGB arrays (H, W, 3), pictures of Pillow, or uint8 tensors"


def as_pictures(images: Pictures) -> list[ImageArray]:
    """Return one picture, or several, as uint8 arrays (H, W, 3).

    Raises:
        TypeError: a picture is of another type.
        ValueError: a picture has another shape.
    """
    is_one = getattr(images, "ndim", 0) == 3 or hasattr(images, "getexif")
    several = [images] if is_one else images
    is_several = isinstance(several, Iterable) and not isinstance(several, str | bytes)
    check_type("images", images, is_several, PICTURE_FORMS)
    return [_as_array(image) for image in cast("Sequence[Picture]", several)]


def _as_array(image: object) -> ImageArray:
    if hasattr(image, "getexif"):  # Pillow's; to import it costs 0.1 s that arrays do not need
        return inputs.upright_rgb(cast("Image", image))
    if isinstance(image, Tensor) and image.dtype == torch.uint8 and image.ndim == 3:
        has_channels_first = image.shape[0] == 3 and image.shape[2] != 3
        array: ImageArray = (image.permute(1, 2, 0) if has_channels_first else image).cpu().numpy()
        return array
    is_bytes = isinstance(image, np.ndarray) and image.dtype == np.uint8
    check_type("each of images", image, is_bytes, PICTURE_FORMS)
    return cast("ImageArray", image)  # the tower checks its shape
