"""Have pieces of a film searched by a worker, each only once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vsumm.errors import InputError
from vsumm.files import RecordCache
from vsumm.media import MediaInfo, Segment, merge_neighbours
from vsumm.workers import Worker, WorkerLostError


def search_once(
    info: MediaInfo,
    pieces: Sequence[Segment],
    *,
    job: str,
    stream: int,
    share_from_seconds: float,
    key: dict[str, Any],
    cache: RecordCache | None,
) -> tuple[list[Any], str]:
    """Return what a job finds in pieces of a film, and what the cache holds of others.

    Args:
        info: the film.
        pieces: where to search, chronological, not overlapping.
        job: sends messages with a list "found" of what it finds.
        stream: index of the stream that it reads.
        share_from_seconds: from this length on two processes share the pieces; less is searched
            before a second one has started.
        key: of the record in the cache.
        cache: where findings are kept; what was searched before is not searched again.

    Returns:
        The findings, ascending, and why not all could be made; empty where they were.
    """
    record = (cache.get(key) if cache else None) or {"searched": [], "found": []}
    searched = [Segment(*span) for span in record["searched"]]
    todo = [piece for piece in pieces if not _is_inside(piece, searched)]
    found = [as_plain(each) for each in record["found"]]
    if not todo:
        return sorted(found), ""
    try:
        new = run_search(info, todo, job=job, stream=stream, share_from_seconds=share_from_seconds)
    except (WorkerLostError, InputError) as error:
        return sorted(found), str(error)
    found = sorted({*found, *new})
    if cache:
        covered = merge_neighbours([*searched, *todo])
        spans = [[piece.start_seconds, piece.end_seconds] for piece in covered]
        cache.put(key, {"searched": spans, "found": found})
    return found, ""


def run_search(
    info: MediaInfo,
    pieces: Sequence[Segment],
    *,
    job: str,
    stream: int,
    share_from_seconds: float,
) -> list[Any]:
    """Have pieces searched by a worker, or by two side by side where there is much to search.

    Raises:
        InputError, WorkerLostError: the film cannot be read, or what decodes it crashed.
    """
    total = sum(piece.duration_seconds for piece in pieces)
    half = len(pieces) // 2 if total >= share_from_seconds else len(pieces)
    workers = [
        Worker(
            job,
            path=str(info.path.absolute()),
            start_seconds=info.start_seconds,
            stream=stream,
            pieces=[[piece.start_seconds, piece.end_seconds] for piece in share],
        )
        for share in (pieces[:half], pieces[half:])
        if share
    ]
    try:
        messages = [message for worker in workers for message in worker.messages()]
        return [as_plain(each) for message in messages for each in message.header["found"]]
    finally:
        for worker in workers:
            worker.kill()


def as_plain(found: Any) -> Any:
    """Return a finding that a set may hold: a number, or a tuple of them."""
    return tuple(found) if isinstance(found, list) else found


def _is_inside(piece: Segment, others: Sequence[Segment]) -> bool:
    return any(
        other.start_seconds <= piece.start_seconds and piece.end_seconds <= other.end_seconds
        for other in others
    )
