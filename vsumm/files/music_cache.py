"""Where indexes of folders and playlists of music are kept, in the user's cache."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

NAME_LENGTH = 16
"""Characters of a key that name its index."""


@dataclass(frozen=True)
class MusicCache:
    """Indexes of music. They are not bounded, as encoding them again takes minutes."""

    cache_folder: Path
    """The folder for vsumm in the user's cache."""

    @property
    def folder(self) -> Path:
        """Where the indexes lie; made when the first one is written."""
        return self.cache_folder / "music"

    def place_of(self, key: str) -> tuple[Path, Path]:
        """Return the folder of an index, and the file that says what it was made of.

        Args:
            key: hash of all that tells it from others, hexadecimal.
        """
        folder = self.folder / f"{key[:NAME_LENGTH]}.index"
        return folder, folder.with_suffix(".json")

    def size(self) -> tuple[int, int]:
        """Return the number of indexes and the bytes of all that is kept."""
        files = [path.stat().st_size for path in self.folder.rglob("*") if path.is_file()]
        return len(self._indexes()), sum(files)

    def clear(self) -> int:
        """Remove all indexes and return how many there were."""
        indexes = self._indexes()
        for folder in indexes:
            folder.with_suffix(".json").unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
        return len(indexes)

    def _indexes(self) -> list[Path]:
        return sorted(self.folder.glob("*.index"))
