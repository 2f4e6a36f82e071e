"""Folders of many tiny files that are no films, whatever they are called."""

from __future__ import annotations

import random
from pathlib import Path

FILES_PER_FOLDER = 100
FOLDERS_PER_FOLDER = 10
FILES_PER_FILM = 10
"""Of so many files one is called a film."""


def make_tiny_files(root: Path, num_files: int, chance: random.Random) -> int:
    """Write files into nested folders with links back to the first; return how many are `.mp4`.

    Args:
        root: the first folder, to be made.
        num_files: how many.
        chance: which are empty, and which have a newline in their names.
    """
    folders = [root]
    num_films = 0
    for number in range(num_files):
        place, inside = divmod(number, FILES_PER_FOLDER)
        if place == len(folders):
            folders.append(folders[(place - 1) // FOLDERS_PER_FOLDER] / f"{place}")
        folder = folders[place]
        if inside == 0:
            folder.mkdir(parents=True)
            if place:
                (folder / "again").symlink_to(root, target_is_directory=True)
        is_film = number % FILES_PER_FILM == 0
        num_films += is_film
        newline = "\n" if chance.random() < 0.1 else ""
        path = folder / f"{number}{newline}{'.mp4' if is_film else '.txt'}"
        path.write_text(f"no film {number}" if chance.random() < 0.5 else "")
    return num_films
