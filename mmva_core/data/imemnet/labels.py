"""Read IMEMNet-C: label tables, a folder of pictures and one of clips.

`image_va.csv` has the columns row id, `img`, `valence`, `arousal`; `music_va.csv` row id, clip id,
valence, arousal, caption (github.com/schoi828/IMEMNet-C). A picture lies at `<img>.jpg` or `.JPG`,
a clip at `<clip id>.wav` or `.WAV`; clip "725-16" is the 16th two-second clip of DEAM song 725.
A report counts every problem of the labels, and a policy decides about each kind.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from mmva_core.errors import DataError

DuplicatePolicy = Literal["error", "drop", "first", "mean"]
"""Treatment of ids with several rows; "drop" removes all rows of the id. In IMEMNet-C some of them
are different pictures whose ids lost a decimal (IAPS 2900 and 2900.1)."""
RangePolicy = Literal["error", "drop", "clip"]
"""Treatment of labels outside [0, 1]."""
MissingPolicy = Literal["error", "drop"]
"""Treatment of samples whose file is missing."""

IMAGE_SUFFIXES = (".jpg", ".JPG", ".jpeg", ".png")
MUSIC_SUFFIXES = (".wav", ".WAV", ".mp3", ".flac", ".ogg")
EXAMPLES_NAMED = 3
"""Number of ids in a message."""


@dataclass(frozen=True)
class Policies:
    """Treatment of problems in a data set; the default is to stop."""

    duplicates: DuplicatePolicy = "error"
    """Ids with several rows."""
    out_of_range: RangePolicy = "error"
    """Labels outside [0, 1]."""
    missing: MissingPolicy = "error"
    """Samples without a file."""

    def __post_init__(self) -> None:
        for name, kind in (
            ("duplicates", DuplicatePolicy),
            ("out_of_range", RangePolicy),
            ("missing", MissingPolicy),
        ):
            if getattr(self, name) not in get_args(kind):
                allowed = ", ".join(get_args(kind))
                raise ValueError(f"{name} must be one of {allowed}, got {getattr(self, name)!r}")


@dataclass(frozen=True)
class Sample:
    """One labelled picture or clip."""

    id: str
    """Name in the label table."""
    valence: float
    """In [0, 1]."""
    arousal: float
    """In [0, 1]."""
    caption: str = ""
    """Caption of a clip."""

    @property
    def song(self) -> str:
        """Song of a clip id such as "725-16"."""
        return self.id.rpartition("-")[0] or self.id


@dataclass(frozen=True)
class LabelReport:
    """Problems of a label table, and the samples that remain."""

    source: str
    """The table."""
    num_rows: int
    """Rows of the table, without its header."""
    duplicates: Mapping[str, int]
    """Ids with several rows, and how many."""
    out_of_range: tuple[str, ...]
    """Ids with a label outside [0, 1]."""
    missing_files: tuple[str, ...] = ()
    """Ids without a file."""
    num_samples: int = 0
    """Samples that remain."""

    @property
    def num_surplus_rows(self) -> int:
        """Rows beyond the first of their id."""
        return sum(self.duplicates.values()) - len(self.duplicates)

    def lines(self) -> list[str]:
        """Return the report as text, one line for each finding."""
        found = [f"{self.source}: {self.num_rows} rows, {self.num_samples} samples kept"]
        if self.duplicates:
            found.append(
                f"  {len(self.duplicates)} ids have several rows, {self.num_surplus_rows} surplus: "
                f"{_examples(list(self.duplicates))}"
            )
        if self.out_of_range:
            found.append(
                f"  {len(self.out_of_range)} labels outside [0, 1]: {_examples(self.out_of_range)}"
            )
        if self.missing_files:
            found.append(
                f"  {len(self.missing_files)} files missing: {_examples(self.missing_files)}"
            )
        return found


def read_labels(
    path: str | Path, policies: Policies | None = None
) -> tuple[tuple[Sample, ...], LabelReport]:
    """Read a label table of pictures or clips.

    Columns are found by name ("img" or any name with "id", valence, arousal, caption), in any case.

    Args:
        path: the CSV file.
        policies: treatment of duplicates and labels outside [0, 1].

    Raises:
        DataError: the file is missing or malformed, or a policy says to stop.
    """
    policies = policies or Policies()
    rows = _read_rows(Path(path))
    counts = Counter(row.id for row in rows)
    duplicates = {name: count for name, count in counts.items() if count > 1}
    if duplicates and policies.duplicates == "error":
        raise DataError(
            f"{path}: {len(duplicates)} ids have several rows ({_examples(list(duplicates))}); "
            "decide with duplicates = drop, first or mean"
        )
    beyond = tuple(row.id for row in rows if not _in_range(row))
    if beyond and policies.out_of_range == "error":
        raise DataError(
            f"{path}: {len(beyond)} labels outside [0, 1] ({_examples(beyond)}); "
            "decide with out_of_range = drop or clip"
        )
    kept = _resolve_range(rows, policies.out_of_range)
    samples = _resolve_duplicates(kept, duplicates, policies.duplicates)
    return samples, LabelReport(str(path), len(rows), duplicates, beyond, num_samples=len(samples))


def find_files(ids: Sequence[str], folder: str | Path, suffixes: Sequence[str]) -> dict[str, Path]:
    """Find the files of ids in a folder, at any depth.

    Args:
        ids: names without suffix.
        folder: folder to search.
        suffixes: suffixes, the preferred one first.

    Returns:
        Files by id; ids without a file are left out.

    Raises:
        DataError: the folder does not exist.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"no such folder: {root}")
    wanted, rank = set(ids), {suffix: index for index, suffix in enumerate(suffixes)}
    found: dict[str, Path] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix not in rank or path.stem not in wanted:
            continue
        known = found.get(path.stem)
        if known is None or rank[path.suffix] < rank[known.suffix]:
            found[path.stem] = path
    return found


def attach_files(
    samples: Sequence[Sample],
    report: LabelReport,
    folder: str | Path,
    suffixes: Sequence[str],
    policy: MissingPolicy = "error",
) -> tuple[tuple[Sample, ...], dict[str, Path], LabelReport]:
    """Find the file of every sample.

    Returns:
        Samples with a file, the files by id, and the report with the missing files.

    Raises:
        DataError: files are missing and the policy says to stop, or all are.
    """
    files = find_files([sample.id for sample in samples], folder, suffixes)
    missing = tuple(sample.id for sample in samples if sample.id not in files)
    if missing and (policy == "error" or not files):
        raise DataError(
            f"{len(missing)} of {len(samples)} files are missing in {folder} "
            f"({_examples(missing)}); complete the folder, or decide with missing = drop"
        )
    kept = tuple(sample for sample in samples if sample.id in files)
    completed = LabelReport(
        report.source,
        report.num_rows,
        report.duplicates,
        report.out_of_range,
        missing,
        len(kept),
    )
    return kept, files, completed


def read_match_list(path: str | Path) -> tuple[tuple[str, str, float], ...]:
    """Read an official IMEMNet match list: lines "clip id, picture id, score".

    The official validation list lies inside the test list: never select on it.

    Returns:
        (clip id, picture id, score) of each line.

    Raises:
        DataError: the file is missing or a line is malformed.
    """
    pairs = []
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the match list {path}: {error}") from error
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields:
            continue
        try:
            clip, image, score = fields
            pairs.append((clip, image, float(score)))
        except ValueError as error:
            raise DataError(
                f"{path}, line {number}: expected 'clip picture score', got {line!r}"
            ) from error
    return tuple(pairs)


def match_rows(
    pairs: Sequence[tuple[str, str, float]], image_ids: Sequence[str], music_ids: Sequence[str]
) -> tuple[list[tuple[int, int]], int]:
    """Turn a match list into rows of pictures and clips.

    Returns:
        (picture row, clip row) of each pair that is there, and how many are not.
    """
    image_row = {name: row for row, name in enumerate(image_ids)}
    music_row = {name: row for row, name in enumerate(music_ids)}
    rows = [
        (image_row[image], music_row[clip])
        for clip, image, _ in pairs
        if image in image_row and clip in music_row
    ]
    return rows, len(pairs) - len(rows)


def _read_rows(path: Path) -> list[Sample]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = _find_columns(reader.fieldnames or [], path)
            return [
                _parse_row(row, columns, path, number) for number, row in enumerate(reader, start=2)
            ]
    except FileNotFoundError as error:
        raise DataError(f"no such file: {path}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read the labels {path}: {error}") from error


def _find_columns(names: Sequence[str], path: Path) -> dict[str, str]:
    """Map "id", "valence", "arousal" and, where there is one, "caption" to columns."""
    # The first column is a row number without a name or called "row id".
    by_name = {name.strip().lower(): name for name in names}
    ids = [name for name in by_name if name == "img" or ("id" in name and "row" not in name)]
    columns = {key: by_name[key] for key in ("valence", "arousal", "caption") if key in by_name}
    if not ids or not {"valence", "arousal"} <= columns.keys():
        raise DataError(
            f"{path}: expected columns for the id, valence and arousal, got {', '.join(names)}"
        )
    return columns | {"id": by_name[ids[0]]}


def _parse_row(
    row: Mapping[str, str | None], columns: Mapping[str, str], path: Path, number: int
) -> Sample:
    try:
        name = (row[columns["id"]] or "").strip()
        valence, arousal = (float(row[columns[key]] or "") for key in ("valence", "arousal"))
    except ValueError as error:
        raise DataError(f"{path}, line {number}: {error}") from error
    if not name:
        raise DataError(f"{path}, line {number}: the id is empty")
    caption = (row.get(columns["caption"]) or "").strip() if "caption" in columns else ""
    return Sample(name, valence, arousal, caption)


def _in_range(sample: Sample) -> bool:
    return 0 <= sample.valence <= 1 and 0 <= sample.arousal <= 1  # False for NaN


def _resolve_range(samples: Sequence[Sample], policy: RangePolicy) -> list[Sample]:
    if policy != "clip":
        return [sample for sample in samples if _in_range(sample)]
    return [
        Sample(
            sample.id,
            min(max(sample.valence, 0.0), 1.0),
            min(max(sample.arousal, 0.0), 1.0),
            sample.caption,
        )
        for sample in samples
        if not (math.isnan(sample.valence) or math.isnan(sample.arousal))
    ]


def _resolve_duplicates(
    samples: Sequence[Sample], duplicates: Mapping[str, int], policy: DuplicatePolicy
) -> tuple[Sample, ...]:
    by_id: dict[str, list[Sample]] = {}
    for sample in samples:
        by_id.setdefault(sample.id, []).append(sample)
    if policy == "drop":
        return tuple(rows[0] for name, rows in by_id.items() if name not in duplicates)
    if policy == "first":
        return tuple(rows[0] for rows in by_id.values())
    return tuple(
        Sample(
            name,
            sum(row.valence for row in rows) / len(rows),
            sum(row.arousal for row in rows) / len(rows),
            rows[0].caption,
        )
        for name, rows in by_id.items()
    )


def _examples(names: Sequence[str]) -> str:
    shown = ", ".join(names[:EXAMPLES_NAMED])
    return f"{shown}, …" if len(names) > EXAMPLES_NAMED else shown
