"""Find the film that a timeline or a summary names, also after both were moved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mmva_core.store import sha256_file
from vsumm.errors import InputError
from vsumm.files import shown

MOST_HASHED = 100
"""Files beside the timeline whose content is compared."""


def find_film(
    path: Path, *, folder: Path, relative_path: str | None = None, sha256: str | None = None
) -> tuple[Path, list[str]]:
    """Return where the film is, and what is to be said about it.

    It is looked for at the relative path, under its name beside the timeline, at the absolute path,
    as seen from the working directory, and then, if the hash is known, among the files of the same
    kind beside the timeline.

    Args:
        path: the film as the timeline names it.
        folder: where the timeline lies.
        relative_path: the film as seen from there.
        sha256: SHA-256 of the film, hexadecimal.

    Raises:
        InputError: it is nowhere.
    """
    places = [folder / relative_path] if relative_path else []
    places += [folder / path.name, folder / path, path]
    found = [place for place in dict.fromkeys(places) if place.is_file()]
    if found and (sha256 is None or sha256_file(found[0]) == sha256):
        return found[0], []
    if sha256 is not None:
        for place in [*found[1:], *_alike(folder, path)]:
            if sha256_file(place) == sha256:
                return place, []
    if found:
        return found[0], [f"{shown(found[0])}: is not the very file that the timeline was made of"]
    raise InputError(
        f"{shown(path)}: the film is not there, nor in {shown(folder)}; name it with {{do}}",
        argument="media=...",
        option="--media",
    )


def _alike(folder: Path, path: Path) -> Iterator[Path]:
    """Yield the files of a folder with the suffix of the film."""
    suffix = path.suffix.lower()
    alike = sorted(p for p in folder.iterdir() if p.suffix.lower() == suffix and p.is_file())
    yield from alike[:MOST_HASHED]
