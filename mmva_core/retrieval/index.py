"""An index on disk: valence, arousal and embeddings of every window of many items.

    INDEX/index.json           what it was made with, and the names of the other files
    INDEX/items-<key>.json     one entry per item: name, modality, hash of its content, windows
    INDEX/va-<key>.npy         (W, 4) float32: valence, arousal, start and end in seconds
    INDEX/embeds-<key>.npy     (W, D) float32, rows of length 1

The arrays are memory-mapped: opening is immediate, and an index may be larger than memory. An
update writes files under a new key and then replaces `index.json`, so that a reader sees the old
index or the new one. Nothing here imports torch.

Search is exact: among 50,000 tracks of 20 windows it takes 0.1 s by valence and arousal and 0.7 s
by 512-d embeddings (measured on one core of a busy machine), so approximate search is not needed.

Letters in shapes: N items, W windows, D the size of an embedding, K answers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from mmva_core.config import Modality
from mmva_core.errors import DataError
from mmva_core.matching_score import score_of_distance
from mmva_core.retrieval.joint import JOINT_MODALITIES, JointHead
from mmva_core.retrieval.rank import (
    ROWS_AT_ONCE,
    FloatArray,
    IntArray,
    best_rows,
    cosines,
    top_k,
    va_distances,
)
from mmva_core.store import write_whole

HEADER_NAME = "index.json"
SCHEMA_VERSION = 1
"""Raise it whenever older code would misread the format."""
ARRAY_PREFIXES = ("items-", "va-", "embeds-")
"""Prefixes of the names of the other files."""
LEAST_SPEECH = 0.5
"""A recording in which somebody speaks without music for more than this share is no music."""
VA_COLUMNS = 4
"""Columns of the small array: valence, arousal, start and end of the window in seconds."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class IndexItem:
    """One file or sentence of an index."""

    name: str
    """Name of the file, relative to the folder that was indexed; or the sentence itself."""
    modality: Modality
    """Modality of the content."""
    sha256: str
    """Hash of its content."""
    num_windows: int
    """Number of windows; 1 for pictures and sentences."""
    speech: float | None = None
    """`speech_share` of music; None for all else, and in indexes of earlier versions."""

    @property
    def is_speech(self) -> bool:
        """Whether it is known to be speech rather than music."""
        return (self.speech or 0.0) > LEAST_SPEECH


@dataclass(frozen=True)
class IndexHeader:
    """Model and settings of an index."""

    schema_version: int
    """`SCHEMA_VERSION` at the time of writing."""
    model: str
    """Name or folder of the model."""
    fingerprint: str
    """`mmva_core.store.model_fingerprint` of the model."""
    sigma: float
    """The model's scale of Eq. 1."""
    root: str
    """Folder that names of files are relative to."""
    key: str = ""
    """Key in the names of the other files."""


@dataclass(frozen=True, eq=False)
class ItemRows:
    """The windows of one item; W is their number."""

    va: Floats
    """(W, 4) valence, arousal, start and end in seconds; NaN where there is no time."""
    embeds: Floats
    """(W, D) embeddings of length 1."""

    def __post_init__(self) -> None:
        if self.va.shape != (len(self.embeds), VA_COLUMNS) or self.embeds.ndim != 2:
            raise ValueError(f"rows do not fit: {self.va.shape} and {self.embeds.shape}")
        if len(self.va) == 0 or not (
            np.isfinite(self.va[:, :2]).all() and np.isfinite(self.embeds).all()
        ):
            raise ValueError("an item needs at least one window, and finite values")


@dataclass(frozen=True)
class Match:
    """A found item with its best window."""

    name: str
    """The item's name, as in `IndexItem`."""
    modality: Modality
    """Modality of the item."""
    score: float
    """Eq. 1 in (0, 1], or the cosine in [-1, 1]."""
    valence: float
    """Valence of the window, in [0, 1]."""
    arousal: float
    """Arousal of the window, in [0, 1]."""
    start_seconds: float | None
    """Start of the window; None for pictures and sentences."""
    end_seconds: float | None
    """End of the window; None for pictures and sentences."""
    num_windows: int
    """Number of windows of the item."""


class RetrievalIndex:
    """An index that can be searched.

    Args:
        header: model and settings.
        items: N items.
        va: (W, 4) rows of all items, one item after the other.
        embeds: (W, D) rows of length 1.

    Raises:
        ValueError: the arrays do not fit the items.
    """

    def __init__(
        self, header: IndexHeader, items: Sequence[IndexItem], va: Floats, embeds: Floats
    ) -> None:
        counts = [item.num_windows for item in items]
        self.offsets: IntArray = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        if va.shape != (self.offsets[-1], VA_COLUMNS) or len(embeds) != len(va):
            raise ValueError(
                f"{self.offsets[-1]} windows are named, arrays are {va.shape} and {embeds.shape}"
            )
        if min(counts, default=1) < 1:
            raise ValueError("every item needs at least one window")
        self.header = header
        self.items = tuple(items)
        self.va = va
        self.embeds = embeds

    def __len__(self) -> int:
        """Count the items."""
        return len(self.items)

    def __repr__(self) -> str:
        """Print sizes, not values."""
        return f"RetrievalIndex(items={len(self)}, windows={len(self.va)})"

    def rows_of(self, position: int) -> ItemRows:
        """Return the windows of an item."""
        rows = slice(*self.offsets[position : position + 2])
        return ItemRows(np.array(self.va[rows]), np.array(self.embeds[rows]))

    def search_va(
        self, query_va: Sequence[float], k: int = 5, *, modality: Modality | None = None
    ) -> list[Match]:
        """Find the items nearest to a point of the plane, by Eq. 1.

        Args:
            query_va: valence and arousal, in [0, 1].
            k: largest number of items.
            modality: only items of this modality.

        Returns:
            At most K items, best first, each with its best window; ties in the index's order.
        """
        query = np.asarray(query_va, dtype=np.float64)
        # Rank by distance: the exponential of Eq. 1 may round two neighbours to one number.
        distances = va_distances(query, self.va[:, :2])
        rows = self._best(-distances, k, modality)
        return self._matches(rows, score_of_distance(distances[rows], self.header.sigma))

    def search_embedding(
        self, embed: FloatArray | Floats, k: int = 5, *, modality: Modality | None = None
    ) -> list[Match]:
        """Find the items with the highest cosine to an embedding (D,); see `search_va`."""
        scores = cosines(embed, self.embeds)
        rows = self._best(scores, k, modality)
        return self._matches(rows, scores[rows])

    def search_joint(
        self,
        head: JointHead,
        embed: FloatArray | Floats,
        query_modality: Modality,
        k: int = 5,
        *,
        modality: Modality | None = None,
    ) -> list[Match]:
        """Find the music and captions nearest to an embedding (D,) in a joint space.

        Raises:
            DataError: pictures have no place in the space, neither as query nor as answer.
        """
        if modality is not None and modality not in JOINT_MODALITIES:
            raise DataError(f"the joint space is of music and captions, not of an {modality}")
        place = head.place(query_modality, np.asarray(embed)[None])[0]
        kind_of_row = np.repeat([item.modality for item in self.items], np.diff(self.offsets))
        scores = np.full(len(self.va), -np.inf, dtype=np.float32)
        for name in JOINT_MODALITIES:
            rows = np.flatnonzero(kind_of_row == name)
            for part in np.array_split(rows, -(-len(rows) // ROWS_AT_ONCE) or 1):
                scores[part] = head.place(name, self.embeds[part]) @ place
        best = self._best(scores, k, modality)
        best = best[np.isfinite(scores[best])]
        return self._matches(best, scores[best])

    def _best(self, scores: NDArray[Any], k: int, modality: Modality | None) -> IntArray:
        """Return the best row of each of the k best items."""
        rows = best_rows(scores, self.offsets)
        if modality is not None:
            rows = rows[[item.modality == modality for item in self.items]]
        return rows[top_k(scores[rows], k)]

    def _matches(self, rows: IntArray, scores: NDArray[Any]) -> list[Match]:
        positions = np.searchsorted(self.offsets, rows, side="right") - 1
        matches = []
        for row, position, score in zip(rows, positions, scores, strict=True):
            item = self.items[position]
            valence, arousal, start, end = (float(value) for value in self.va[row])
            has_time = not np.isnan(start)
            matches.append(
                Match(
                    name=item.name,
                    modality=item.modality,
                    score=float(score),
                    valence=valence,
                    arousal=arousal,
                    start_seconds=start if has_time else None,
                    end_seconds=end if has_time else None,
                    num_windows=item.num_windows,
                )
            )
        return matches


def load_index(folder: str | Path) -> RetrievalIndex:
    """Open an index without reading its arrays.

    Raises:
        DataError: there is no index, or it is damaged or of another version.
    """
    folder = Path(folder)
    if not (folder / HEADER_NAME).is_file():
        raise DataError(f"no index in {folder}: {HEADER_NAME} is missing; make one with mmva index")
    try:
        header = msgspec.json.decode((folder / HEADER_NAME).read_bytes(), type=IndexHeader)
        if header.schema_version != SCHEMA_VERSION:
            raise DataError(
                f"the index {folder} has version {header.schema_version}, this program reads "
                f"{SCHEMA_VERSION}: make it again with mmva index"
            )
        content = (folder / f"items-{header.key}.json").read_bytes()
        items = msgspec.json.decode(content, type=list[IndexItem])
        va, embeds = (
            np.load(folder / f"{name}-{header.key}.npy", mmap_mode="r") for name in ("va", "embeds")
        )
        return RetrievalIndex(header, items, va, embeds)
    except (msgspec.DecodeError, OSError, ValueError, EOFError) as error:
        raise DataError(
            f"the index {folder} is damaged ({error}); make it again with mmva index"
        ) from error


def save_index(
    folder: str | Path,
    header: IndexHeader,
    items: Sequence[IndexItem],
    rows_of: Callable[[int], ItemRows],
) -> RetrievalIndex:
    """Write an index, replacing an existing one atomically, and open it.

    Args:
        folder: the index; created if missing.
        header: model and settings; its `key` is replaced.
        items: N items, at least one.
        rows_of: returns the windows of the item at a position; called once for each, in order, so
            that memory need not hold all of them.

    Raises:
        ValueError: there is no item, or rows do not fit.
    """
    if not items:
        raise ValueError("an index needs at least one item")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    header = replace(header, key=secrets.token_hex(8))
    names = [f"items-{header.key}.json", f"va-{header.key}.npy", f"embeds-{header.key}.npy"]
    try:
        (folder / names[0]).write_bytes(msgspec.json.encode(list(items)))
        _write_arrays(folder / names[1], folder / names[2], items, rows_of)
        content = msgspec.json.format(msgspec.json.encode(header), indent=2)
        write_whole(folder / HEADER_NAME, lambda path: path.write_bytes(content))
    except BaseException:
        for name in names:
            (folder / name).unlink(missing_ok=True)
        raise
    _remove_older(folder, keep=names)
    return load_index(folder)


def _write_arrays(
    va_path: Path,
    embeds_path: Path,
    items: Sequence[IndexItem],
    rows_of: Callable[[int], ItemRows],
) -> None:
    total = sum(item.num_windows for item in items)
    first = rows_of(0)
    va = _new_array(va_path, (total, VA_COLUMNS))
    embeds = _new_array(embeds_path, (total, first.embeds.shape[1]))
    start = 0
    for position, item in enumerate(items):
        rows = first if position == 0 else rows_of(position)
        if len(rows.va) != item.num_windows:
            raise ValueError(f"{item.name} has {len(rows.va)} windows, not {item.num_windows}")
        va[start : start + len(rows.va)] = rows.va
        embeds[start : start + len(rows.va)] = rows.embeds
        start += len(rows.va)
    va.flush()
    embeds.flush()


def _new_array(path: Path, shape: tuple[int, int]) -> np.memmap[Any, np.dtype[np.float32]]:
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)


def _remove_older(folder: Path, *, keep: Sequence[str]) -> None:
    """Remove files of earlier versions; open ones may stay until the next update."""
    for path in folder.iterdir():
        if path.name.startswith(ARRAY_PREFIXES) and path.name not in keep:
            with suppress(OSError):
                path.unlink()
