"""What a signal is: one number per segment, computed from what is measured of a film.

    Measurement   reads the picture or the sound as it is decoded, with others of its kind, and is
                  cached: what costs time
    Signal        one column of the summary, a pure function of measurements: what costs nothing

To add a signal, write a module in `signals/`, list it in `signals/catalogue.py`, and give it a
weight in `highlights.py`.

Letters: N segments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from vsumm.config import SummaryConfig
from vsumm.media import MediaInfo, Segment
from vsumm.score.model_source import ModelSource
from vsumm.score.once import Once

FloatArray = npt.NDArray[np.float64]
Need = Literal["picture", "sound"]
Arrays = Mapping[str, FloatArray]
"""Arrays by name, each with N rows; NaN where nothing could be measured."""


@dataclass(frozen=True)
class Film:
    """What is known of a film before anything of it is decoded."""

    info: MediaInfo
    """The file and its streams."""
    segments: Sequence[Segment]
    """N segments, chronological, without gaps."""
    config: SummaryConfig
    """The settings that were asked for."""
    source: ModelSource
    """The model, loaded on first use."""

    @property
    def num_segments(self) -> int:
        """N."""
        return len(self.segments)

    @cached_property
    def image_features(self) -> Once:
        """What the image tower makes of pictures."""
        return Once()

    @cached_property
    def music_features(self) -> Once:
        """What the music tower makes of windows of sound."""
        return Once()


class Meter(Protocol):
    """Measures a stream batch by batch: `Look`s of the picture, `SoundWindow`s of the sound."""

    def add(self, batch: Sequence[Any], /) -> None:
        """Take the next items, in the order of the film."""

    def result(self) -> Arrays:
        """Return the arrays of the measurement once the stream has ended."""


class SoundMeter(Meter, Protocol):
    """A meter of the sound."""

    around_seconds: float
    """Length of `SoundWindow.around` that it needs; 0 for the segment alone."""


@dataclass(frozen=True)
class Measurement:
    """What one meter measures, and all that its result depends on."""

    name: str
    """Tells its records in the cache from those of others."""
    needs: Need
    """The stream that the meter reads."""
    start: Callable[[Film], Meter]
    """Makes a meter; may load the model."""
    columns: Mapping[str, int]
    """Names of its arrays and their widths: 0 for shape (N,), W for shape (N, W)."""
    depends_on: Callable[[Film], Mapping[str, Any]] = field(default=lambda film: {})
    """Settings and constants, as plain values, that change the result, beside the film, its
    segments and the version of the program. None as a value: nothing can be cached."""
    is_wanted: Callable[[SummaryConfig], bool] = field(default=lambda config: True)
    """Whether the settings ask for it."""
    holds: bool = True
    """Where only key frames are read: whether a segment without one gets the result of the latest
    one before it that has any."""

    def missing(self, num_segments: int) -> Arrays:
        """Return the arrays of a stream of which nothing can be read: NaN throughout."""
        return {
            name: np.full((num_segments, width) if width else (num_segments,), np.nan)
            for name, width in self.columns.items()
        }


@dataclass(frozen=True)
class Signal:
    """One column of a summary."""

    name: str
    """Name of the column."""
    measurements: tuple[Measurement, ...]
    """What it is computed from; none for one that the segments alone decide."""
    compute: Callable[[Film, Arrays], FloatArray]
    """Returns shape (N,), NaN where there is nothing to say."""
    phrase: str
    """What a segment has where the signal is high, as in "much motion"."""


def measurements_of(signals: Sequence[Signal], config: SummaryConfig) -> list[Measurement]:
    """Return what the signals are computed from under these settings, each measurement once."""
    measurements = {m.name: m for signal in signals for m in signal.measurements}
    return [m for m in measurements.values() if m.is_wanted(config)]
