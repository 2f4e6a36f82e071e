"""Choose the track, and the place in it, that follows the picture of a reel best."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mmva_core.clock import clock_text
from mmva_core.errors import MmvaError
from mmva_core.retrieval import Place, load_index, rank_tracks
from vsumm.errors import InputError
from vsumm.files import shown
from vsumm.soundtrack.curve import reel_curve
from vsumm.soundtrack.library import is_speech
from vsumm.soundtrack.tags import read_tags
from vsumm.summary import Summary, TrackMatch

NUM_BEST = 5
"""Tracks that are named, the chosen one among them."""


@dataclass(frozen=True)
class Choice:
    """Music for a reel."""

    best: tuple[TrackMatch, ...]
    """Tracks at their best places, best first; the first one is chosen."""
    line: str
    """Why, and what the file says of its artist and licence."""


def choose_soundtrack(summary: Summary, index: Path, *, crossfade_seconds: float = 0.0) -> Choice:
    """Choose music for the reel of a summary, by `mmva_core.retrieval.rank_tracks`.

    Args:
        summary: what the reel shows.
        index: folder of an index of music, see `open_library`.
        crossfade_seconds: how long each run of the reel overlaps the next one.

    Raises:
        InputError: the index cannot be read, or none of its files is there any more.
        NoSignalError: the reel shows no picture.
    """
    curve = reel_curve(summary, crossfade_seconds=crossfade_seconds)
    try:
        opened = load_index(index)
    except MmvaError as error:
        raise InputError(str(error)) from error
    root = Path(opened.header.root)
    positions = [
        position
        for position, item in enumerate(opened.items)
        if item.modality == "music" and not is_speech(item) and (root / item.name).is_file()
    ]
    if not positions:
        raise InputError(f"{shown(root)}: none of the music of the index {shown(index)} is there")
    places = rank_tracks(curve, opened, positions)
    best = tuple(
        TrackMatch(
            file=root / place.name,
            start_seconds=place.start_seconds,
            score=place.score,
            distance=place.distance,
            correlation=place.correlation,
        )
        for place in places[:NUM_BEST]
    )
    return Choice(best, _line(best[0].file, places))


def _line(file: Path, places: list[Place]) -> str:
    """Say what was chosen, why, and whose it is."""
    chosen, median = places[0], places[len(places) // 2]
    begins_again = ", plays again from its beginning" if chosen.num_seams else ""
    return (
        f"soundtrack: {shown(file)} from {clock_text(chosen.start_seconds)}{begins_again}: score "
        f"{chosen.score:.2f}, distance {chosen.distance:.2f}, arousal r {chosen.correlation:.2f} "
        f"(median of {len(places)}: {median.score:.2f}, {median.distance:.2f}, "
        f"{median.correlation:.2f}; trust arousal more than valence); {read_tags(file)}"
    )
