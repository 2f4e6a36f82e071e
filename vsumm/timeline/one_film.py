"""Keep the clips of one film: a reel has one source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from vsumm.errors import ScoresError
from vsumm.files import shown
from vsumm.timeline.model import Clip, Source


@dataclass(frozen=True)
class NamedClip:
    """A clip and the film that it was taken from."""

    clip: Clip
    source: Source


def choose_film(named: Sequence[NamedClip]) -> tuple[tuple[Clip, ...], Source, list[str]]:
    """Return the clips of the film that has most of them, the film, and what is to be said.

    Raises:
        ScoresError: there are no clips.
    """
    if not named:
        raise ScoresError("there are no clips in the timeline")
    counts = Counter(item.source.path for item in named)
    path, count = counts.most_common(1)[0]
    chosen = [item for item in named if item.source.path == path]
    notes = []
    if count < len(named):
        notes.append(
            f"{len(named) - count} clips of other films are left out: "
            f"a reel is cut from one, here {shown(path)}"
        )
    return tuple(item.clip for item in chosen), chosen[0].source, notes
