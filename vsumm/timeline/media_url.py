"""Paths as the `file:` addresses that editing programs write, and back."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

_DRIVE = re.compile(r"/[A-Za-z]:/")


def url_of_path(path: Path) -> str:
    """Return an absolute path as an address.

    >>> url_of_path(Path("/films/a film.mp4"))
    'file:///films/a%20film.mp4'
    """
    return "file://" + quote(path.absolute().as_posix())


def path_of_url(url: str) -> Path:
    """Return the path of a `file:` address, or of what is a path already.

    >>> path_of_url("file://localhost/films/a%20film.mp4").as_posix()
    '/films/a film.mp4'
    """
    if not url.startswith("file:"):
        return Path(url)
    path = unquote(urlsplit(url).path)
    return Path(path[1:] if _DRIVE.match(path) else path)
