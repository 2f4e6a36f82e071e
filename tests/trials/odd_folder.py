"""The folder that `make_odd_films.py` fills, and what must come of each file in it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg

SECONDS = 20.0
"""Length of most films."""

EVENTS = [float(second) for second in range(1, 20, 2)]
"""When most films flash and beep."""


class OddFolder:
    """Writes files and notes what is expected of them, see `make_odd_films.py`."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        """Where it is."""
        self.random = random.Random(seed)
        """What the kinds draw their parameters from."""
        self._expected: dict[str, dict[str, Any]] = {}

    def expect(self, name: str, **expected: Any) -> None:
        """Note what must come of a file."""
        self._expected[name] = expected

    def read(self, name: str) -> bytes:
        """Return what a file holds."""
        return (self.path / name).read_bytes()

    def write(self, name: str, data: bytes, **expected: Any) -> None:
        """Write a file."""
        (self.path / name).write_bytes(data)
        self.expect(name, **expected)

    def copy(self, name: str, new_name: str, **expected: Any) -> None:
        """Copy a file."""
        shutil.copy(self.path / name, self.path / new_name)
        self.expect(new_name, **expected)

    def convert(self, name: str, *arguments: str, **expected: Any) -> None:
        """Have FFmpeg write a file."""
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *arguments]
        subprocess.run([*command, str(self.path / name)], check=True)
        self.expect(name, **expected)

    def close(self) -> None:
        """Write down what is expected."""
        (self.path / "expected.json").write_text(json.dumps(self._expected, indent=1))
