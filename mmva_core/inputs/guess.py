"""Guess the modality of an argument: the name of a file, or a sentence."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, UnidentifiedImageError

from mmva_core.config import Modality
from mmva_core.errors import DataError


def guess_modality(text: str) -> Modality:
    """Guess the modality of a text: the name of a picture, of a file with sound, or a sentence.

    Raises:
        DataError: the text is empty, a folder, or looks like the name of a file that does not
            exist.
    """
    path = Path(text)
    if not text.strip():
        raise DataError("an input is empty; give a file or a sentence")
    if _is_file(path):
        return "image" if _is_picture(path) else "music"
    if _is_folder(path):
        raise DataError(f"{text} is a folder; name the files in it")
    # "sunset.jpg" means a file, "What a day..." does not.
    has_suffix = len(path.suffix) > 1 and path.suffix[1:].isalnum()
    if " " not in text and (has_suffix or "/" in text):
        raise DataError(f"no such file: {text}")
    return "caption"


def _is_picture(path: Path) -> bool:
    try:
        with Image.open(path):
            return True
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a long sentence is no valid name
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
