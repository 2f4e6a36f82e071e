"""What every command line here shares: exit codes, signals, one-line errors, a closed pipe.

Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 a file or its result could
not be dealt with, 2 wrong usage, 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import atexit
import errno
import gc
import logging
import os
import signal
import sys
from contextlib import suppress
from types import FrameType, TracebackType

GARBAGE_THRESHOLD = 50_000
"""New objects after which Python searches for garbage. By default it does so every 700, again and
again through all that was imported: a tenth of the CPU time of a short run."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED, EXIT_TERMINATED = 0, 1, 2, 130, 143

EXTRA_OF = {
    "h5py": "eval",
    "lancedb": "library",
    "moviepy": "compose",
    "ray": "cluster",
    "scipy": "eval",
}
"""Packages that only some commands import, each with the extra that brings it."""


class UsageError(Exception):
    """The command line asks for something impossible."""


class Shell:
    """Runs a command; what ends it early becomes an exit code and at most one line on stderr.

        with Shell("vsumm", VsummError) as shell:
            shell.exit_code = command(arguments)
        return shell.exit_code

    SIGTERM ends the block like an exception, so that a terminated program cleans up behind itself
    as an interrupted one does. Other exceptions than those named here keep their traceback.

    Attributes:
        exit_code: exit code of the program, 0 until set.
    """

    def __init__(self, name: str, *errors: type[Exception]) -> None:
        """Prepare to run a command.

        Args:
            name: the program, for its messages.
            errors: the exceptions whose message is for the user; they exit with 1.
        """
        self.exit_code = EXIT_DONE
        self._name = name
        self._errors = errors

    def __enter__(self) -> Shell:
        _open_missing_streams()
        signal.signal(signal.SIGTERM, _exit_on_signal)
        self._garbage_thresholds = gc.get_threshold()
        gc.set_threshold(GARBAGE_THRESHOLD)
        # The end would come half a second later if Python searched all of torch for garbage first.
        atexit.register(gc.freeze)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        # All that was made counts as old: else Python would search it for garbage at once.
        gc.freeze()
        gc.unfreeze()
        gc.set_threshold(*self._garbage_thresholds)
        lost = _flush_stdout()
        if lost and (error is None or isinstance(error, OSError | SystemExit)):
            error = lost
        match error:
            case UsageError():
                self.complain(error)
                self.exit_code = EXIT_USAGE
            case Exception() if isinstance(error, self._errors):
                self.complain(error)
                self.exit_code = EXIT_FAILED
            case MemoryError():
                self.complain("there is not enough memory, or `ulimit -v` allows too little")
                self.exit_code = EXIT_FAILED
            case ModuleNotFoundError(name=str(module)) if _package(module) in EXTRA_OF:
                extra = EXTRA_OF[_package(module)]
                self.complain(f"this needs {_package(module)}: pip install 'vsumm[{extra}]'")
                self.exit_code = EXIT_FAILED
            case KeyboardInterrupt():
                self.say("interrupted")
                self.exit_code = EXIT_INTERRUPTED
            case BrokenPipeError():  # the reader of our output has gone, for example `head`
                self.exit_code = EXIT_FAILED
            # Of errors without a file name this is the one that `print` raises: results that are
            # files are written by functions that name them.
            case OSError() if lost or (error.errno in _NO_ROOM and error.filename is None):
                self.complain(f"the results cannot be printed: {(error.strerror or '').lower()}")
                self.exit_code = EXIT_FAILED
            case _:
                return False
        return True

    def log_to_stderr(self, level: int = logging.WARNING) -> None:
        """Send the records of all loggers to stderr, warnings and errors on one line each."""
        handler = logging.StreamHandler()
        handler.setFormatter(_LineFormatter("%(name)s: %(message)s"))
        logging.basicConfig(level=level, handlers=[handler])

    def complain(self, message: object) -> None:
        """Print an error on one line; `exit_code` is left to the caller.

        Args:
            message: text, or an exception; its `on_command_line`, where it has one, is its text
                with options in place of arguments.
        """
        self.say(f"error: {getattr(message, 'on_command_line', message)}")

    def say(self, message: object) -> None:
        """Print a message on one line of stderr."""
        with suppress(OSError):  # a full disk, a closed terminal: there is no other place to say it
            print(one_line(f"{self._name}: {message}"), file=sys.stderr)


def one_line(text: str) -> str:
    r"""Return text with what would break its line, or cannot be printed, escaped.

    >>> one_line("a\nb.mp4: is no film")
    'a\\nb.mp4: is no film'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _package(module: str) -> str:
    return module.partition(".")[0]


class _LineFormatter(logging.Formatter):
    """Puts a warning on one line, whatever the names in it hold."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return one_line(text) if record.levelno >= logging.WARNING else text


def _open_missing_streams() -> None:
    """Open what the caller has closed, as by `2>&-`.

    The numbers would otherwise go to files that are opened later, and FFmpeg would print into them.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def _flush_stdout() -> OSError | None:
    """Print what is still waiting; return why it cannot be printed, and forget it then."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # Python would try again, and complain, at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error
    return None


def _exit_on_signal(number: int, frame: FrameType | None) -> None:
    raise SystemExit(EXIT_TERMINATED)
