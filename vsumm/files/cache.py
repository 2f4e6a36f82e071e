"""Keep results that take minutes under a key of all that they depend on.

A record is a JSON file named after the SHA-256 of its key. It is written whole or not at all,
holds its key and a checksum, and is made anew if either does not fit. The folder is bounded: the
least recently used records are removed first. What is kept of a film, and under which key, is up to
`vsumm/score/measure.py`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmva_core.errors import DataError
from mmva_core.store import user_cache_folder
from vsumm.errors import OutputError
from vsumm.files.outputs import atomic_output

MAX_BYTES = 256 * 2**20
"""Default bound of the folder; a 10-hour film takes about 2 MB."""

_logger = logging.getLogger(__name__)


def default_cache_folder() -> Path:
    """Return the folder for vsumm in the user's cache, by the custom of the system.

    Raises:
        OutputError: the user has no home folder.
    """
    try:
        return user_cache_folder("vsumm")
    except DataError as error:
        raise OutputError(str(error)) from error


@dataclass(frozen=True)
class RecordCache:
    """Records in a folder, shared by any number of processes."""

    folder: Path
    """Where the records lie; made when the first one is written."""
    max_bytes: int = MAX_BYTES
    """Greatest size of all records together."""

    def get(self, key: dict[str, Any]) -> Any | None:
        """Return the record of `key`, or None where there is none or it is damaged."""
        path = self._path(key)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            is_valid = stored["key"] == key and stored["checksum"] == _digest(stored["record"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            _logger.warning("%s: damaged record, made anew (%s)", path, error)
            return None
        if not is_valid:
            _logger.warning("%s: damaged or foreign record, made anew", path)
            return None
        with suppress(OSError):
            os.utime(path)
        return stored["record"]

    def put(self, key: dict[str, Any], record: Any) -> None:
        """Keep a record of plain values; if it cannot be written, log a warning.

        Args:
            key: all that the record depends on, as plain values.
            record: numbers, text, lists and dictionaries; no NaN.
        """
        text = json.dumps(
            {"key": key, "checksum": _digest(record), "record": record}, allow_nan=False
        )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic_output(self._path(key), overwrite=True) as partial:
                partial.write_text(text, encoding="utf-8")
            self._prune()
        except (OSError, OutputError) as error:
            _logger.warning("%s: nothing is cached: %s", self.folder, error)

    def get_or_make(self, key: dict[str, Any], make: Callable[[], Any]) -> Any:
        """Return the record of `key`, from the folder or from `make`."""
        record = self.get(key)
        if record is None:
            record = make()
            self.put(key, record)
        return record

    def size(self) -> tuple[int, int]:
        """Return the number of records and their bytes."""
        sizes = [size for _, size, _ in self._records()]
        return len(sizes), sum(sizes)

    def clear(self) -> int:
        """Remove all records and return how many there were."""
        records = self._records()
        for _, _, path in records:
            path.unlink(missing_ok=True)
        return len(records)

    def _path(self, key: dict[str, Any]) -> Path:
        return self.folder / f"{_digest(key)}.json"

    def _records(self) -> list[tuple[float, int, Path]]:
        """List (time of last use, bytes, path), oldest first."""
        records = []
        for path in self.folder.glob("*.json"):
            with suppress(FileNotFoundError):  # another process may have removed it
                facts = path.stat()
                records.append((facts.st_mtime, facts.st_size, path))
        return sorted(records)

    def _prune(self) -> None:
        records = self._records()
        excess = sum(size for _, size, _ in records) - self.max_bytes
        for _, size, path in records:
            if excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess -= size


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
