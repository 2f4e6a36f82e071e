"""Keep what was found out of a file for as long as nobody has written to it.

A file counts as unchanged while device, inode, size and the times of its last change of content and
of status are the same. The last one is set by the system, at every write too, and by nobody else: a
file that is replaced, or written in place and given its old time again, is looked at anew.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vsumm._version import __version__
from vsumm.files.cache import RecordCache

SETTLED_SECONDS = 2.0
"""How long ago the last change must be for its time to tell it from the next: some file systems
count whole seconds."""


def fact_of_file(path: Path, name: str, make: Callable[[], Any], cache: RecordCache | None) -> Any:
    """Return a fact of a file, from the cache or from `make`.

    Args:
        path: the file.
        name: which fact; and all that it depends on besides the file and this program.
        make: finds it out, as a plain value; its exceptions are passed on.
        cache: where facts are kept; None keeps nothing.
    """
    key = _key(path, name)
    if cache is None or key is None:
        return make()
    fact = cache.get(key)
    if fact is None:
        is_settled = time.time_ns() - max(key["modified_ns"], key["changed_ns"]) > (
            SETTLED_SECONDS * 1e9
        )
        fact = make()
        if is_settled and _key(path, name) == key:
            cache.put(key, fact)
    return fact


def is_known(path: Path, name: str, cache: RecordCache) -> bool:
    """Return whether `fact_of_file` would find a fact in the cache."""
    key = _key(path, name)
    return key is not None and cache.get(key) is not None


def _key(path: Path, name: str) -> dict[str, Any] | None:
    """Return what a fact is kept under; None where it cannot be told whether a file changes."""
    if os.name != "posix":  # there the time of the last change of status is another one
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return {
        "kind": "unchanged file",
        "fact": name,
        "version": __version__,
        "device": status.st_dev,
        "inode": status.st_ino,
        "bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
        "changed_ns": status.st_ctime_ns,
    }
