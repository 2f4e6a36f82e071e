"""Progress for programs: one JSON object per line of stderr."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict

from vsumm.progress.events import Progress

DECIMALS = 3
"""Decimals of the numbers."""


class JsonLines:
    """Prints every report as a line."""

    def __call__(self, progress: Progress) -> None:
        """Print one report; a stream that was closed is no reason to stop the work."""
        fields = {name: _plain(value) for name, value in asdict(progress).items()}
        fields["path"] = os.fsencode(progress.path).decode("utf-8", "replace")
        with suppress(OSError):
            sys.stderr.write(json.dumps(fields) + "\n")
            sys.stderr.flush()


def _plain(value: object) -> object:
    return round(value, DECIMALS) if isinstance(value, float) else value
