"""Do many jobs, some at a time, and hand over what became of each in the order of the jobs.

    film 1   ── decode, score ── export ──
    film 2   ── decode, score ───── export ──     in threads; native code that decodes and
    film 3                         ── decode ...  encodes runs in processes, see `vsumm.workers`

All share one model. At most `num_jobs` films are in work and `MAX_WAITING` results wait for an
earlier film, however many films there are.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from vsumm.batch.job import Job, JobResult, run_job
from vsumm.config import SummaryConfig
from vsumm.errors import OutputError, VsummError
from vsumm.files import RecordCache
from vsumm.reel import Composition, EncodeSettings
from vsumm.score import ModelSource
from vsumm.workers import halted_workers

MAX_WAITING = 16
"""Films that may be done before an earlier one is."""


@dataclass(frozen=True)
class Outcome:
    """What became of one job: exactly one of `result` and `error` is set."""

    job: Job
    """What was to be done."""
    elapsed_seconds: float
    """How long it took; films that are done at the same time slow each other down."""
    result: JobResult | None = None
    """What was made."""
    error: VsummError | None = None
    """Why nothing was made."""


def run_jobs(
    jobs: Sequence[Job],
    config: SummaryConfig,
    *,
    num_jobs: int = 1,
    source: ModelSource | None = None,
    cache: RecordCache | None = None,
    settings: EncodeSettings | None = None,
    composition: Composition | None = None,
    progress: bool = False,
) -> Generator[Outcome, None, None]:
    """Summarise many files; one that fails does not stop the others.

    The results do not depend on `num_jobs`. A job whose files would take the place of those of an
    earlier one fails.

    Args:
        jobs: what to make of which files.
        config: settings of all summaries.
        num_jobs: how many files to work on at the same time, at least 1.
        source: the model; the one that `config` names if left out, loaded once.
        cache: where to remember what was seen and heard.
        settings: how the reels are encoded.
        composition: what is added to the reels.
        progress: whether to show progress bars on stderr.

    Yields:
        One outcome per job, in their order. Whatever ends the iteration early, Ctrl-C above all,
        ends all work at once, and so does closing the iterator; files that are not finished leave
        nothing behind.

    Raises:
        ValueError: `num_jobs` is less than 1.
    """
    if num_jobs < 1:
        raise ValueError(f"num_jobs must be at least 1, got {num_jobs}")
    source = source or ModelSource(config)
    rivals = _rivals(jobs)

    def attempt(number: int) -> Outcome:
        job = jobs[number]
        start_seconds = time.monotonic()
        result = error = None
        try:
            if number in rivals:
                first = jobs[rivals[number]].source
                raise OutputError(f"{job.source}: its results would replace those of {first}")
            result = run_job(
                job,
                config,
                source=source,
                cache=cache,
                settings=settings,
                composition=composition,
                progress=progress,
            )
        except VsummError as caught:
            error = caught
        return Outcome(job, time.monotonic() - start_seconds, result, error)

    if num_jobs == 1 or len(jobs) == 1:
        return (attempt(number) for number in range(len(jobs)))
    return _overlapped(attempt, len(jobs), num_jobs)


def _overlapped(
    attempt: Callable[[int], Outcome], num_items: int, num_threads: int
) -> Generator[Outcome, None, None]:
    """Yield attempt(0), attempt(1), ... with some of them ahead in threads."""
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


def _rivals(jobs: Sequence[Job]) -> dict[int, int]:
    """Map the numbers of jobs whose files an earlier job writes to that earlier job."""
    first_of: dict[Path, int] = {}
    rivals = {}
    for number, job in enumerate(jobs):
        place = job.output or (job.output_folder or job.source.parent) / job.source.stem
        first = first_of.setdefault(place.absolute(), number)
        if first != number:
            rivals[number] = first
    return rivals
