"""One palette for many pictures, as a GIF needs it.

A palette for every frame flickers and makes the file larger.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

NUM_COLOURS = 256
"""Colours of the palette."""
SAMPLE_WIDTH, NUM_SAMPLES = 96, 48
"""Pictures that it is made from, at most, and their width."""


def common_palette(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return a picture with the palette that suits all of them, made from a mosaic of some."""
    chosen = pictures[:: max(1, -(-len(pictures) // NUM_SAMPLES))]
    tiles = [np.asarray(_small(picture.convert("RGB"))) for picture in chosen]
    width = max(tile.shape[1] for tile in tiles)
    tiles = [np.pad(tile, ((0, 0), (0, width - tile.shape[1]), (0, 0)), "edge") for tile in tiles]
    mosaic = Image.fromarray(np.concatenate(tiles, axis=0))
    return mosaic.quantize(NUM_COLOURS, method=Image.Quantize.MEDIANCUT)


def indexed(picture: Image.Image, palette: Image.Image) -> Image.Image:
    """Return an RGB picture in the colours of a palette.

    Dithering makes a file a third larger; without it skies and faces show bands.
    """
    return picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def _small(picture: Image.Image) -> Image.Image:
    if picture.width <= SAMPLE_WIDTH:
        return picture
    height = max(1, round(picture.height * SAMPLE_WIDTH / picture.width))
    return picture.resize((SAMPLE_WIDTH, height))
