"""Write a result under its final name whole or not at all.

A result grows in a hidden file beside its target and is renamed once it is complete and on the
disk, so that a failure, Ctrl-C or `kill -9` leaves either the old file or the whole new one.
Hidden files of runs that were killed are recognised by their lock, which the kernel released, and
are removed by the next run that writes to the folder.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from vsumm.errors import NoRoomError, OutputError

try:
    import fcntl
except ImportError:  # Windows: leftovers of killed runs stay, everything else holds
    fcntl = None  # type: ignore[assignment]

PARQUET_WRITERS = ("pyarrow", "fastparquet")
"""The packages that pandas can write Parquet with, both optional."""

_PARTIAL_PREFIX = ".vsumm-"
_PARTIAL_NAME = re.compile(r"\.vsumm-[0-9a-f]{16}\.part(\..*)?", re.DOTALL)
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def check_output(
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    inputs: Iterable[str | os.PathLike[str]] = (),
) -> Path:
    """Check before the work starts that a result can be written to `path`.

    Args:
        path: where the result goes.
        overwrite: whether a regular file that is already there may be replaced.
        inputs: files that must never be replaced, also not through another name or link.

    Returns:
        The path, as the user spelled it.

    Raises:
        OutputError: the target is an input, a folder or a device, or exists without `overwrite`;
            its folder is missing or cannot be written to.
    """
    target = Path(path)
    with _as_output_error(target):
        for source in inputs:
            if target.exists() and Path(source).exists() and target.samefile(source):
                raise OutputError(f"{path}: this is the input itself; name another output")
        _refuse_what_is_there(target, overwrite=overwrite)
        descriptor, partial = _create_partial(target)
        os.close(descriptor)
        partial.unlink(missing_ok=True)
    return target


def check_extension(path: str | os.PathLike[str], forms: Collection[str], *, said: str) -> str:
    """Return the form of a file by the extension of its path, in lower case.

    Args:
        path: where to write.
        forms: extensions of the forms that there are, like ".csv".
        said: what the error says before it names them, like "a table is written as".

    Raises:
        OutputError: the extension is another one, or the package that writes Parquet is missing.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in forms:
        raise OutputError(f"{path}: {said} {' or '.join(forms)}")
    if suffix == ".parquet" and not any(find_spec(name) for name in PARQUET_WRITERS):
        raise OutputError(f"{path}: Parquet needs pyarrow: pip install pyarrow")
    return suffix


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder for results, and those above it, where they are missing, to stay on the disk.

    Raises:
        OutputError: it cannot be made.
    """
    folder = Path(path)
    with _as_output_error(folder):
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for each in missing:
            _sync_folder(each.parent)


@contextmanager
def atomic_output(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a hidden file beside `path` to write to; rename it to `path` when the block is done.

    The hidden file exists, is empty and has the suffix of `path`; write to it by its name. Where
    `path` is a symbolic link, the file that it points to is replaced, not the link.

    Raises:
        OutputError: as `check_output`, or the disk is full, or, without `overwrite`, a file of
            this name appeared in the meantime. The hidden file is removed, as after any error.
    """
    with _as_output_error(Path(path)):
        target = Path(os.path.realpath(path))
        _refuse_what_is_there(target, overwrite=overwrite)
        _remove_leftovers(target.parent)
        descriptor, partial = _create_partial(target)
    try:
        with _as_output_error(Path(path), only=_NO_ROOM):
            yield partial
        with _as_output_error(Path(path)):
            _publish(partial, target, overwrite=overwrite)
    finally:
        partial.unlink(missing_ok=True)
        os.close(descriptor)


def is_no_room(number: int | None) -> bool:
    """Return whether an error of the system means a full disk, quota or limit of files."""
    return number in _NO_ROOM


@contextmanager
def _as_output_error(path: Path, *, only: set[int] | None = None) -> Iterator[None]:
    """Turn errors of the system about `path` into one line; `only` limits it to some of them."""
    try:
        yield
    except OSError as error:
        if only is not None and error.errno not in only:
            raise
        if is_no_room(error.errno):
            raise NoRoomError(f"{path}: cannot be written: no space left for it") from error
        raise OutputError(f"{path}: cannot be written: {_reason(error)}") from error
    except ValueError as error:  # a null byte in the name
        if only is not None:
            raise
        raise OutputError(f"{str(path)!r}: cannot be written: {error}") from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _refuse_what_is_there(target: Path, *, overwrite: bool) -> None:
    """Raise unless `target` is free, or is a regular file that may be replaced."""
    folder = target.parent
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise OutputError(f"{target}: the folder {folder} {problem}; create it first")
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise OutputError(f"{target}: this is a folder; name a file in it")
    if not stat.S_ISREG(mode):
        raise OutputError(f"{target}: this is not a regular file; name another output")
    if not overwrite:
        raise _there_already(target, "exists already")


def _there_already(target: Path, what: str) -> OutputError:
    message = f"{target}: {what}; use {{do}} to replace it"
    return OutputError(message, argument="overwrite=True", option="--force")


def _create_partial(target: Path) -> tuple[int, Path]:
    """Make an empty, locked file beside `target`; return its descriptor and name.

    The name does not contain the target's, which may already be as long as a name can be.
    """
    while True:
        name = f"{_PARTIAL_PREFIX}{secrets.token_hex(8)}.part{target.suffix}"
        partial = target.parent / name
        # The mode 0o666 is narrowed by the user's umask, as for any file that a program makes.
        descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        # A run beside this one may have taken the file for a leftover before it was locked: then
        # that run holds the lock, or the file is gone.
        with suppress(BlockingIOError):
            _lock(descriptor)
            if partial.exists():
                return descriptor, partial
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock a file for as long as this process lives; say whether its file system can.

    Raises:
        BlockingIOError: another process holds the lock.
    """
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


def _remove_leftovers(folder: Path) -> None:
    """Remove hidden files of runs that were killed: those without a lock."""
    with suppress(OSError):
        for leftover in folder.iterdir():
            if _PARTIAL_NAME.fullmatch(leftover.name):
                _remove_if_unlocked(leftover)


def _remove_if_unlocked(partial: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(partial, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        try:
            if _lock(descriptor):
                partial.unlink()
        finally:
            os.close(descriptor)


def _publish(partial: Path, target: Path, *, overwrite: bool) -> None:
    """Bring a complete file to the disk and give it its final name in one step."""
    if overwrite and target.exists():
        partial.chmod(stat.S_IMODE(target.stat().st_mode))
    _sync(partial)
    if overwrite:
        partial.replace(target)
    else:
        _rename_without_replacing(partial, target)
    _sync_folder(target.parent)


def _rename_without_replacing(partial: Path, target: Path) -> None:
    """Rename unless a file of that name appeared since it was looked for.

    A hard link fails where the name is taken, a rename does not. File systems without hard links
    get the look and the rename, one after the other.
    """
    try:
        target.hardlink_to(partial)
    except FileExistsError:
        raise _there_already(target, "appeared meanwhile") from None
    except OSError:
        _refuse_what_is_there(target, overwrite=False)
        partial.rename(target)
    else:
        partial.unlink()


def _sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    with suppress(OSError):  # some file systems cannot sync a folder
        _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
