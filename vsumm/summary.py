"""The result of a summarisation: what was scored, what was picked, and from which file."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, replace
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from vsumm import plotting
from vsumm.borders import SeenCuts
from vsumm.config import By, SummaryConfig
from vsumm.curve import curve_svg
from vsumm.errors import ScoresError
from vsumm.files import atomic_output, check_extension
from vsumm.media import DecodeReport, MediaInfo, Segment, merge_neighbours
from vsumm.split_edits import heard_pieces

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 4
"""Version of the JSON form; raised whenever a reader of the old form would misread the new."""
SIGNALS_OF_VERSION_1 = (
    "image_valence",
    "image_arousal",
    "motion",
    "music_valence",
    "music_arousal",
)
"""Fields of a segment in version 1, smoothed over its neighbours there."""


@dataclass(frozen=True)
class ScoredSegment:
    """One row of a summary. None stands where there was no signal: black, silence, unreadable."""

    start_seconds: float
    """First instant of the segment, seconds on the presentation clock."""
    end_seconds: float
    """First instant that no longer belongs to it."""
    signals: dict[str, float | None]
    """What was measured, by the name of the signal, not smoothed: "image_arousal", "motion", ..."""
    score: float | None
    """What the selection maximises, in [0, 1]; None, too, where some of it was to be skipped."""
    selected: bool
    """Whether the segment is part of the reel: more than half of it, where edges were moved."""

    @property
    def segment(self) -> Segment:
        """The piece of the presentation that this row is about."""
        return Segment(self.start_seconds, self.end_seconds)


@dataclass(frozen=True)
class TrackMatch:
    """A track of music at the place that goes along with the reel best."""

    file: Path
    """The track."""
    start_seconds: float
    """Where in it the reel begins."""
    score: float
    """How well it follows the reel, in (0, 1]; see `mmva_core.retrieval.trajectory`."""
    distance: float
    """Mean distance on the plane of valence and arousal."""
    correlation: float
    """Correlation of arousal over time, in [-1, 1]."""
    tempo: float | None = None
    """Beats per minute; None where they were not looked for."""
    cuts_on_beats: float | None = None
    """Share of the cuts of the reel that are within 80 ms of a beat, in [0, 1]; None as above."""
    title: str = ""
    """The piece, as the file says; empty where it says nothing, as below."""
    artist: str = ""
    """Who made or plays it, as the file says."""
    licence: str = ""
    """Licence or copyright notice, as the file says: who makes a reel public has to check it."""


@dataclass(frozen=True, repr=False)
class Summary:
    """Scores and selection for one file, with all that is needed to cut the reel again.

    Raises:
        ValueError: segments or pieces are not chronological and without overlap, the reel is longer
            than the budget, the order does not name each run once, or shifts of sound do not fit
            its cuts.
    """

    schema_version: int
    """`SCHEMA_VERSION` at the time of writing."""
    model: str
    """Name of the model that scored."""
    by: By
    """What the segments were scored by; "image" where "both" was asked of a silent film."""
    budget_seconds: float
    """Length that the reel may have."""
    config: SummaryConfig
    """The settings that were asked for, with the audio track that was taken."""
    media: MediaInfo
    """The file that was summarised."""
    input_sha256: str
    """SHA-256 of the file, hexadecimal."""
    segments: tuple[ScoredSegment, ...]
    """All segments, chronological."""
    image_report: DecodeReport | None = None
    """What was read of the picture, and by which decoder; None where it was not looked at."""
    music_report: DecodeReport | None = None
    """What was read of the sound, and by which decoder; None where it was not listened to."""
    reel: dict[str, Any] = field(default_factory=dict)
    """How its reel was made, where that is not as usual: fields of `vsumm.reel.ReelConfig`."""
    film_paths: tuple[Path, ...] = ()
    """Where the film lies, for who reads the JSON elsewhere: as seen from the folder of the JSON,
    and from the root. Empty where the JSON has no place of its own."""
    notes: tuple[str, ...] = ()
    """What a reader should know: a missing modality, unreadable parts, shortened segments."""
    soundtracks: tuple[TrackMatch, ...] = ()
    """Music that was found for the reel, best first; empty where none was looked for."""
    pieces: tuple[Segment, ...] = ()
    """What the reel consists of, chronological, where its edges were moved off the grid or a
    stretch was kept; empty where it consists of the selected segments."""
    order: tuple[int, ...] = ()
    """Numbers of the runs, counted from 0 in the order of the film, in the order in which the reel
    shows them; empty where it shows them in the order of the film."""
    sound_shifts: tuple[float, ...] = ()
    """By how much the sound of each cut between two runs comes later than its picture, seconds;
    negative where it comes earlier. Empty where sound is cut with the picture."""
    skipped: tuple[Segment, ...] = ()
    """What is never shown, chronological: as the settings say, and the credits that were found."""
    seen_cuts: SeenCuts | None = None
    """Where scoring saw that the film has cuts, or may have some; None where it did not look at
    successive frames. What was found around edges since is not among them."""

    def __post_init__(self) -> None:
        end_seconds = 0.0
        for row in self.segments:
            if row.signals.keys() != self.segments[0].signals.keys():
                raise ValueError(f"the signals at {row.start_seconds} s are not those at the start")
            if row.segment.start_seconds < end_seconds:
                raise ValueError(f"segments overlap at {row.start_seconds} s")
            end_seconds = row.end_seconds
        # A segment may end with the presentation; both come from the same number.
        if end_seconds > self.media.duration_seconds + 1e-6:
            raise ValueError(
                f"segments end at {end_seconds} s, after the film's {self.media.duration_seconds} s"
            )
        for before, after in pairwise(self.pieces):
            if after.start_seconds < before.end_seconds:
                raise ValueError(f"pieces overlap at {after.start_seconds} s")
        if self.pieces and self.pieces[-1].end_seconds > self.media.duration_seconds + 1e-6:
            raise ValueError(f"the pieces end after the film's {self.media.duration_seconds} s")
        if self.order and sorted(self.order) != list(range(len(self.runs_by_time))):
            raise ValueError(
                f"the order must name each of {len(self.runs_by_time)} runs once, got {self.order}"
            )
        heard_pieces(self.runs, self.sound_shifts)
        if len(self.film_paths) not in (0, 2):
            raise ValueError(f"film_paths are two paths or none, got {len(self.film_paths)}")
        # Durations are differences of seconds: they carry rounding errors far below a sample.
        if self.reel_seconds > self.budget_seconds + 1e-6:
            raise ValueError(
                f"the reel lasts {self.reel_seconds} s, more than the budget of "
                f"{self.budget_seconds} s"
            )

    def __repr__(self) -> str:
        runs = f"{len(self.runs)} run{'s' * (len(self.runs) != 1)}"
        return (
            f"<Summary of {self.media.path.name!r}: {self.selected_seconds:.1f} of "
            f"{self.media.duration_seconds:.1f} s in {runs}, by {self.by}>"
        )

    def _repr_html_(self) -> str:
        """Return the curve of the scores and the picks, for notebooks."""
        times = [(row.start_seconds, row.end_seconds) for row in self.segments]
        picks = [(run.start_seconds, run.end_seconds) for run in self.runs]
        curve = curve_svg(times, [row.score for row in self.segments], picks, title=repr(self))
        return f"<div><div>{escape(repr(self))}</div>{curve}</div>"

    @property
    def selected_seconds(self) -> float:
        """Length of the runs together, seconds."""
        return sum((run.duration_seconds for run in self.runs), 0.0)

    @property
    def reel_seconds(self) -> float:
        """Length of the reel as it was written: cross-fades make it shorter than its runs."""
        crossfade_seconds = float((self.reel or {}).get("crossfade_seconds") or 0.0)
        return self.selected_seconds - crossfade_seconds * max(len(self.runs) - 1, 0)

    @property
    def runs(self) -> list[Segment]:
        """What the reel consists of, in its order."""
        runs = self.runs_by_time
        return [runs[number] for number in self.order] if self.order else runs

    @property
    def runs_by_time(self) -> list[Segment]:
        """The same in the order of the film: the pieces, or the selected segments joined."""
        selected = (row.segment for row in self.segments if row.selected)
        return list(self.pieces) or merge_neighbours(selected)

    @property
    def signal_names(self) -> list[str]:
        """Names of the signals, in the order of the columns."""
        return list(self.segments[0].signals) if self.segments else []

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row per segment: times, signals, score and selection."""
        import pandas as pd  # here, since it costs half a second that only tables need

        rows = [
            [row.start_seconds, row.end_seconds, *row.signals.values(), row.score, row.selected]
            for row in self.segments
        ]
        names = ["start_seconds", "end_seconds", *self.signal_names, "score", "selected"]
        frame = pd.DataFrame(rows, columns=names)
        return frame.astype(dict.fromkeys(names[:-1], "float64"))

    def write_table(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the table of `to_frame`; the extension decides its form, .csv or .parquet.

        Raises:
            OutputError: the extension is another one, the package that writes Parquet is missing,
                or the file cannot be written.
        """
        suffix = check_table(path)
        with atomic_output(path, overwrite=overwrite) as partial:
            if suffix == ".csv":
                self.to_frame().to_csv(partial, index=False, lineterminator="\n")
            else:
                self.to_frame().to_parquet(partial, index=False)

    def plot(self, axes: Any = None, *, with_thumbnails: bool = True) -> Any:
        """Draw scores and picks over time with Matplotlib.

        Args:
            axes: Matplotlib's axes to draw on; new ones if left out.
            with_thumbnails: whether to show picks as pictures, read from the film; without them
                where it cannot be read.

        Returns:
            The axes.

        Raises:
            ImportError: Matplotlib is not installed.
        """
        if axes is None:
            try:
                import matplotlib.pyplot as plt  # here, since it is optional
            except ImportError as error:
                raise ImportError("plot needs Matplotlib: pip install matplotlib") from error
            _, axes = plt.subplots(figsize=(10, 3.5), layout="constrained")
        scores = [math.nan if row.score is None else row.score for row in self.segments]
        segments = [row.segment for row in self.segments]
        plotting.draw(
            axes, self.media, segments, scores, self.runs, with_thumbnails=with_thumbnails
        )
        axes.set_title(repr(self)[1:-1], fontsize="medium")
        return axes

    def placed_at(self, path: Path) -> Summary:
        """Return this summary as its JSON at `path` says it, with the way to the film."""
        film = self.media.path.absolute()
        relative = Path(os.path.relpath(film, path.absolute().parent))
        return replace(self, film_paths=(relative, film))

    def to_json(self) -> str:
        """Return the summary as JSON text; `from_json` gives an equal summary back."""
        return msgspec.json.format(msgspec.json.encode(self, enc_hook=_encode), indent=2).decode()

    @classmethod
    def from_json(cls, text: str) -> Summary:
        """Read a summary of this or an earlier version and check every field.

        Raises:
            ScoresError: the text is no JSON, a field is missing or has another type or range, or
                the schema is of a later version.
        """
        try:
            document = msgspec.json.decode(text, type=dict[str, Any])
            version = document.get("schema_version")
            if version in (1, 2, 3):
                _upgrade(document, version)
            elif version != SCHEMA_VERSION:
                raise ScoresError(
                    f"the summary has schema version {version}, this program reads 1 to "
                    f"{SCHEMA_VERSION}: summarise the file again"
                )
            return msgspec.convert(document, type=cls, dec_hook=_decode)
        except (msgspec.DecodeError, ValueError) as error:
            raise ScoresError(f"not a summary: {error}") from error


def check_table(path: str | os.PathLike[str]) -> str:
    """Return the form of a table by the extension of its path, in lower case.

    Raises:
        OutputError: tables are not written in that form.
    """
    return check_extension(path, (".csv", ".parquet"), said="a table is written as")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `Summary.to_json`."""
    return msgspec.json.schema(Summary, schema_hook=_schema_of)


def _schema_of(kind: type) -> dict[str, Any]:
    if issubclass(kind, Path):
        return {"type": "string"}
    raise NotImplementedError(f"no JSON Schema of {kind}")


def _upgrade(document: dict[str, Any], version: int) -> None:
    """Turn a document of an earlier version into one of this version, in place."""
    rows = document.get("segments")
    for row in rows if version == 1 and isinstance(rows, list) else ():
        if isinstance(row, dict):
            row["signals"] = {name: row.pop(name, None) for name in SIGNALS_OF_VERSION_1}
    # Version 2 has no pieces: its reel consists of the selected segments. Version 3 has no order:
    # its reel shows them in that of the film.
    document["schema_version"] = SCHEMA_VERSION


def _encode(value: object) -> Any:
    if isinstance(value, Path):
        # A name that is no UTF-8 has no exact JSON form; its odd bytes become question marks.
        return os.fsencode(value).decode("utf-8", "replace")
    raise NotImplementedError(f"no JSON form for {type(value)}")


def _decode(kind: type, value: Any) -> Any:
    if issubclass(kind, Path) and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(f"no {kind} from {value!r}")
