"""Build an index; every content is encoded once.

Encoded contents stay in the index's folder until the index is complete, so that an interrupted
build resumes, and a repeated one encodes only new and changed contents. If there are none, the
model is not loaded.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from tqdm import tqdm

from mmva_core.engines import Engine
from mmva_core.errors import CheckpointError, DataError, MmvaError
from mmva_core.retrieval.encoder import Encoder, encode_by
from mmva_core.retrieval.index import (
    ARRAY_PREFIXES,
    HEADER_NAME,
    SCHEMA_VERSION,
    VA_COLUMNS,
    Floats,
    IndexHeader,
    IndexItem,
    ItemRows,
    RetrievalIndex,
    load_index,
    save_index,
)
from mmva_core.retrieval.sources import Source
from mmva_core.store import find_folder, model_fingerprint, read_config, write_whole

if TYPE_CHECKING:
    from mmva_core.retrieval.encode import Content

PENDING_PREFIX = "encoded-"
"""Prefix of the folder of encoded contents in an incomplete index, one file each."""

logger = logging.getLogger(__name__)

First = TypeVar("First")
Second = TypeVar("Second")


@dataclass(frozen=True)
class BuildReport:
    """The outcome of a build."""

    index: RetrievalIndex
    """The index, open."""
    num_encoded: int
    """Items encoded by this build."""
    problems: tuple[str, ...]
    """One line for each source that could not be indexed."""

    @property
    def num_reused(self) -> int:
        """Items encoded by earlier builds."""
        return len(self.index) - self.num_encoded


def build_index(
    sources: Sequence[Source],
    folder: Path,
    model_name: str,
    *,
    root: Path,
    device: str = "cpu",
    engine: Engine | None = None,
    progress: bool = False,
) -> BuildReport:
    """Encode new and changed contents and write an index.

    Args:
        sources: what to index.
        folder: the index. An existing one is updated: items that are no longer among the sources
            are removed.
        model_name: embedded model, folder or hub id.
        root: folder that names of files are relative to, stored in the index.
        device: where to run the model: "auto", "cpu" or "cuda".
        engine: who encodes; None: this process. All machines of a cluster must have the model and
            the files under the same paths.
        progress: show a progress bar on stderr.

    Raises:
        CheckpointError: the model cannot be loaded or was never trained.
        DataError: nothing could be indexed, or the folder holds other files.
    """
    if not sources:
        raise DataError("there is nothing to index")
    header = new_header(model_name, root)
    store = _Store(folder, header.fingerprint)
    encoder = Encoder(model_name, device)
    reader = _Reader(encoder, store)
    items, problems, num_encoded = [], [], 0
    if engine is not None:
        with tqdm(desc="encoding", disable=not progress, leave=False) as bar:
            num_encoded = reader.encode_new(sources, engine, bar.update)
    bar = tqdm(total=len(sources), desc="indexing", disable=not progress, leave=False)
    # A second thread reads and decodes the next file while the model encodes this one.
    for source, outcome in _one_ahead(sources, reader.prepare):
        bar.update()
        if isinstance(outcome, MmvaError):
            problems.append(f"{source.name}: {outcome}")
            continue
        digest, content = outcome
        if content is not None and not store.has(digest):
            try:
                store.add(digest, *encoder.encode(source, content))
            except DataError as error:
                problems.append(f"{source.name}: {error}")
                continue
            num_encoded += 1
        num_windows, speech = store.num_windows(digest), store.speech(digest)
        items.append(IndexItem(source.name, source.modality, digest, num_windows, speech))
    bar.close()
    if not items:
        raise DataError(f"nothing could be indexed; {problems[0]}")
    index = save_index(folder, header, items, lambda place: store.rows(items[place].sha256))
    store.discard_pending()
    return BuildReport(index, num_encoded, tuple(problems))


def new_header(model_name: str, root: Path) -> IndexHeader:
    """Return the header of a new index.

    Raises:
        CheckpointError: there is no such model, or it was never trained.
    """
    folder = find_folder(model_name)
    sigma = read_config(folder).sigma
    if sigma is None:
        raise CheckpointError(f"model {model_name!r} was never trained: its sigma is not set")
    # Folders are stored as absolute paths, to be found from any working directory.
    name = str(folder.resolve()) if Path(model_name).is_dir() else model_name
    return IndexHeader(SCHEMA_VERSION, name, model_fingerprint(folder), sigma, str(root.resolve()))


class _Store:
    """Rows by hash of content: those of the existing index, and those encoded since."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        if folder.is_file() or (
            folder.is_dir() and not (folder / HEADER_NAME).exists() and _holds_foreign(folder)
        ):
            raise DataError(f"{folder} is there already and is no index; name another folder")
        self._old: RetrievalIndex | None = None
        if (folder / HEADER_NAME).exists():
            try:
                old = load_index(folder)
                self._old = old if old.header.fingerprint == fingerprint else None
            except DataError as error:
                logger.warning("everything is encoded again: %s", error)
        items = self._old.items if self._old else ()
        self._place = {
            item.sha256: place
            for place, item in enumerate(items)
            if item.modality != "music" or item.speech is not None  # or of an earlier version
        }
        self._folder = folder
        self._pending = folder / f"{PENDING_PREFIX}{fingerprint[:16]}"

    def has(self, digest: str) -> bool:
        return digest in self._place or self._file(digest).is_file()

    def num_windows(self, digest: str) -> int:
        if self._old is not None and digest in self._place:
            return self._old.items[self._place[digest]].num_windows
        return len(self._encoded(digest)[0])

    def speech(self, digest: str) -> float | None:
        if self._old is not None and digest in self._place:
            return self._old.items[self._place[digest]].speech
        return self._encoded(digest)[1]

    def rows(self, digest: str) -> ItemRows:
        if self._old is not None and digest in self._place:
            return self._old.rows_of(self._place[digest])
        table, _ = self._encoded(digest)
        return ItemRows(table[:, :VA_COLUMNS], table[:, VA_COLUMNS:])

    def add(self, digest: str, rows: ItemRows, speech: float | None) -> None:
        self._pending.mkdir(parents=True, exist_ok=True)
        table = np.concatenate([rows.va, rows.embeds], axis=1)

        def write(path: Path) -> None:
            with path.open("wb") as file:
                np.savez(file, table=table, speech=np.nan if speech is None else speech)

        write_whole(self._file(digest), write)

    def discard_pending(self) -> None:
        for folder in self._folder.glob(f"{PENDING_PREFIX}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _file(self, digest: str) -> Path:
        return self._pending / f"{digest}.npz"

    def _encoded(self, digest: str) -> tuple[Floats, float | None]:
        """Return the columns of `ItemRows` side by side, and the share of speech."""
        with np.load(self._file(digest)) as arrays:
            speech = float(arrays["speech"])
            return arrays["table"], None if np.isnan(speech) else speech


class _Reader:
    """Hash and read sources; what is encoded already is not read."""

    def __init__(self, encoder: Encoder, store: _Store) -> None:
        self._encoder, self._store = encoder, store
        self._digests: dict[Source, str] = {}
        self._failures: dict[str, DataError] = {}

    def prepare(self, source: Source) -> tuple[str, Content | None] | MmvaError:
        """Hash a source, and read it unless its content is already encoded."""
        try:
            digest = self._digest(source)
            if self._store.has(digest):
                return digest, None
            return self._failures.get(digest) or (digest, self._encoder.read(source))
        except DataError as error:
            return error

    def encode_new(
        self, sources: Iterable[Source], engine: Engine, tick: Callable[[], object]
    ) -> int:
        """Have new contents encoded by an engine, and return how many were."""
        new: dict[str, Source] = {}
        for source in sources:
            with suppress(DataError):  # `prepare` will say so
                digest = self._digest(source)
                if not self._store.has(digest):
                    new.setdefault(digest, source)
        for digest, encoded in encode_by(engine, self._encoder, new):
            tick()
            if isinstance(encoded, DataError):
                self._failures[digest] = encoded
            else:
                self._store.add(digest, *encoded)
        return len(new) - len(self._failures)

    def _digest(self, source: Source) -> str:
        if source not in self._digests:
            self._digests[source] = source.content_hash()
        return self._digests[source]


def _holds_foreign(folder: Path) -> bool:
    """Return whether there is anything that no build can have left behind."""
    ours = (PENDING_PREFIX, f".{HEADER_NAME}", *ARRAY_PREFIXES)
    return any(not path.name.startswith(ours) for path in folder.iterdir())


def _one_ahead(
    values: Iterable[First], work: Callable[[First], Second]
) -> Iterator[tuple[First, Second]]:
    """Yield each value with the result of `work`, which runs one value ahead in a thread."""
    with ThreadPoolExecutor(1) as pool:
        previous: tuple[First, Future[Second]] | None = None
        for value in values:
            future = pool.submit(work, value)
            if previous is not None:
                yield previous[0], previous[1].result()
            previous = (value, future)
        if previous is not None:
            yield previous[0], previous[1].result()
