"""Keep what costs minutes, the model's view of a video, under a key of all that it depends on."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vsumm.errors import OutputError
from vsumm.outputs import atomic_output

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScoreCache:
    """JSON records in a folder; each is written whole or not at all, so a kill loses one video.

    A record that cannot be read counts as missing and is made anew.
    """

    folder: Path | None
    """Where the records lie; None keeps nothing."""

    def get_or_make(self, key: dict[str, Any], make: Callable[[], Any]) -> Any:
        """Return the record of `key`, from the folder or from `make`.

        Args:
            key: all that the record depends on, as plain values.
            make: makes the record, as plain values.
        """
        if self.folder is None:
            return make()
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        path = self.folder / f"{digest}.json"
        stored = _read(path)
        if stored is not None and stored.get("key") == key:
            return stored["record"]
        record = make()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be made ({error}); use --no-cache") from error
        with atomic_output(path, overwrite=True) as partial:
            partial.write_text(json.dumps({"key": key, "record": record}), encoding="utf-8")
        return record


def default_cache_folder() -> Path:
    """Return `vsumm/eval` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "vsumm" / "eval"


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's content, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_folder(folder: Path) -> str:
    """Return one SHA-256 over the names and contents of the files in a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{path.relative_to(folder)} {hash_file(path)}" for path in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        logger.warning("%s: unreadable record, made anew (%s)", path, error)
        return None
    return stored if isinstance(stored, dict) and "record" in stored else None
