"""Read a picture file as an upright uint8 RGB array."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mmva_core.errors import DataError
from mmva_core.towers import ImageArray

WHITE = (255, 255, 255)


def read_image_file(path: str | Path) -> ImageArray:
    """Decode a picture of any format that Pillow knows.

    Apply the camera's orientation, composite transparency on white, and read the first picture of
    an animation.

    Args:
        path: picture file.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        DataError: the file is missing, damaged or no picture.
    """
    try:
        with Image.open(path) as file:
            return upright_rgb(file)
    except FileNotFoundError as error:
        raise DataError(f"no such file: {path}") from error
    except UnidentifiedImageError as error:
        raise DataError(f"{path} is not a picture that can be read") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"cannot decode the picture {path}: {error}") from error


def upright_rgb(image: Image.Image) -> ImageArray:
    """Turn a picture of Pillow as its camera says, put it on white where it is transparent.

    Returns:
        (H, W, 3) uint8, RGB.
    """
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        upright = Image.new("RGB", layer.size, WHITE)
        upright.paste(layer, mask=layer.getchannel("A"))
    if upright.mode.startswith("I;16"):  # Pillow would clip 16 bits to 8
        upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
    return np.array(upright.convert("RGB"))
