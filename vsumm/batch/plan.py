"""What there is to do for folders of films: which are done, how long the others will take."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from mmva_core.store import sha256_file
from vsumm.batch.ledger import FileFacts, FilmRecord, Ledger, Seen, facts_of, key_of
from vsumm.batch.store import Store
from vsumm.batch.task import BatchSettings, is_passing
from vsumm.errors import InputError
from vsumm.files import make_folder, shown, walk_films
from vsumm.media import probe

Order = Literal["name", "newest", "smallest"]
"""Which films come first."""

LIST_SUFFIX = ".txt"
"""Extension of a file that lists films."""

Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True)
class PlannedFilm:
    """One film of a batch."""

    path: Path
    """The film, absolute."""
    facts: FileFacts
    """Size and times; zeros where it is missing."""
    sha256: str | None = None
    """SHA-256 of its content where that is known."""
    film_seconds: float | None = None
    """How long it lasts; 0 where it cannot be read, None where that is not known."""
    record: FilmRecord | None = None
    """What became of it in an earlier batch; None: it is to be done."""


@dataclass(frozen=True)
class BatchPlan:
    """What `run_batch` will do."""

    output: Path
    """The folder of results, absolute; with `url`, none."""
    settings: BatchSettings
    """What to make of every film."""
    plain_settings: dict[str, Any]
    """`settings.to_plain()`."""
    films: tuple[PlannedFilm, ...]
    """All films, those first that are done first."""
    seconds_per_film_second: float | None
    """How much time a second of film takes, measured on the films that are done; None before any
    is."""
    num_measured: int
    """How many films that was measured on."""
    retry_broken: bool = False
    """Whether films are tried again that are known to be broken."""
    url: str | None = None
    """Where results go to an object store: the URL of their folder, in place of `output`."""

    @cached_property
    def ledger(self) -> Ledger | Store:
        """What is remembered of films."""
        return Ledger(self.output) if self.url is None else Store(self.url)

    @property
    def to_do(self) -> list[PlannedFilm]:
        """The films that are neither done nor known to be broken."""
        return [film for film in self.films if film.record is None]

    @property
    def film_seconds(self) -> float:
        """How long the films to do last together, as far as that is known."""
        return sum(film.film_seconds or 0.0 for film in self.to_do)

    @property
    def estimate_seconds(self) -> float | None:
        """How long they will take; None before any film is done."""
        rate = self.seconds_per_film_second
        return None if rate is None else rate * self.film_seconds


def plan_films(
    inputs: Iterable[Path],
    output: Path,
    settings: BatchSettings,
    *,
    url: str | None = None,
    exclude: Sequence[str] = (),
    order: Order = "name",
    retry_broken: bool = False,
) -> BatchPlan:
    """Find films and what has become of them; see `vsumm.plan_batch`."""
    if order not in get_args(Order):
        raise ValueError(f"order must be one of {', '.join(get_args(Order))}; got {order!r}")
    ledger: Ledger | Store
    if url is None:
        output = output.absolute()
        make_folder(output)
        ledger = Ledger(output)
    else:
        ledger = Store(url)
    plain_settings = settings.to_plain()
    known, records = ledger.seen(), {record.key: record for record in ledger.records()}
    found = _find(inputs, None if url else output, exclude)
    films = [_look_at(path, known) for path in found]
    films.sort(key=_sort_keys[order])

    # Only a film of the size of one that has a record can be one: no other needs to be read.
    sizes = {record.num_bytes for record in records.values()}

    def look_up(film: PlannedFilm) -> PlannedFilm:
        sha256 = film.sha256
        if sha256 is None and film.facts.num_bytes in sizes:
            sha256 = _hash(film.path)
        record = records.get(key_of(sha256, plain_settings)) if sha256 else None
        if record and (not ledger.holds(record) or (retry_broken and record.state == "broken")):
            record = None
        if record:
            record = replace(record, path=str(film.path))
        seconds = film.film_seconds
        if record is None and seconds is None:
            seconds = _length(film.path)
        return replace(film, sha256=sha256, film_seconds=seconds, record=record)

    looked_up = _in_threads(look_up, films)
    for before, film in zip(films, looked_up, strict=True):
        if film != replace(before, record=film.record):
            ledger.see(str(film.path), Seen(film.facts, film.sha256, film.film_seconds))
    if isinstance(ledger, Store):
        ledger.save()
    done = [record for record in records.values() if record.state == "done"]
    film_seconds = sum(record.film_seconds for record in done)
    seconds = sum(record.seconds / record.num_jobs for record in done)
    rate = seconds / film_seconds if film_seconds else None
    return BatchPlan(
        output, settings, plain_settings, tuple(looked_up), rate, len(done), retry_broken, url
    )


_sort_keys: dict[Order, Callable[[PlannedFilm], Any]] = {
    "name": lambda film: film.path,
    "newest": lambda film: (-film.facts.modified_ns, film.path),
    "smallest": lambda film: (film.facts.num_bytes, film.path),
}


def read_list(path: Path) -> list[Path]:
    """Read names of films, one a line; or each ended by a null byte, as `find -print0` writes them.

    Names are relative to the folder of the list.

    Raises:
        InputError: it cannot be read, or names nothing.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{shown(path)}: cannot be read: {(error.strerror or '').lower()}"
        ) from error
    names = content.split(b"\0") if b"\0" in content else content.splitlines()
    films = [path.parent / os.fsdecode(name) for name in names if name.strip()]
    if not films:
        raise InputError(f"{shown(path)}: it lists no films")
    return films


def _find(inputs: Iterable[Path], output: Path | None, exclude: Sequence[str]) -> list[Path]:
    """Return the films of folders and lists, each path once."""
    found: dict[Path, None] = {}
    for path in inputs:
        for inside, film in _films_of(path, output):
            names = (film.name, inside)
            if not any(fnmatchcase(name, pattern) for name in names for pattern in exclude):
                found[film.absolute()] = None
    if not found:
        raise InputError(f"there are no films in {', '.join(map(shown, inputs))}")
    return list(found)


def _films_of(path: Path, output: Path | None) -> Iterator[tuple[str, Path]]:
    """Yield films with their paths inside the folder, or in the list, that they come from."""
    if path.is_dir():
        for film in walk_films(path, leave_out=[output] if output else []):
            yield film.relative_to(path).as_posix(), film
    elif path.suffix.lower() == LIST_SUFFIX:
        for film in read_list(path):
            yield film.as_posix(), film
    else:
        yield path.name, path


def _look_at(path: Path, known: dict[str, Seen]) -> PlannedFilm:
    try:
        facts = facts_of(path.stat())
    except (OSError, ValueError):  # whoever works on it will say what is wrong
        return PlannedFilm(path, FileFacts(0, 0, 0))
    seen = known.get(str(path))
    if seen is None or seen.facts != facts:
        return PlannedFilm(path, facts)
    return PlannedFilm(path, facts, seen.sha256, seen.film_seconds)


def _hash(path: Path) -> str | None:
    try:
        return sha256_file(path)
    except OSError:
        return None


def _length(path: Path) -> float | None:
    try:
        return probe(path).duration_seconds
    except InputError as error:  # what is no film is not opened again by the next plan
        return None if is_passing(error) else 0.0


def _in_threads(work: Callable[[Item], Value], items: Sequence[Item]) -> list[Value]:
    pool = ThreadPoolExecutor(os.cpu_count() or 1, "vsumm-plan")
    try:
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)
