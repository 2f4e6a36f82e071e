"""Errors that a user can cause, by what the caller can do about them.

    VsummError
    ├── InputError       the input file cannot be used: name another, or repair it
    │   └── NoSignalError  it can be read, but lacks what was asked for (no sound, no picture)
    ├── OutputError      the result cannot be written: name another place, or force it
    │   └── NoRoomError    the disk, or the user's share of it, is full: make room
    ├── ModelError       the model cannot be loaded: name another, or complete its folder
    ├── LibraryError     the library cannot be used: name another, repair or update
    └── ScoresError      scores, summaries or annotations from elsewhere do not fit

Every message is one line: what happened, with which file or value, and what to do. Where that is
an argument in Python and an option on the command line, the error holds both.
"""

from mmva_core.errors import TwoVoicedError


class VsummError(TwoVoicedError):
    """Base of every error that `vsumm` and `eval` raise on purpose."""


class InputError(VsummError):
    """The input cannot be used as it is."""


class NoSignalError(InputError):
    """The input can be read but lacks the picture or the sound that was asked for."""


class OutputError(VsummError):
    """The result cannot be written where it was asked for."""


class NoRoomError(OutputError):
    """There is no space left for the result."""


class ModelError(VsummError):
    """The model cannot be loaded as it was named."""


class LibraryError(VsummError):
    """The library is missing, damaged, of a later version, or cannot answer what was asked."""


class ScoresError(VsummError):
    """Scores, summaries or annotations that came from elsewhere do not fit."""
