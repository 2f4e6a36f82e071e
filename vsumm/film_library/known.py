"""Films of a library by content and by path, and what becomes of those that are seen again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from mmva_core.store import sha256_file
from vsumm.film_library.store import FilmRow, Library, now


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


def mark_gone(library: Library) -> list[FilmRow]:
    """Mark films that are no longer where they were, and unmark those that are back.

    Returns:
        The films that are gone.
    """
    changed, gone = [], []
    for known in library.films().values():
        facts = file_facts(known.path)
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


def file_facts(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from the one that was there before; None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _is_it(film: FilmRow, num_bytes: int, modified_ns: int) -> bool:
    """Return whether the file at the path of a film, with these `file_facts`, still is the film."""
    if num_bytes != film.num_bytes:
        return False
    return modified_ns == film.modified_ns or sha256_file(film.path) == film.sha256
