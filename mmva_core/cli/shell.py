"""What every command line here shares: exit codes, signals, one-line errors, a closed pipe.

Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 a file or its result could
not be dealt with, 2 wrong usage, 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType, TracebackType

EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED, EXIT_TERMINATED = 0, 1, 2, 130, 143


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
        signal.signal(signal.SIGTERM, _exit_on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        match error:
            case UsageError():
                self.complain(error)
                self.exit_code = EXIT_USAGE
            case Exception() if isinstance(error, self._errors):
                self.complain(error)
                self.exit_code = EXIT_FAILED
            case KeyboardInterrupt():
                print(f"{self._name}: interrupted", file=sys.stderr)
                self.exit_code = EXIT_INTERRUPTED
            case BrokenPipeError():
                # The reader of our output has gone, for example `head`. Python would complain when
                # it flushes stdout at exit.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
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
        """Print an error on one line; `exit_code` is left to the caller."""
        self.say(f"error: {message}")

    def say(self, message: object) -> None:
        """Print a message on one line of stderr."""
        print(one_line(f"{self._name}: {message}"), file=sys.stderr)


def one_line(text: str) -> str:
    r"""Return text with what would break its line, or cannot be printed, escaped.

    >>> one_line("a\nb.mp4: is no film")
    'a\\nb.mp4: is no film'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class _LineFormatter(logging.Formatter):
    """Puts a warning on one line, whatever the names in it hold."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return one_line(text) if record.levelno >= logging.WARNING else text


def _exit_on_signal(number: int, frame: FrameType | None) -> None:
    raise SystemExit(EXIT_TERMINATED)
