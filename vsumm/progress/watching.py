"""What the argument `progress` of a function means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vsumm.progress.bars import Bars
from vsumm.progress.events import Watch


@contextmanager
def watching(progress: bool | Watch) -> Iterator[Watch]:
    """Return whom to tell: a function that was passed, bars on stderr for True, or nobody.

    Raises:
        TypeError: it is none of these.
    """
    if callable(progress):
        yield progress
    elif progress is True:
        with Bars() as bars:
            yield bars
    elif progress is False:
        yield _ignore
    else:
        raise TypeError(f"progress must be True, False or a function; got {progress!r}")


def _ignore(_: object) -> None:
    pass
