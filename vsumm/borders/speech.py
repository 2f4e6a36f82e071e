"""Find the phrases that are spoken in some pieces of a film."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vsumm._version import __version__
from vsumm.borders.searched import search_once
from vsumm.borders.shots import JOB as CUTS_JOB
from vsumm.borders.shots import join_near
from vsumm.borders.voice import CHUNK_SECONDS, SHORTEST_PAUSE_SECONDS
from vsumm.files import RecordCache
from vsumm.media import MediaInfo, Segment, merge_neighbours
from vsumm.workers import load_when_idle

JOB = "vsumm.borders.speech_job:run_speech"
"""The job that decodes sound and listens."""
SHARE_FROM_SECONDS = 30.0
"""From this length on two processes listen: about as long as a second one takes to start."""


@dataclass(frozen=True)
class FoundSpeech:
    """What was found."""

    phrases: tuple[Segment, ...]
    """What is spoken without a pause, chronological, not overlapping; exact to 32 ms. Outside the
    pieces some may be missing."""
    problem: str = ""
    """Why not all of the pieces could be listened to; empty where they were."""


def find_speech(
    info: MediaInfo,
    pieces: Sequence[Segment],
    *,
    track: int,
    content: str,
    cache: RecordCache | None = None,
) -> FoundSpeech:
    """Find the phrases in some pieces of a film.

    Args:
        info: the film.
        pieces: where to listen, chronological, not overlapping.
        track: which of its sound tracks; a film without sound has no speech.
        content: SHA-256 of the film.
        cache: where phrases are kept; what was heard before is not decoded again.
    """
    if track >= len(info.audio):
        return FoundSpeech(())
    key = {"kind": "spoken phrases", "version": __version__, "content": content, "track": track}
    found, problem = search_once(
        info,
        pieces,
        job=JOB,
        stream=info.audio[track].index,
        share_from_seconds=SHARE_FROM_SECONDS,
        key=key,
        cache=cache,
    )
    return FoundSpeech(join_phrases(Segment(*span) for span in found), problem)


def prepare_search() -> None:
    """Have what looks for cuts and listens loaded when the server of workers, if any, is idle."""
    load_when_idle(*(job.partition(":")[0] for job in (JOB, CUTS_JOB)))


def join_phrases(phrases: Iterable[Segment]) -> tuple[Segment, ...]:
    """Join phrases that were heard in pieces next to each other: no pause is that short.

    >>> join_phrases([Segment(5.0, 7.5), Segment(3.0, 4.98)])
    (Segment(start_seconds=3.0, end_seconds=7.5),)
    """
    return tuple(join_near(merge_neighbours(phrases), SHORTEST_PAUSE_SECONDS - CHUNK_SECONDS))
