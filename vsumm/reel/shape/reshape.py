"""Give upright pictures of a film the shape of the reel.

Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from vsumm.decode import PictureTarget, PictureWindow
from vsumm.reel.shape.geometry import Geometry, Shot, shot_at


class Reshaper:
    """Cuts the reel's pictures out of the film's, or puts them between bars, shot by shot."""

    def __init__(self, geometry: Geometry, shots: Sequence[Shot]) -> None:
        """Prepare.

        Args:
            geometry: sizes of the pictures.
            shots: what is shown of each shot, by their beginnings; the middle of the picture, or
                all of it if the geometry says so, where there are none.
        """
        self._geometry = geometry
        self._shots = shots
        self._window = PictureWindow(geometry.size, geometry.fitted_size)

    def film_target(self, target: PictureTarget) -> PictureTarget:
        """Return what whole pictures look like of which those of a target are made."""
        width, height = self._geometry.film_size
        return replace(target, width=width, height=height)

    def apply(self, frame: Any, seconds: float) -> Any:
        """Return the picture of the reel.

        Args:
            frame: the whole picture of the film.
            seconds: the instant of the film that it is shown for, on the presentation clock.
        """
        geometry = self._geometry
        if geometry.is_whole:
            return frame
        shot = shot_at(self._shots, seconds) or Shot(0.0, is_blurred=geometry.fit == "blur")
        if shot.is_blurred:
            return self._window.between_bars(frame)
        spare = [
            whole - part for whole, part in zip(geometry.film_size, geometry.size, strict=True)
        ]
        offset = [length / 2 for length in spare]
        whole = geometry.film_size[geometry.axis]
        wanted = shot.centre_at(seconds) * whole - geometry.size[geometry.axis] / 2
        offset[geometry.axis] = min(max(wanted, 0.0), spare[geometry.axis])
        # Colours of 4:2:0 lie on every other column and row.
        left, top = (round(length / 2) * 2 for length in offset)
        return self._window.cropped(frame, left, top)
