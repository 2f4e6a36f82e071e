"""Music to choose the soundtrack from, by the options of the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmva_core.cli import Shell, UsageError
from vsumm.cli.watch import has_bars


def check_music_options(args: argparse.Namespace) -> None:
    """Check the options of the soundtrack against each other.

    Raises:
        UsageError: two exclude each other, or one means nothing without another.
    """
    if args.soundtrack is not None and args.soundtrack_from is not None:
        raise UsageError("--soundtrack names the music itself: leave out --soundtrack-from")
    has_music = args.soundtrack or args.soundtrack_from or getattr(args, "to", None)
    if args.soundtrack_mode is not None and not has_music:
        raise UsageError("--soundtrack-mode needs --soundtrack, --soundtrack-from or --to")
    if args.reorder and not (args.arc or has_music):
        raise UsageError("--reorder needs --arc, --soundtrack, --soundtrack-from or --to")
    if args.reorder and args.variants > 1:
        raise UsageError("--variants are shown in the order of the film: leave out --reorder")
    if args.moves_cuts and args.soundtrack_from is None:
        raise UsageError("--cut-to-beats needs --soundtrack-from")
    if args.soundtrack_start_seconds is not None and args.soundtrack is None:
        raise UsageError("--soundtrack-start needs --soundtrack")
    if args.soundtrack_fade_seconds is not None and not has_music:
        raise UsageError("--soundtrack-fade needs --soundtrack, --soundtrack-from or --to")


def open_music(args: argparse.Namespace, shell: Shell) -> Path | None:
    """Return the index of `--soundtrack-from`, made if need be, and say what is left out.

    Of `--soundtrack`, where runs are ordered by it.

    Raises:
        VsummError: see `open_library`.
    """
    music = args.soundtrack_from
    if music is None and args.reorder and args.arc is None:
        music = args.soundtrack
    if music is None:
        return None
    from vsumm.soundtrack import open_library

    library = open_library(music, args.model, progress=has_bars(args))
    for note in library.notes:
        shell.say(note)
    return library.index
