"""Where programs keep what can be made again. Nothing here imports torch."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mmva_core.errors import DataError


def user_cache_folder(program: str) -> Path:
    """Return a program's folder in the user's cache, by the custom of the system.

    Args:
        program: the folder's name.

    Raises:
        DataError: the user has no home folder.
    """
    try:
        return _cache_folder() / program
    except RuntimeError as error:  # no HOME, and no entry in the list of users
        raise DataError(
            "there is no home folder to keep a cache in; set XDG_CACHE_HOME to a folder"
        ) from error


def _cache_folder() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
