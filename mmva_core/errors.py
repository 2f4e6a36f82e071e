"""Errors that a user of the model can cause, by what the caller can do about them.

    MmvaError
    ├── CheckpointError  weights are missing, damaged or foreign: name another folder
    ├── DataError        a data set is missing, incomplete or malformed: repair or complete it
    ├── PrecisionError   a tower or the processor lacks a precision: use fp32
    └── MissingExtraError  an optional dependency is not installed: install the named extra

Every message is one line: what happened, with which file or value, and what to do.
"""


class MmvaError(Exception):
    """Base of every error that `mmva_core` raises on purpose."""


class CheckpointError(MmvaError):
    """Weights cannot be found, or are damaged, or belong to something else."""


class DataError(MmvaError):
    """A data set is missing, incomplete or malformed."""


class PrecisionError(MmvaError):
    """A tower or the processor lacks the requested precision."""


class MissingExtraError(MmvaError):
    """An optional dependency is not installed."""
