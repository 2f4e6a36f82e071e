"""Errors that a user of the model can cause, by what the caller can do about them.

    MmvaError
    ├── CheckpointError  weights are missing, damaged or foreign: name another folder
    ├── DataError        a data set is missing, incomplete or malformed: repair or complete it
    ├── EngineError      the machines that were asked for are not there: start them, or name others
    ├── PrecisionError   a tower or the processor lacks a precision: use fp32
    └── MissingExtraError  an optional dependency is not installed: install the named extra

Every message is one line: what happened, with which file or value, and what to do. Where that is
an argument in Python and an option on the command line, the error holds both.
"""

from typing import Self

LONGEST_VALUE = 80
"""Characters of a wrong value that are shown."""


class TwoVoicedError(Exception):
    """Base of errors that advise arguments in Python, and options on the command line.

    Attributes:
        on_command_line: the message with options in place of arguments.
    """

    def __init__(self, message: str = "", *, argument: str = "", option: str = "") -> None:
        """Make an error.

        Args:
            message: what happened; `{do}` stands for the argument or the option.
            argument: what to pass in Python, such as "overwrite=True".
            option: the same on the command line, such as "--force".
        """
        super().__init__(message.replace("{do}", argument) if argument else message)
        self.on_command_line = message.replace("{do}", option) if argument else message

    def about(self, name: str) -> Self:
        """Return the same error with the name of what it is about in front."""
        error = type(self)(f"{name}: {self}")
        error.on_command_line = f"{name}: {self.on_command_line}"
        return error


class MmvaError(TwoVoicedError):
    """Base of every error that `mmva_core` raises on purpose."""


class CheckpointError(MmvaError):
    """Weights cannot be found, or are damaged, or belong to something else."""


class DataError(MmvaError):
    """A data set is missing, incomplete or malformed."""


class EngineError(MmvaError):
    """There is no such cluster of machines."""


class PrecisionError(MmvaError):
    """A tower or the processor lacks the requested precision."""


class MissingExtraError(MmvaError):
    """An optional dependency is not installed."""


def check_type(name: str, value: object, is_valid: bool, allowed: str) -> None:
    """Check the type of an argument.

    Raises:
        TypeError: with its name, its value and what is allowed.
    """
    if not is_valid:
        raise TypeError(f"{name} must be {allowed}; got {_shown(value)}")


def _shown(value: object) -> str:
    """Return a value on one line, with its type; of an array dtype and shape."""
    kind = type(value).__name__
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{kind} of {value.dtype}, shape {tuple(value.shape)}"
    text = " ".join(repr(value).split())
    return f"{text if len(text) <= LONGEST_VALUE else f'{text[:LONGEST_VALUE]}...'} ({kind})"
