"""Add films to a library: known by their content, whatever their names, and each only once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from mmva_core import retrieval
from mmva_core.engines import ATTEMPTS, Engine, run_tasks
from mmva_core.errors import MmvaError
from mmva_core.store import find_folder, read_config, sha256_file
from vsumm.analysis import Analysis, analyse
from vsumm.borders import find_cuts
from vsumm.config import SummaryConfig
from vsumm.edges import seen_in
from vsumm.errors import InputError, ModelError, NoSignalError
from vsumm.files import RecordCache, shown
from vsumm.film_library.header import Header, reason
from vsumm.film_library.migrate import joint_rows, joint_width
from vsumm.film_library.schema import number_column, segments_schema, vector_column
from vsumm.film_library.store import FilmRow, Library, checksum_of, make_library, now
from vsumm.film_library.upkeep import tidy
from vsumm.media import Segment, probe
from vsumm.progress import Watch, numbered, watching, work_on
from vsumm.score import (
    IMAGE,
    MUSIC,
    TEXT_DIM,
    FloatArray,
    ModelSource,
    contributions,
    embeds_measurements,
    reasons,
    score_highlights,
    shared_source,
    signals_of,
    weights_of,
)

if TYPE_CHECKING:
    import os

    import pyarrow as pa

State = Literal["added", "known", "moved", "broken"]
"""What became of a film."""
CONFIG = SummaryConfig(budget_fraction=1.0, cut_at="grid")
"""How films are measured: as `vsumm.summarize` does, whose measurements in the cache are used."""


@dataclass(frozen=True)
class Added:
    """What became of one film."""

    path: Path
    """The film."""
    state: State
    """Added; there already, under this path or another; moved to this path; or not to be read."""
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
) -> Iterator[Added]:
    """Add films, and yield what became of each as it ends.

    Every film is committed by itself, so that whatever ends this, all that was yielded is kept. In
    the end films are marked that are no longer where they were.

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

    Raises:
        NoRoomError: the disk is full.
        LibraryError: it cannot be written.
        ModelError: the model cannot be loaded.
    """
    config = replace(config, model=library.header.model)
    paths = list(dict.fromkeys(path.absolute() for path in films))
    known = KnownFilms(library.films())
    with watching(progress) as watch:
        if engine is not None:
            yield from _add_by(engine, library, paths, known, config, cache, watch)
        else:
            source = source or ModelSource(config)
            for number, path in enumerate(paths, 1):
                here = numbered(watch, number, len(paths))
                yield _add_one(library, path, known, config, source, cache, here)
    mark_gone(library)
    tidy(library)


def mark_gone(library: Library) -> list[FilmRow]:
    """Mark films that are no longer where they were, and unmark those that are back.

    Returns:
        The films that are gone.
    """
    changed, gone = [], []
    for known in library.films().values():
        facts = _facts(known.path)
        if facts is not None and _is_it(known, *facts):
            # A file that was touched is not hashed again next time.
            film = replace(known, modified_ns=facts[1], gone_since=None)
        else:
            film = replace(known, gone_since=known.gone_since or now())
        if film != known:
            changed.append(film)
        if film.gone_since is not None:
            gone.append(film)
    library.update(changed)
    return gone


def signal_names() -> list[str]:
    """Return the names of all signals, in the order of the columns."""
    return [signal.name for signal in signals_of("highlights")]


def _add_one(
    library: Library,
    path: Path,
    known: KnownFilms,
    config: SummaryConfig,
    source: ModelSource,
    cache: RecordCache | None,
    watch: Watch,
) -> Added:
    try:
        if there := _find(library, path, known):
            return there
        with work_on(watch, path):
            rows = _measure(library.header, path, config, source, cache, watch)
    except (InputError, OSError) as error:
        return Added(path, "broken", str(error))
    return _keep(library, known, *rows)


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
        except (InputError, OSError) as error:
            yield Added(path, "broken", str(error))
    for number, (task, future) in enumerate(run_tasks(engine, _measure_task, tasks), 1):
        with work_on(numbered(watch, number, len(tasks)), task.path):
            try:
                rows = future.result()
            except engine.lost as error:
                text = f"{ATTEMPTS} processes died that measured it: {reason(error)}"
                added = Added(task.path, "broken", f"{shown(task.path)}: {text}")
            except (InputError, OSError) as error:
                added = Added(task.path, "broken", str(error))
            else:
                added = _keep(library, known, *rows)
        yield added


class KnownFilms(dict[str, FilmRow]):
    """Films of a library by SHA-256 of their content; they are found by path, too."""

    def __init__(self, films: Mapping[str, FilmRow]) -> None:
        super().__init__()
        self._at: dict[Path, dict[str, FilmRow]] = {}
        for sha256, film in films.items():
            self[sha256] = film

    def __setitem__(self, sha256: str, film: FilmRow) -> None:
        """Keep a film, in place of what was known of it."""
        if before := self.get(sha256):
            del self._at[before.path][sha256]
        super().__setitem__(sha256, film)
        self._at.setdefault(film.path, {})[sha256] = film

    def at(self, path: Path) -> Collection[FilmRow]:
        """Return the films that were at a path, one after another."""
        return self._at.get(path, {}).values()


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
        return _measure(task.header, task.path, task.config, source, task.cache, watch)


def _find(library: Library, path: Path, known: KnownFilms) -> Added | None:
    """Return what became of a film that is in the library; None where it is to be measured.

    Raises:
        OSError: it cannot be read.
    """
    facts = _facts(path)
    if any((film.num_bytes, film.modified_ns) == facts for film in known.at(path)):
        return Added(path, "known")
    sha256 = sha256_file(path) if facts else ""
    return _seen_again(library, path, known, sha256, facts) if sha256 in known else None


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
    if film.path != path and _facts(film.path) == (film.num_bytes, film.modified_ns):
        return Added(path, "known", f"it is there as {shown(film.path)}")
    known[sha256] = replace(
        film, path=path, num_bytes=facts[0], modified_ns=facts[1], gone_since=None
    )
    library.update([known[sha256]])
    if film.path == path:
        return Added(path, "known")
    return Added(path, "moved", f"it was {shown(film.path)}")


def _measure(
    header: Header,
    path: Path,
    config: SummaryConfig,
    source: ModelSource,
    cache: RecordCache | None,
    watch: Watch,
) -> tuple[FilmRow, pa.Table]:
    """Return the rows of a film.

    Raises:
        InputError: it cannot be read, or is black and silent throughout.
    """
    before = _facts(path)
    info = probe(path)
    analysis = analyse(
        info, config, source=source, cache=cache, progress=watch, also=embeds_measurements
    )
    if not analysis.measured.has(IMAGE) and not analysis.measured.has(MUSIC):
        raise NoSignalError(f"{path}: it is black and silent, or unreadable, throughout")
    cuts = find_cuts(
        info,
        [Segment(0.0, info.duration_seconds)],
        seen_in(info, analysis.measured.arrays),
        content=analysis.content,
        cache=cache,
    )
    recorded = _recorded(info.creation_time, path)
    segments = _segments(analysis, recorded, header)
    facts = _facts(path)
    if facts is None or facts != before:
        raise InputError(f"{path}: it was changed while it was read")
    film = FilmRow(
        sha256=analysis.content,
        path=path,
        num_bytes=facts[0],
        modified_ns=facts[1],
        duration_seconds=info.duration_seconds,
        num_segments=analysis.film.num_segments,
        audio_track=analysis.film.config.audio_track if info.audio else None,
        title=info.title,
        recorded=recorded,
        shots=cuts.cuts,
        notes=(*info.problems, *([cuts.problem] if cuts.problem else [])),
        checksum=checksum_of(segments),
        added=now(),
    )
    return film, segments


def _segments(analysis: Analysis, recorded: str, header: Header) -> pa.Table:
    import pyarrow as pa

    film, arrays, columns = analysis.film, analysis.measured.arrays, analysis.columns
    size = film.num_segments
    nothing = np.full(size, np.nan)
    parts = contributions(columns, film.config, by="highlights")
    embeds = {
        "concepts": arrays.get("text_embeds"),
        "picture": arrays.get("image_embeds"),
        "sound": arrays.get("music_embeds"),
    }
    if "joint" in header.widths:
        sound = embeds["sound"]
        head = retrieval.load_joint_head(header.model)
        embeds["joint"] = None if sound is None else joint_rows(sound, head)
    cells = {
        "film": pa.array([analysis.content] * size, pa.string()),
        "number": pa.array(range(size), pa.int32()),
        "start_seconds": pa.array([s.start_seconds for s in film.segments], pa.float64()),
        "end_seconds": pa.array([s.end_seconds for s in film.segments], pa.float64()),
        "recorded": pa.array([recorded] * size, pa.string()),
        "valence": number_column(_either("valence", columns, nothing)),
        "arousal": number_column(_either("arousal", columns, nothing)),
        "score": number_column(score_highlights(columns, weights_of(film.config)).scores),
        "why": pa.array([", ".join(reasons(parts, [row])) for row in range(size)], pa.string()),
        **{name: number_column(columns.get(name, nothing)) for name in signal_names()},
        **{name: vector_column(rows, header.widths[name], size) for name, rows in embeds.items()},
    }
    return pa.table(cells, schema=segments_schema(signal_names(), header.widths))


def _either(name: str, columns: Mapping[str, FloatArray], nothing: FloatArray) -> FloatArray:
    """Return valence or arousal of the picture, or of the music where there is no picture."""
    image = columns.get(f"image_{name}", nothing)
    return np.where(np.isfinite(image), image, columns.get(f"music_{name}", nothing))


def _recorded(creation_time: str | None, path: Path) -> str:
    """Return the day that the container names, or else that of the last change of the file."""
    try:
        return datetime.fromisoformat(creation_time or "").date().isoformat()
    except ValueError:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()


def _facts(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from the one that was there before; None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _is_it(film: FilmRow, num_bytes: int, modified_ns: int) -> bool:
    """Return whether the file at the path of a film, with these `_facts`, still is the film."""
    if num_bytes != film.num_bytes:
        return False
    return modified_ns == film.modified_ns or sha256_file(film.path) == film.sha256
