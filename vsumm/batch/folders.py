"""Folders of films in, a folder of reels out: what is done stays done, whatever happens.

    plan ── films to do ──> engine (processes, or a cluster) ──> records ──> manifest
                 ^───────── killed, no memory: again ─┘

Nothing here knows what is done but by the records that `vsumm.batch.ledger` keeps, so that a batch
that was killed goes on where it was, and several may work at the same time.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Unpack

from mmva_core.engines import Engine, EngineName, work_through
from vsumm.batch.ledger import FilmRecord, Seen
from vsumm.batch.manifest import check_manifest, write_manifest
from vsumm.batch.plan import BatchPlan, Order, PlannedFilm, plan_films
from vsumm.batch.queue import Work, WorkQueue
from vsumm.batch.store import Store, path_of, url_of
from vsumm.batch.task import BatchSettings, FilmTask, PassingError, do_film
from vsumm.config import SummaryConfig, check_type
from vsumm.engines import check_engine, open_engine
from vsumm.errors import NoRoomError, OutputError, VsummError
from vsumm.files import RecordCache, shown
from vsumm.reel import ReelConfig
from vsumm.score import check_weights
from vsumm.settings import Settings, with_settings

MANIFEST_SECONDS = 60.0
"""Least time between two writings of the manifest while films are in work, seconds."""
SPLIT_SECONDS = 1800.0
"""Default length of the ranges that long films are split into, seconds."""
SHORTEST_SPLIT_SECONDS = 60.0
"""Least length of those: each reads a minute on either side as well."""
USUAL_REEL = ReelConfig()
MANIFEST_NAME = "manifest.csv"

_logger = logging.getLogger(__name__)


def plan_batch(
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    config: SummaryConfig | None = None,
    *,
    reel: ReelConfig | None = USUAL_REEL,
    with_report: bool = False,
    music: str | os.PathLike[str] | None = None,
    moves_cuts: bool = False,
    exclude: Sequence[str] = (),
    order: Order = "name",
    retry_broken: bool = False,
    **settings: Unpack[Settings],
) -> BatchPlan:
    """Look for films, and for what has become of them in earlier batches.

    A film is known by its content and by the settings, not by its name. Nothing is done; but the
    folder of results remembers how long films are.

    Args:
        inputs: folders, searched with those below them; text files (.txt) that list films, one a
            line; films.
        output: the folder of results, made if it is missing; or its URL on an object store that
            fsspec reaches, such as "s3://bucket/reels". One batch at a time may write there.
        config: how to score and select; the defaults of `SummaryConfig` if left out.
        reel: how to write reels; None: score and select only.
        with_report: whether to write a page for every film.
        music: folder of an index of music to choose soundtracks from, as `mmva index` and
            `vsumm.soundtrack.open_library` make it. Results are told apart by the music in it.
        moves_cuts: whether cuts may be moved to beats of that music.
        exclude: patterns like "*.ts"; films whose name or path in the folder matches are left out.
        order: which films come first: by "name", "newest" or "smallest".
        retry_broken: whether to try films again that are known to be broken.
        settings: fields of `SummaryConfig` in place of those of `config`, see `summarize`.

    Raises:
        InputError: there are no films, or a folder, a list or the music cannot be read.
        OutputError: the folder of results cannot be made or reached.
        ModelError: there is no such model.
        TypeError: an argument is of another type, or there is no such setting.
        ValueError: a setting is out of range.
    """
    is_one = isinstance(inputs, str | os.PathLike)
    named = [inputs] if isinstance(inputs, str | os.PathLike) else list(inputs)
    check_type("inputs", inputs, is_one or bool(named), "paths of folders, lists or films")
    config = with_settings(config, settings)
    check_weights(config.weights)
    index = None if music is None else Path(music).absolute()
    return plan_films(
        [Path(name) for name in named],
        path_of(os.fspath(output)),
        BatchSettings(config, reel, with_report, index, moves_cuts),
        url=url_of(os.fspath(output)),
        exclude=exclude,
        order=order,
        retry_broken=retry_broken,
    )


def run_batch(
    plan: BatchPlan,
    *,
    num_jobs: int = 1,
    engine: EngineName = "local",
    address: str | None = None,
    cache: RecordCache | None = None,
    manifest: str | os.PathLike[str] | None = None,
    split_seconds: float | None = SPLIT_SECONDS,
) -> Generator[FilmRecord, None, None]:
    """Do what is planned, film by film, and yield what became of each as it ends.

    A film that cannot be summarised is "broken" and does not stop the others. One that fails for a
    reason that may pass (its process is killed, there is no memory) is tried up to three times in
    all, then it "failed": the next batch tries it again. A batch that was killed, or whose power
    failed, goes on where it was when it is planned and run again. Several batches may write to one
    folder at the same time: each film is done by one of them and yielded by all.

    Processes are started as `multiprocessing` starts them: a script needs the usual
    `if __name__ == "__main__":`.

    Args:
        plan: what `plan_batch` found.
        num_jobs: how many films to work on at the same time; each has a process of its own, which
            loads the model once.
        engine: "local" for processes of this machine, "ray" for a Ray cluster (extra "cluster"),
            which itself decides how many films to work on; all machines must have vsumm, and the
            films and the folder of results under the same paths.
        address: of the Ray cluster, "auto" for the one that this machine belongs to; None starts
            one on this machine.
        cache: where scores of earlier runs are kept.
        manifest: the table of all films, .csv or .parquet; "manifest.csv" in the folder of results
            if left out.
        split_seconds: a film that the others would have to wait for is split into ranges of this
            length, at least 60 s, if it lasts twice as long: they are measured apart, its sound
            beside them. The results are the same. None: no film is split.

    Yields:
        A record for every film that was to be done, as it ends.

    Raises:
        NoRoomError: the disk is full; films in work have come to their end, and the others are
            left for the next batch.
        OutputError: a record or the manifest cannot be written.
        ModelError: the model cannot be loaded.
        InputError: the music has changed since the batch was planned.
        ModuleNotFoundError: Ray is not installed.
        ValueError: `num_jobs` or `split_seconds` is too small, or there is no such engine.
    """
    check_engine(engine, num_jobs)
    if split_seconds is not None and not split_seconds >= SHORTEST_SPLIT_SECONDS:
        raise ValueError(
            f"split_seconds must be at least {SHORTEST_SPLIT_SECONDS:g}, got {split_seconds:g}"
        )
    # A quick look has little to split, and parts need a file system that all processes share.
    if plan.settings.summary.quick or plan.url:
        split_seconds = None
    path = Path(manifest) if manifest else None
    if path:
        check_manifest(path)
    start = partial(open_engine, engine, num_jobs=num_jobs, address=address)
    return _run_batch(plan, start, cache, path, split_seconds)


def _run_batch(
    plan: BatchPlan,
    start: Callable[[], Engine],
    cache: RecordCache | None,
    manifest: Path | None,
    split_seconds: float | None,
) -> Generator[FilmRecord, None, None]:
    records: dict[Path, FilmRecord] = {}
    written_at = time.monotonic()
    try:
        with start() as engine:
            for film, record in _do_films(plan, engine, cache, split_seconds):
                records[film.path] = record
                if record.sha256:  # or the next batch reads the film to know it
                    seen = Seen(film.facts, record.sha256, record.film_seconds)
                    plan.ledger.see(str(film.path), seen)
                if time.monotonic() - written_at > MANIFEST_SECONDS:
                    _write_manifest(plan, records, manifest)
                    written_at = time.monotonic()
                yield record
    except BaseException:
        with suppress(OutputError):  # the first reason is the one to tell
            _write_manifest(plan, records, manifest)
        raise
    _write_manifest(plan, records, manifest)


def _do_films(
    plan: BatchPlan, engine: Engine, cache: RecordCache | None, split_seconds: float | None
) -> Iterator[tuple[PlannedFilm, FilmRecord]]:
    """Yield films and their records as they end; several are in work at the same time."""
    queue = WorkQueue(plan.to_do, split_seconds, engine)
    stop: VsummError | ImportError | None = None
    may_pass: tuple[type[Exception], ...] = (PassingError, *engine.lost)
    ended = work_through(
        engine,
        queue,
        lambda work: engine.submit(do_film, _task(plan, work, engine, cache)),
        name_of=lambda work: work.name,
        passing=(PassingError,),
    )
    for work, future in ended:
        try:
            record = future.result()
        except may_pass as error:
            record = _failed(work.film, error)
        except (VsummError, ImportError) as error:
            stop = stop or error
            queue.stop()
            continue
        except Exception as error:  # a bug that one film uncovers must not stop a thousand
            _logger.exception("%s", shown(work.film.path))
            record = _failed(work.film, error)
        if record.state == "busy":
            queue.wait_for(replace(work, film=replace(work.film, sha256=record.sha256)))
            continue
        queue.end(work, record.seconds)
        if work.part is None:  # a part that failed is measured with the film
            yield work.film, record
    if isinstance(stop, NoRoomError):
        raise NoRoomError(f"{stop}; make room and run the same batch again: it goes on") from stop
    if stop:
        raise stop


def _task(plan: BatchPlan, work: Work, engine: Engine, cache: RecordCache | None) -> FilmTask:
    film = work.film
    return FilmTask(
        film.path,
        plan.output,
        plan.settings,
        plan.plain_settings,
        sha256=film.sha256,
        retry_broken=plan.retry_broken,
        num_jobs=engine.num_jobs,
        cache=cache,
        url=plan.url,
        num_ranges=work.num_ranges,
        part=work.part,
        seconds_of_parts=work.seconds_of_parts,
    )


def _failed(film: PlannedFilm, error: Exception) -> FilmRecord:
    text = str(error) if isinstance(error, PassingError) else f"{type(error).__name__}: {error}"
    num_bytes = film.facts.num_bytes
    notes = (f"{shown(film.path)}: {text}",)
    return FilmRecord(str(film.path), "failed", num_bytes=num_bytes, notes=notes)


def _write_manifest(plan: BatchPlan, records: dict[Path, FilmRecord], path: Path | None) -> None:
    """Write a line for every film of the plan, and for those that other batches have done."""
    rows = [
        records.get(film.path) or film.record or FilmRecord(str(film.path), "waiting")
        for film in plan.films
    ]
    keys = {row.key for row in rows}
    others = (record for record in plan.ledger.records() if record.key not in keys)
    if path or not plan.url:
        write_manifest([*rows, *others], path or plan.output / MANIFEST_NAME)
    if isinstance(plan.ledger, Store):
        plan.ledger.save()
        with TemporaryDirectory(prefix="vsumm-") as folder:
            table = Path(folder) / MANIFEST_NAME
            write_manifest([*rows, *others], table)
            plan.ledger.put_file(table)
