"""What the options of `vsumm summarize` and `vsumm batch` say, as settings."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mmva_core.cli import Shell, UsageError
from vsumm.cli.music import check_music_options
from vsumm.cli.options import fields_in
from vsumm.config import SummaryConfig
from vsumm.errors import OutputError

if TYPE_CHECKING:
    from vsumm.files import RecordCache
    from vsumm.reel import ReelConfig


def summary_config(args: argparse.Namespace) -> SummaryConfig:
    """Return how to score and select.

    Raises:
        UsageError: an option is out of range, or names a signal that there is not.
    """
    budget = {name: value for name, value in vars(args.budget).items() if value is not None}
    try:
        if args.weights:
            from vsumm.score import check_weights

            check_weights(args.weights)
        given = fields_in(args, SummaryConfig)
        if args.quick:
            given.setdefault("cut_at", "grid")  # to search for cuts takes longer than the rest
        return SummaryConfig(**given, **budget)
    except ValueError as error:
        raise UsageError(error) from error


def reel_config(args: argparse.Namespace) -> ReelConfig:
    """Return how to write a reel.

    Raises:
        UsageError: an option is out of range, or lacks the one that it belongs to.
    """
    from vsumm.reel import ReelConfig

    check_music_options(args)
    if args.title_font is not None and args.title is None:
        raise UsageError("--title-font needs --title")
    try:
        return ReelConfig(**fields_in(args, ReelConfig))
    except ValueError as error:
        raise UsageError(error) from error


def open_cache(args: argparse.Namespace, shell: Shell) -> RecordCache | None:
    """Return where scores are kept; None with `--no-cache`, or where there is no place for them."""
    from vsumm.files import RecordCache, default_cache_folder

    if args.no_cache:
        return None
    try:
        return RecordCache(default_cache_folder())
    except OutputError as error:
        shell.say(f"nothing is cached: {error}")
        return None
