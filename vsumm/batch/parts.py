"""Measure parts of a long film, each by itself, and put them together.

OUT/.vsumm/parts/KEY/    what is measured of a film, removed once it has its record
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from vsumm.analysis import film_to_measure
from vsumm.config import SummaryConfig
from vsumm.files import RecordCache
from vsumm.media import probe
from vsumm.score import (
    Film,
    Measurement,
    ModelSource,
    join_ranges,
    measure,
    measure_range,
    measurements_of,
    ranges_of,
)

Part = int | Literal["sound"]
"""The number of a range of the picture; or the sound, which is not split."""
UNBOUNDED = 2**63
"""More bytes than there can be parts of."""


class FilmParts:
    """The parts of one film.

    Args:
        output: the folder of results.
        key: of the film and its settings.
        path: the film.
        sha256: SHA-256 of its content.
        config: how it is scored.
        source: the model.
    """

    def __init__(
        self,
        output: Path,
        key: str,
        *,
        path: Path,
        sha256: str,
        config: SummaryConfig,
        source: ModelSource,
    ) -> None:
        self.cache = RecordCache(output / ".vsumm" / "parts" / key, UNBOUNDED)
        """Where they are kept."""
        self._path, self._sha256, self._config, self._source = path, sha256, config, source

    def measure(self, part: Part, num_ranges: int) -> None:
        """Measure one part, unless it is there.

        Raises:
            InputError: the film cannot be read or summarised.
            ModelError: the model cannot be loaded.
        """
        film, measurements = self._film()
        if part == "sound":
            sounds = [m for m in measurements if m.needs == "sound"]
            if sounds:
                measure(film, sounds, content=self._sha256, cache=self.cache)
            return
        pictures = [m for m in measurements if m.needs == "picture"]
        ranges = ranges_of(film, num_ranges)
        if pictures and part < len(ranges):
            rows = ranges[part]
            measure_range(film, pictures, rows, content=self._sha256, parts=self.cache)

    def join(self, num_ranges: int, cache: RecordCache) -> None:
        """Put the parts together in a cache, where the film is looked for.

        Raises:
            InputError: the film cannot be read or summarised.
        """
        film, measurements = self._film()
        ranges = ranges_of(film, num_ranges)
        join_ranges(film, measurements, ranges, content=self._sha256, parts=self.cache, cache=cache)

    def remove(self) -> None:
        """Remove them all."""
        shutil.rmtree(self.cache.folder, ignore_errors=True)

    def _film(self) -> tuple[Film, list[Measurement]]:
        film, signals = film_to_measure(probe(self._path), self._config, self._source)
        return film, measurements_of(signals, film.config)
