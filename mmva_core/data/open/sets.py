"""Open affect data behind one interface: OASIS, EmoBank, 4QAED, Emotify and VGMIDI.

Letters: `N` items of a set.

Every set has a scale of its own (ratings from 1 to 7, classes, sums of shares). One rule, ours,
maps them to one valence/arousal plane: the mean of a set becomes 0.5 and one standard deviation
0.2, separately for valence and arousal, clipped to [0, 1]. `LabelScale` holds mean and deviation of
each set as constants, so that the target of an item does not depend on the other items that are
read.

None of the sets comes with the package. Their terms (research use, citation) are named in the
model card of `mmva-lite`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmva_core.config import Modality
from mmva_core.errors import DataError

PLANE_CENTRE = 0.5
"""Valence and arousal of a set's mean."""
PLANE_DEVIATION = 0.2
"""Valence or arousal of one standard deviation of a set."""
UNKNOWN_GROUP = "unknown"
"""Prefix of the group of an item without a known artist."""


@dataclass(frozen=True)
class LabelScale:
    """Map from raw labels to the plane; (valence, arousal) pairs in the set's own unit."""

    mean: tuple[float, float]
    """Raw label that becomes 0.5."""
    deviation: tuple[float, float]
    """Raw distance that becomes 0.2."""

    def to_plane(self, raw: NDArray[np.float64]) -> NDArray[np.float32]:
        """Map raw labels onto the plane.

        Args:
            raw: (N, 2), valence first, in the set's own unit; NaN stays NaN.

        Returns:
            (N, 2) in [0, 1].

        >>> scale = LabelScale(mean=(4.0, 3.0), deviation=(1.0, 0.5))
        >>> scale.to_plane(np.array([[5.0, 3.0]])).round(3).tolist()
        [[0.699999988079071, 0.5]]
        """
        z_scores = (raw - np.asarray(self.mean)) / np.asarray(self.deviation)
        on_plane = np.clip(PLANE_CENTRE + PLANE_DEVIATION * z_scores, 0, 1)
        return np.asarray(on_plane, dtype=np.float32)


# Mean and population deviation of each set (EmoBank: its training split; VGMIDI: bars).
OASIS_SCALE = LabelScale(mean=(4.2519, 3.5815), deviation=(1.2612, 0.8232))
EMOBANK_SCALE = LabelScale(mean=(2.9783, 3.0441), deviation=(0.3502, 0.2622))
QAED_SCALE = LabelScale(mean=(0.5, 0.5), deviation=(0.5, 0.5))
EMOTIFY_SCALE = LabelScale(mean=(0.6335, -0.1912), deviation=(0.4906, 0.9249))
VGMIDI_SCALE = LabelScale(mean=(0.1483, 0.0988), deviation=(0.2369, 0.2682))


@dataclass(frozen=True, repr=False)
class OpenSet:
    """Items of one open affect set with valence and arousal.

    Exactly one of `paths` and `texts` is filled. Everything has `N` entries in the same order.
    """

    name: str
    """Name of the set, in lower case."""
    modality: Modality
    """Modality of the items."""
    ids: tuple[str, ...]
    """Name of each item, unique inside the set."""
    va: NDArray[np.float32]
    """(N, 2) valence and arousal in [0, 1], by the rule of this module."""
    raw_va: NDArray[np.float64]
    """(N, 2) labels in the set's own unit."""
    groups: tuple[str, ...]
    """Theme, artist, series or document, not to be split between training and testing."""
    folds: tuple[str, ...] | None = None
    """The set's own split, if any: fold number of OASIS; train, dev or test of EmoBank."""
    paths: tuple[Path, ...] = ()
    """Picture, audio or MIDI file of each item."""
    texts: tuple[str, ...] = ()
    """Sentence of each item."""
    spans_seconds: NDArray[np.float64] | None = None
    """(N, 2) start and end inside the file, for items that are parts of one (VGMIDI bars)."""

    def __post_init__(self) -> None:
        """Refuse parts of unequal length, items twice and targets outside the plane."""
        count = len(self.ids)
        lengths = {
            "va": len(self.va),
            "raw_va": len(self.raw_va),
            "groups": len(self.groups),
            "folds": count if self.folds is None else len(self.folds),
            "paths + texts": len(self.paths) + len(self.texts),
            "spans_seconds": count if self.spans_seconds is None else len(self.spans_seconds),
        }
        for field, length in lengths.items():
            if length != count:
                raise ValueError(f"{field} of {self.name} has {length} entries for {count} ids")
        if len(set(self.ids)) != count:
            raise DataError(f"{self.name} names an item twice; remove the surplus rows")
        if np.isnan(self.va).any() or self.va.min(initial=0) < 0 or self.va.max(initial=0) > 1:
            raise DataError(f"{self.name} has a label that is missing or outside its scale")

    def __len__(self) -> int:
        """Count the items."""
        return len(self.ids)

    def __repr__(self) -> str:
        """Print sizes, not labels."""
        groups = len(set(self.groups))
        return f"OpenSet({self.name!r}, {self.modality!r}, N={len(self)}, groups={groups})"


def load_oasis(root: Path) -> OpenSet:
    """Read OASIS pictures: about 100 raters each, 1 to 7 (Kurdi et al. 2017).

    Args:
        root: folder that holds `oasis/oasis.csv`.

    Returns:
        Pictures grouped by theme; `folds` keep a theme whole.

    Raises:
        DataError: a file or column is missing.
    """
    folder = root / "oasis"
    table = read_table(folder / "oasis.csv", ("file", "theme", "fold", "valence", "arousal"))
    return OpenSet(
        name="oasis",
        modality="image",
        ids=_strings(table["file"]),
        groups=_strings(table["theme"]),
        folds=_strings(table["fold"]),
        paths=_existing(folder, table["file"]),
        **_labels(table, OASIS_SCALE),
    )


def load_emobank(root: Path) -> OpenSet:
    """Read EmoBank sentences: valence and arousal from 1 to 5, own split (Buechel and Hahn 2017).

    Args:
        root: folder that holds `text/emobank.csv`.

    Returns:
        Sentences grouped by document (the id without its character range); `folds` are train,
        dev and test.

    Raises:
        DataError: a file or column is missing.
    """
    table = read_table(root / "text" / "emobank.csv", ("id", "split", "V", "A", "text"))
    table = table.rename(columns={"V": "valence", "A": "arousal"})
    return OpenSet(
        name="emobank",
        modality="caption",
        ids=_strings(table["id"]),
        groups=tuple(name.rsplit("_", 2)[0] for name in _strings(table["id"])),
        folds=_strings(table["split"]),
        texts=_strings(table["text"]),
        **_labels(table, EMOBANK_SCALE),
    )


def load_4qaed(root: Path) -> OpenSet:
    """Read 4QAED clips: high or low arousal and valence from mood words (Panda et al. 2018).

    Args:
        root: folder that holds `music/4qaed`.

    Returns:
        Clips grouped by artist; the classes lie at 0.3 and 0.7 on the plane.

    Raises:
        DataError: a file or column is missing.
    """
    return _load_clips(root / "music" / "4qaed", "4qaed", QAED_SCALE)


def load_emotify(root: Path) -> OpenSet:
    """Read Emotify songs: sums of shares of listeners who picked a feeling (Aljanaki et al. 2015).

    Args:
        root: folder that holds `music/emotify`.

    Returns:
        Songs grouped by artist. The labels are proxies made of the shares; nobody rated arousal
        or valence.

    Raises:
        DataError: a file or column is missing.
    """
    return _load_clips(root / "music" / "emotify", "emotify", EMOTIFY_SCALE)


def load_vgmidi(root: Path) -> OpenSet:
    """Read VGMIDI bars: sliders from -1 to 1, mean over people (Ferreira and Whitehead 2019).

    Args:
        root: folder that holds `music/vgmidi`.

    Returns:
        Bars, as spans of MIDI files, grouped by game series. The caller has to render the MIDI.

    Raises:
        DataError: a file or column is missing.
    """
    folder = root / "music" / "vgmidi"
    pieces = read_table(folder / "labels.csv", ("piece", "file", "group"))
    bars = read_table(
        folder / "vgmidi_bars.csv",
        ("piece", "bar", "start_seconds", "end_seconds", "valence", "arousal"),
    )
    table = bars.merge(pieces[["piece", "file", "group"]], on="piece", how="left", validate="m:1")
    if table["file"].isna().any():
        raise DataError(
            f"{folder / 'labels.csv'} lacks a piece that vgmidi_bars.csv names; repair the tables"
        )
    return OpenSet(
        name="vgmidi",
        modality="music",
        ids=tuple(
            f"{piece}#{bar}" for piece, bar in zip(table["piece"], table["bar"], strict=True)
        ),
        groups=_strings(table["group"]),
        paths=_existing(folder / "midi", table["file"]),
        spans_seconds=_numbers(table, ("start_seconds", "end_seconds")),
        **_labels(table, VGMIDI_SCALE),
    )


OPEN_SETS: dict[str, Callable[[Path], OpenSet]] = {
    "oasis": load_oasis,
    "emobank": load_emobank,
    "4qaed": load_4qaed,
    "emotify": load_emotify,
    "vgmidi": load_vgmidi,
}


def subset(items: OpenSet, rows: Sequence[int] | NDArray[np.intp]) -> OpenSet:
    """Take some items of a set.

    Args:
        items: the set.
        rows: positions of the items, in the order of the result.

    Returns:
        A set with these items only.
    """
    index = np.asarray(rows, dtype=np.intp)

    def take(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(values[row] for row in index) if values else ()

    return replace(
        items,
        ids=take(items.ids),
        va=items.va[index],
        raw_va=items.raw_va[index],
        groups=take(items.groups),
        folds=None if items.folds is None else take(items.folds),
        paths=take(items.paths),
        texts=take(items.texts),
        spans_seconds=None if items.spans_seconds is None else items.spans_seconds[index],
    )


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a label table as text, without conversion to numbers.

    Args:
        path: CSV file.
        columns: required columns.

    Raises:
        DataError: the file is missing or unreadable, or lacks a column.
    """
    try:
        # Keep "null" and "NA", which may be sentences; numbers are converted later.
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise DataError(
            f"{path} is missing; point VSUMM_DATA at the folder that holds it"
        ) from error
    except (ValueError, OSError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise DataError(f"{path} lacks the columns {', '.join(missing)}")
    return table


def _load_clips(folder: Path, name: str, scale: LabelScale) -> OpenSet:
    columns = ("file", "group", "valence", "arousal")
    table = read_table(folder / "labels.csv", columns)
    files = _strings(table["file"])
    groups = [
        group or f"{UNKNOWN_GROUP} {file}"
        for group, file in zip(_strings(table["group"]), files, strict=True)
    ]
    return OpenSet(
        name=name,
        modality="music",
        ids=files,
        groups=tuple(groups),
        paths=_existing(folder / "audio", table["file"]),
        **_labels(table, scale),
    )


def _labels(table: pd.DataFrame, scale: LabelScale) -> dict[str, Any]:
    raw = _numbers(table, ("valence", "arousal"))
    return {"va": scale.to_plane(raw), "raw_va": raw}


def _numbers(table: pd.DataFrame, columns: tuple[str, ...]) -> NDArray[np.float64]:
    try:
        numbers = table[list(columns)].to_numpy(np.float64)
    except ValueError as error:
        raise DataError(f"{' or '.join(columns)} holds something that is no number") from error
    return np.asarray(numbers)


def _strings(column: pd.Series[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in column)


def _existing(folder: Path, names: pd.Series[Any]) -> tuple[Path, ...]:
    paths = tuple(folder / str(name) for name in names)
    missing = [path for path in dict.fromkeys(paths) if not path.is_file()]
    if missing:
        raise DataError(f"{len(missing)} files are missing, the first is {missing[0]}")
    return paths
