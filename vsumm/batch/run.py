"""Do many jobs, several at a time, and yield what became of each in the order of the jobs.

    film 1   ── decode, score ── export ──
    film 2   ── decode, score ───── export ──     in threads; native code that decodes and
    film 3                         ── decode ...  encodes runs in processes, see `vsumm.workers`

Films with the same model settings share one model. At most `num_jobs` films are in work and
`MAX_WAITING` results wait for an earlier film, however many films there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from vsumm.batch.job import Job, JobResult, do_job
from vsumm.errors import OutputError, VsummError
from vsumm.files import RecordCache
from vsumm.progress import Watch, numbered, watching, work_on
from vsumm.score import ModelSource
from vsumm.workers import halted_workers

MAX_WAITING = 16
"""Films that may be done before an earlier one is."""


@dataclass(frozen=True)
class Outcome:
    """What became of one job: exactly one of `result` and `error` is set."""

    job: Job
    """What was to be done."""
    result: JobResult | None = None
    """What was made."""
    error: VsummError | None = None
    """Why nothing was made."""


def summarize_files(
    jobs: Sequence[Job],
    *,
    num_jobs: int = 1,
    cache: RecordCache | None = None,
    progress: bool | Watch = False,
) -> Generator[Outcome, None, None]:
    """Summarise many files; one that fails does not stop the others.

    The results do not depend on `num_jobs`. A job whose files would replace those of an earlier
    job fails.

    Args:
        jobs: what to make of which files.
        num_jobs: how many files to work on at the same time, at least 1.
        cache: where scores of earlier runs are kept.
        progress: whether to show bars on stderr, or a function that is told how far it is.

    Yields:
        One outcome per job, in their order. An exception that ends the iteration early, such as
        KeyboardInterrupt, stops all work at once, and so does closing the iterator; unfinished
        files leave nothing behind.

    Raises:
        ValueError: `num_jobs` is less than 1.
    """
    if num_jobs < 1:
        raise ValueError(f"num_jobs must be at least 1, got {num_jobs}")
    return _summarize_files(jobs, num_jobs, cache, progress)


def _summarize_files(
    jobs: Sequence[Job], num_jobs: int, cache: RecordCache | None, progress: bool | Watch
) -> Generator[Outcome, None, None]:
    sources = _model_sources(jobs)
    collisions = _collisions(jobs)

    def attempt(number: int) -> Outcome:
        job = jobs[number]
        numbered_watch = numbered(watch, number + 1, len(jobs))
        try:
            with work_on(numbered_watch, job.source):
                if number in collisions:
                    first = jobs[collisions[number]].source
                    raise OutputError(f"{job.source}: its results would replace those of {first}")
                return Outcome(job, do_job(job, sources[_model_key(job)], cache, numbered_watch))
        except VsummError as error:
            return Outcome(job, error=error)

    with watching(progress) as watch:
        if num_jobs == 1 or len(jobs) == 1:
            for number in range(len(jobs)):
                yield attempt(number)
        else:
            yield from _in_threads(attempt, len(jobs), num_jobs)


def _in_threads(
    attempt: Callable[[int], Outcome], num_items: int, num_threads: int
) -> Generator[Outcome, None, None]:
    """Yield attempt(0), attempt(1), ... while threads work ahead.

    waiting for the consumer   [ 3 ][ 4 ][ 5 ] ...        at most num_threads + MAX_WAITING
    in work                      ✓    ▶    ▶              at most num_threads
    """
    pool = ThreadPoolExecutor(num_threads, "vsumm-film")
    ahead: deque[Future[Outcome]] = deque()
    try:
        for number in range(num_items):
            if len(ahead) == num_threads + MAX_WAITING:
                yield ahead.popleft().result()
            ahead.append(pool.submit(attempt, number))
        while ahead:
            yield ahead.popleft().result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        with halted_workers():
            pool.shutdown()
        raise
    pool.shutdown()


def _model_key(job: Job) -> tuple[str, str, str]:
    """Return the settings that a model is loaded by."""
    return job.summary.model, job.summary.device, job.summary.precision


def _model_sources(jobs: Sequence[Job]) -> dict[tuple[str, str, str], ModelSource]:
    configs = {_model_key(job): job.summary for job in jobs}
    return {key: ModelSource(config) for key, config in configs.items()}


def _collisions(jobs: Sequence[Job]) -> dict[int, int]:
    """Map the numbers of jobs that write the files of an earlier job to that job's number."""
    first_of: dict[Path, int] = {}
    collisions = {}
    for number, job in enumerate(jobs):
        outputs = job.outputs
        place = outputs.reel or (outputs.folder or job.source.parent) / job.source.stem
        first = first_of.setdefault(place.absolute(), number)
        if first != number:
            collisions[number] = first
    return collisions
