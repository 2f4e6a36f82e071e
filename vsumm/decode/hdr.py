"""Map HDR pictures to the range of an ordinary screen, for scoring and for the reel alike.

Light is expressed in units of diffuse white (203 cd/m2, ITU-R BT.2408). Up to the knee it is kept,
above it highlights are compressed; the gamut goes from BT.2020 to BT.709 by clipping. The mapping
is our own: a model trained on SDR pictures should see HDR film much like its SDR version. FFmpeg's
scaler has one too, which takes six seconds to set up.
"""

from __future__ import annotations

from functools import cache

import numpy as np

PQ, HLG = 16, 18
"""Transfer characteristics of HDR film, numbered as in ITU-T H.273."""

WHITE_NITS = 203.0
"""Luminance of diffuse white, cd/m2 (ITU-R BT.2408)."""

HLG_PEAK_NITS = 1000.0
"""Peak of the reference display of HLG, cd/m2; its system gamma is 1.2 (ITU-R BT.2100)."""

KNEE = 0.75
"""Light from which on highlights are compressed, in units of diffuse white."""

SCREEN_GAMMA = 2.4
"""Exponent of an SDR screen (ITU-R BT.1886)."""

TABLE_STEPS = 6
"""The table of colours has the square of this many points in each direction."""

BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
"""Linear RGB to linear RGB (ITU-R BT.2407)."""


def to_sdr(pixels: np.ndarray, transfer: int) -> np.ndarray:
    """Map uint16 (..., 3) BT.2020 RGB with an HDR transfer to uint16 (..., 3) BT.709 RGB."""
    light: np.ndarray = light_of_signal(transfer)[pixels] @ BT2020_TO_BT709.T
    np.clip(light, 0, None, out=light)
    above = 1 - np.exp(-np.maximum(light - KNEE, 0) / (1 - KNEE))
    light = np.where(light <= KNEE, light, KNEE + (1 - KNEE) * above)
    signal = light ** np.float32(1 / SCREEN_GAMMA)
    mapped: np.ndarray = np.rint(signal * 65535).astype(np.uint16)
    return mapped


@cache
def sdr_table(transfer: int) -> np.ndarray:
    """Return `to_sdr` as a table of colours for FFmpeg's filter "haldclut".

    A square picture, uint16 (H, W, 3) RGB, whose pixels, row by row, are what the colours of an
    even grid become: red runs fastest, then green, then blue. The filter interpolates between.
    """
    axis = np.linspace(0, 65535, TABLE_STEPS**2).round().astype(np.uint16)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    colours = to_sdr(np.stack([red, green, blue], axis=-1), transfer)
    return colours.reshape(TABLE_STEPS**3, TABLE_STEPS**3, 3)


@cache
def light_of_signal(transfer: int) -> np.ndarray:
    """Return the light of each 16-bit signal, float32 (65536,), in units of diffuse white.

    >>> float(light_of_signal(PQ)[round(0.5807 * 65535)].round(2))
    1.0
    """
    signal = np.linspace(0, 1, 1 << 16)
    nits = _pq_nits(signal) if transfer == PQ else _hlg_nits(signal)
    return (nits / WHITE_NITS).astype(np.float32)


def _pq_nits(signal: np.ndarray) -> np.ndarray:
    """Invert the perceptual quantiser, cd/m2 (SMPTE ST 2084)."""
    m1, m2 = 2610 / 16384, 2523 / 32
    c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
    root = signal ** (1 / m2)
    light: np.ndarray = 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return light


def _hlg_nits(signal: np.ndarray) -> np.ndarray:
    """Return hybrid log-gamma on its reference display, by channel, cd/m2 (ITU-R BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    light: np.ndarray = HLG_PEAK_NITS * scene**1.2
    return light
