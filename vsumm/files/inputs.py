"""Open files that the user names, and print their names."""

from __future__ import annotations

import os
import stat

from vsumm.errors import InputError


def open_regular_file(path: str) -> int:
    """Open a regular, non-empty file for reading and return its descriptor.

    Raises:
        InputError: it is missing, unreadable, empty, or something other than a regular file; the
            message does not repeat the path.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe waits for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(reason.lower()) from error
    if problem := _problem(os.fstat(descriptor)):
        os.close(descriptor)
        raise InputError(problem)
    return descriptor


def shown(path: str | os.PathLike[str]) -> str:
    r"""Return a path as one printable line, for messages.

    >>> shown("a\nb.mp4")
    "'a\\nb.mp4'"
    """
    name = os.fsdecode(path)
    return name if name.isprintable() else repr(name)


def _problem(status: os.stat_result) -> str:
    if stat.S_ISDIR(status.st_mode):
        return "it is a folder, not a film"
    if not stat.S_ISREG(status.st_mode):
        return "it is a pipe or a device, not a file"
    return "" if status.st_size else "the file is empty"
