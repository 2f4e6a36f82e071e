"""Defaults of `vsumm summarize` and `vsumm batch` from a file, `vsumm.toml`.

    budget = "60s"                  # options by their long names, without the dashes
    fast = true
    exclude = ["*.ts", "raw/*"]     # those that may be given again
    weights = { motion = 1, about = 2 }

The file in the working folder is taken, or else the one in the user's folder of settings. What is
given on the command line comes after it and so takes its place.
"""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmva_core.cli import UsageError, did_you_mean
from vsumm.files import shown

FILE_NAME = "vsumm.toml"

_logger = logging.getLogger(__name__)


def defaults_file() -> Path | None:
    """Return the file that counts; None where there is none."""
    return next((path for path in _places() if path.is_file()), None)


def default_arguments(
    path: Path,
    parser: argparse.ArgumentParser,
    *,
    others: argparse.ArgumentParser | None = None,
) -> list[str]:
    """Return the options that a file sets, as they would be on the command line.

    Args:
        path: the file.
        parser: the parser of the sub-command, to know its options.
        others: that of another one that takes the same file; what it alone knows is left out.

    Raises:
        UsageError: the file cannot be read, or names an option that there is not.
    """
    import tomllib  # here, since most users have no such file

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown(path)}: cannot be read: {error}") from error
    known = _options(parser)
    elsewhere = _options(others) if others else {}
    arguments: list[str] = []
    for key, value in content.items():
        name = key.replace("_", "-")
        if name not in known and name in elsewhere:
            continue
        if name not in known:
            raise UsageError(f"{shown(path)}: there is no option {key}{did_you_mean(name, known)}")
        is_switch = known[name].nargs == 0
        if is_switch != isinstance(value, bool):
            form = "true or false" if is_switch else "no truth value"
            raise UsageError(f"{shown(path)}: {key} must be {form}, got {value!r}")
        arguments += _as_arguments(name, value)
    _logger.info("defaults of %s: %s", shown(path), " ".join(arguments))
    return arguments


def _options(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """Return the options of a parser by their long names, without the dashes."""
    return {
        text.removeprefix("--"): action
        for action in parser._actions
        for text in action.option_strings
        if text.startswith("--") and text != "--help"
    }


def _places() -> Iterator[Path]:
    yield Path(FILE_NAME)
    settings = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    if settings or os.environ.get("HOME"):
        yield Path(settings or Path(os.environ["HOME"], ".config")) / "vsumm" / FILE_NAME


def _as_arguments(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{name}"] if value else []
    if isinstance(value, dict):
        value = ",".join(f"{key}={number}" for key, number in value.items())
    return [f"--{name}={one}" for one in (value if isinstance(value, list) else [value])]
