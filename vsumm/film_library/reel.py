"""Cut what was found in a library into one reel, across films."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from vsumm.errors import NoSignalError
from vsumm.files import shown
from vsumm.film_library.search import Found
from vsumm.media import MediaInfo, Segment, probe
from vsumm.progress import Watch
from vsumm.reel import FilmPiece, ReelConfig, write_joined_reel


def write_found(
    found: Sequence[Found],
    path: str | os.PathLike[str],
    config: ReelConfig | None = None,
    *,
    overwrite: bool = False,
    progress: bool | Watch = False,
) -> Path:
    """Write stretches of films, best first, as one reel; see `vsumm.reel.write_joined_reel`.

    Raises:
        InputError: a film is missing or cannot be read.
        NoSignalError: nothing was found.
        OutputError: the reel cannot be written.
    """
    if not found:
        raise NoSignalError(f"{shown(path)}: nothing was found, there is no reel to cut")
    films: dict[Path, MediaInfo] = {}
    pieces = []
    for one in found:
        info = films.get(one.film.path) or probe(one.film.path)
        films[one.film.path] = info
        end = min(one.segment.end_seconds, info.duration_seconds)
        run = Segment(one.segment.start_seconds, end)
        pieces.append(FilmPiece(info, run, one.film.audio_track))
    return write_joined_reel(pieces, path, config, overwrite=overwrite, progress=progress)
