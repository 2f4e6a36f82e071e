"""What other programs want to know: the form of a summary, and how the shell completes options."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mmva_core.cli import Parser, UsageError
from vsumm.cli.inputs import input_path

if TYPE_CHECKING:
    Commands: TypeAlias = "argparse._SubParsersAction[Parser]"

SHELLS = ("bash", "zsh", "tcsh")


def add_schema(commands: Commands) -> argparse.ArgumentParser:
    """Add `vsumm schema`."""
    return commands.add_parser(
        "schema",
        help="print the JSON Schema of a summary",
        description="Print the form of FILE.summary.json as JSON Schema, draft 2020-12.",
        examples=("vsumm schema > summary.schema.json",),
    )


def schema_text() -> str:
    """Return the JSON Schema of a summary."""
    from vsumm.summary import json_schema

    return json.dumps(json_schema(), indent=2)


def add_completion(commands: Commands) -> argparse.ArgumentParser:
    """Add `vsumm completion`."""
    parser = commands.add_parser(
        "completion",
        help="print what lets the shell complete commands and options",
        description="Print a script of the shell; needs the extra 'completion'.",
        examples=(
            "vsumm completion bash > ~/.local/share/bash-completion/completions/vsumm",
            "vsumm completion zsh > ~/.zfunc/_vsumm",
        ),
    )
    parser.add_argument("shell", choices=SHELLS)
    return parser


def completion_text(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the script for a shell.

    Raises:
        UsageError: the extra is not installed.
    """
    try:
        import shtab
    except ImportError as error:
        raise UsageError(
            "completion needs the extra 'completion': pip install 'vsumm[completion]'"
        ) from error
    for action in _actions_of(parser):
        if action.type in (Path, input_path) or action.dest == "output":
            action.complete = shtab.FILE  # where shtab looks for it
    text: str = shtab.complete(parser, shell)
    return text


def _actions_of(parser: argparse.ArgumentParser) -> Iterator[Any]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions_of(command)
