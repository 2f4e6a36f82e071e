"""Errors that a user can cause, by what the caller can do about them.

    VsummError
    ├── InputError       the input file cannot be used: name another, or repair it
    │   └── NoSignalError  it can be read, but lacks what was asked for (no sound, no picture)
    ├── OutputError      the result cannot be written: name another place, make room, or force it
    ├── ModelError       the model cannot be loaded: name another, or complete its folder
    └── ScoresError      scores, summaries or annotations from elsewhere do not fit

Every message is one line: what happened, with which file or value, and what to do. Where that is
an argument in Python and an option on the command line, the error holds both.
"""


class VsummError(Exception):
    """Base of every error that `vsumm` and `eval` raise on purpose.

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
        text = message.replace("{do}", argument) if argument else message
        super().__init__(text)
        self.on_command_line = message.replace("{do}", option) if argument else message


class InputError(VsummError):
    """The input cannot be used as it is."""


class NoSignalError(InputError):
    """The input can be read but lacks the picture or the sound that was asked for."""


class OutputError(VsummError):
    """The result cannot be written where it was asked for."""


class ModelError(VsummError):
    """The model cannot be loaded as it was named."""


class ScoresError(VsummError):
    """Scores, summaries or annotations that came from elsewhere do not fit."""
