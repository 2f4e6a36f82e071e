"""One reel of several films cut to a song, by the options of `vsumm summarize --to`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmva_core.cli import EXIT_FAILED, Shell, UsageError
from mmva_core.clock import clock_text
from vsumm.cli.options import DEFAULT_BUDGET
from vsumm.cli.watch import room_for_text
from vsumm.config import SummaryConfig
from vsumm.files import shown

if TYPE_CHECKING:
    from vsumm.errors import VsummError
    from vsumm.files import RecordCache
    from vsumm.medley import MedleyResult
    from vsumm.progress import Watch
    from vsumm.reel import ReelConfig

ALONE = {
    "soundtrack": "--soundtrack",
    "soundtrack_from": "--soundtrack-from",
    "keep": "--keep",
    "skip_existing": "--skip-existing",
    "with_report": "--report",
    "contact_sheet": "--contact-sheet",
    "poster": "--poster",
    "preview": "--preview",
    "table": "--table",
    "embeddings": "--embeddings",
}
"""Options by the names of their values that say nothing for a reel of several films."""


def check_medley_options(args: argparse.Namespace) -> None:
    """Check the options of `--to` against the others.

    Raises:
        UsageError: two exclude each other, or one means nothing without another.
    """
    if args.to is None:
        return
    named = [option for name, option in ALONE.items() if getattr(args, name, None)]
    if args.variants > 1:
        named.append("--variants")
    if named:
        raise UsageError(f"--to makes one reel of all inputs: leave out {', '.join(named)}")
    if len(args.output or []) > 1:
        raise UsageError("--to writes one reel: name one output")


def run_medley(
    args: argparse.Namespace,
    shell: Shell,
    films: Sequence[Path],
    config: tuple[SummaryConfig, ReelConfig],
    cache: RecordCache | None,
    watch: Watch,
) -> list[str]:
    """Make the reel, and return the lines to print."""
    from vsumm.medley import MedleyJob, make_medley

    def complain(error: VsummError) -> None:
        with room_for_text():
            shell.complain(error)
        shell.exit_code = EXIT_FAILED

    target = Path(args.output[0]) if args.output else _beside(films[0], args.to)
    if target.is_dir():
        target = target / _beside(films[0], args.to).name
    job = MedleyJob(
        tuple(films),
        args.to,
        target,
        *config,
        budget=None if args.budget is DEFAULT_BUDGET else args.budget,
        reorder=config[0].reorder,
        with_reel=not args.no_reel,
        overwrite=args.force,
    )
    result = make_medley(job, cache=cache, progress=watch, on_error=complain)
    with room_for_text():
        for note in result.notes:
            shell.say(note)
    if args.json:
        return [result.to_json()]
    return [] if args.quiet else _described(result)


def _beside(film: Path, song: Path) -> Path:
    """Return where the reel goes where no place is named."""
    return film.with_name(f"{song.stem}.summary.mp4")


def _described(result: MedleyResult) -> list[str]:
    """Return a header, one row per piece, and where the reel is."""
    lines = [f"{'at':>10} {'from':>10} {'to':>10}  film"]
    for piece in result.pieces:
        times = (piece.reel_seconds, piece.start_seconds, piece.end_seconds)
        row = " ".join(f"{clock_text(time):>10}" for time in times)
        lines.append(f"{row}  {shown(piece.film)}")
    if result.reel is not None:
        lines.append(f"reel     {shown(result.reel)}")
    if result.summary is not None:
        lines.append(f"summary  {shown(result.summary)}")
    return lines
