"""Add films to a library: known by their content, whatever their names, and each only once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mmva_core.engines import ATTEMPTS, Engine, run_tasks
from mmva_core.errors import MmvaError
from mmva_core.store import find_folder, read_config, sha256_file
from vsumm.config import SummaryConfig
from vsumm.errors import InputError, ModelError
from vsumm.files import RecordCache, shown
from vsumm.film_library.broken import BrokenFiles
from vsumm.film_library.header import Header, reason
from vsumm.film_library.known import KnownFilms, file_facts, mark_gone
from vsumm.film_library.measure import measure_film, signal_names
from vsumm.film_library.migrate import joint_width
from vsumm.film_library.store import FilmRow, Library, make_library
from vsumm.film_library.upkeep import tidy
from vsumm.progress import Watch, numbered, watching, work_on
from vsumm.score import TEXT_DIM, ModelSource, shared_source

if TYPE_CHECKING:
    import os

    import pyarrow as pa

State = Literal["added", "known", "moved", "broken", "failed"]
"""What became of a film."""
CONFIG = SummaryConfig(budget_fraction=1.0, cut_at="grid")
"""How films are measured: as `vsumm.summarize` does, whose measurements in the cache are used."""


@dataclass(frozen=True)
class Added:
    """What became of one film."""

    path: Path
    """The film."""
    state: State
    """Added; there already, under this path or another; moved to this path; not to be read; or not
    read for a reason that may pass, such as a process that died."""
    note: str = ""
    """Why it was not added, or what is to be said of it."""


def create(folder: str | os.PathLike[str], model: str = CONFIG.model) -> Library:
    """Open a library, or make it where there is none.

    Raises:
        LibraryError: it cannot be used, or was made with another model.
        ModelError: there is no such model.
    """
    try:
        width = read_config(find_folder(model)).embedding_dim
    except MmvaError as error:
        raise ModelError(str(error)) from error
    widths = {"concepts": TEXT_DIM, "picture": width, "sound": width}
    if joint := joint_width(model):
        widths["joint"] = joint
    return make_library(folder, model=model, widths=widths, signals=signal_names())


def add_films(
    library: Library,
    films: Iterable[Path],
    *,
    config: SummaryConfig = CONFIG,
    source: ModelSource | None = None,
    cache: RecordCache | None = None,
    progress: bool | Watch = False,
    engine: Engine | None = None,
    retry_broken: bool = False,
) -> Iterator[Added]:
    """Add films, and yield what became of each as it ends.

    Every film is committed by itself, so that whatever ends this, all that was yielded is kept. In
    the end films are marked that are no longer where they were. Files that are known to be broken
    come first, and are not opened again.

    Args:
        library: where to.
        films: files.
        config: which device and decoder to use.
        source: the model; the library's if left out.
        cache: where measurements are kept, as by `vsumm.summarize`.
        progress: whether to show a bar on stderr, or a function that is told how far it is; with
            `engine` only that a film has ended.
        engine: who measures films, several at the same time, see `vsumm.engines`; this process
            alone writes. None: it measures them, too, one after another.
        retry_broken: whether to try files again that are known to be broken.

    Raises:
        NoRoomError: the disk is full.
        LibraryError: it cannot be written.
        ModelError: the model cannot be loaded.
    """
    config = replace(config, model=library.header.model)
    broken, paths = BrokenFiles(library.folder), []
    for path in dict.fromkeys(path.absolute() for path in films):
        if (why := broken.why(path)) and not retry_broken:
            yield Added(path, "broken", why)
        else:
            paths.append(path)
    known = KnownFilms(library.films())
    with watching(progress) as watch:
        if engine is None:
            source = source or ModelSource(config)
            ended = _add_here(library, paths, known, config, source, cache, watch)
        else:
            ended = _add_by(engine, library, paths, known, config, cache, watch)
        for added in ended:
            if added.state == "broken":
                broken.remember(added.path, added.note)
            yield added
    mark_gone(library)
    tidy(library)


def _add_here(
    library: Library,
    paths: Sequence[Path],
    known: KnownFilms,
    config: SummaryConfig,
    source: ModelSource,
    cache: RecordCache | None,
    watch: Watch,
) -> Iterator[Added]:
    for number, path in enumerate(paths, 1):
        try:
            added = _find(library, path, known)
            if added is None:
                here = numbered(watch, number, len(paths))
                with work_on(here, path):
                    rows = measure_film(library.header, path, config, source, cache, here)
                added = _keep(library, known, *rows)
        except (InputError, OSError) as error:
            added = _unread(path, error)
        yield added


def _add_by(
    engine: Engine,
    library: Library,
    paths: Sequence[Path],
    known: KnownFilms,
    config: SummaryConfig,
    cache: RecordCache | None,
    watch: Watch,
) -> Iterator[Added]:
    tasks = []
    for path in paths:
        try:
            if there := _find(library, path, known):
                yield there
            else:
                tasks.append(_Task(path, library.header, config, cache))
        except OSError as error:
            yield _unread(path, error)
    for number, (task, future) in enumerate(run_tasks(engine, _measure_task, tasks), 1):
        with work_on(numbered(watch, number, len(tasks)), task.path):
            try:
                rows = future.result()
            except engine.lost as error:
                text = f"{ATTEMPTS} processes died that measured it: {reason(error)}"
                added = Added(task.path, "failed", f"{shown(task.path)}: {text}")
            except (InputError, OSError) as error:
                added = _unread(task.path, error)
            else:
                added = _keep(library, known, *rows)
        yield added


@dataclass(frozen=True)
class _Task:
    """A film to measure in another process."""

    path: Path
    header: Header
    config: SummaryConfig
    cache: RecordCache | None


def _measure_task(task: _Task) -> tuple[FilmRow, pa.Table]:
    source = shared_source(task.config)
    with watching(False) as watch:
        return measure_film(task.header, task.path, task.config, source, task.cache, watch)


def _find(library: Library, path: Path, known: KnownFilms) -> Added | None:
    """Return what became of a film that is in the library; None where it is to be measured.

    Raises:
        OSError: it cannot be read.
    """
    facts = file_facts(path)
    if any((film.num_bytes, film.modified_ns) == facts for film in known.at(path)):
        return Added(path, "known")
    sha256 = sha256_file(path) if facts else ""
    return _seen_again(library, path, known, sha256, facts) if sha256 in known else None


def _unread(path: Path, error: Exception) -> Added:
    return Added(path, "broken" if isinstance(error, InputError) else "failed", str(error))


def _keep(library: Library, known: KnownFilms, film: FilmRow, segments: pa.Table) -> Added:
    """Write a film that was measured."""
    if film.sha256 in known:  # a copy of one that was measured at the same time
        return Added(film.path, "known", f"it is there as {shown(known[film.sha256].path)}")
    if not library.add(film, segments):
        return Added(film.path, "known", "another process was adding it")
    known[film.sha256] = film
    return Added(film.path, "added", "; ".join(film.notes))


def _seen_again(
    library: Library,
    path: Path,
    known: KnownFilms,
    sha256: str,
    facts: tuple[int, int] | None,
) -> Added:
    """Return what became of a film whose content is in the library."""
    assert facts is not None, "it was read"
    film = known[sha256]
    if film.path != path and file_facts(film.path) == (film.num_bytes, film.modified_ns):
        return Added(path, "known", f"it is there as {shown(film.path)}")
    known[sha256] = replace(
        film, path=path, num_bytes=facts[0], modified_ns=facts[1], gone_since=None
    )
    library.update([known[sha256]])
    if film.path == path:
        return Added(path, "known")
    return Added(path, "moved", f"it was {shown(film.path)}")
