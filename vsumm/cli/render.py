"""The work of `vsumm render`; loaded when it is asked for."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from mmva_core.cli import Shell, UsageError
from vsumm.cli.options import fields_in
from vsumm.cli.settings import open_cache
from vsumm.cli.text import runs_text
from vsumm.files import RecordCache, shown
from vsumm.media import Segment
from vsumm.progress import Watch
from vsumm.reel import USUAL_FADE_SECONDS, ReelConfig
from vsumm.render import (
    Edit,
    Picks,
    edit_picks,
    load_picks,
    numbered,
    parse_drop,
    parse_extend,
    render,
    too_few,
    vary_picks,
    write_varied,
)
from vsumm.stretches import parse_keep

Read = TypeVar("Read")


def run_render(args: argparse.Namespace, shell: Shell, *, progress: bool | Watch) -> list[str]:
    """Do what `vsumm render` was asked for; return what is to be printed.

    Raises:
        VsummError: see `load_picks`, `edit_picks` and `render`.
        UsageError: an option has a form that cannot be read.
    """
    edit = Edit(
        keep=tuple(Segment(*stretch) for stretch in _read(args.keep, parse_keep)),
        drop=tuple(n for numbers in _read(args.drop, parse_drop) for n in numbers),
        extend=_read(args.extend, parse_extend),
        budget=args.budget,
        cut_at=args.cut_at,
    )
    if args.soundtrack_mode is None and args.soundtrack is not None:
        args.soundtrack_mode = "replace"
    if args.soundtrack_start_seconds is None and args.soundtrack is not None:
        args.soundtrack_start_seconds = 0.0  # that of the summary belongs to another file
    if args.soundtrack_fade_seconds is None and args.soundtrack is not None:
        args.soundtrack_fade_seconds = USUAL_FADE_SECONDS

    def adapt(config: ReelConfig) -> ReelConfig:
        if args.made_for is not None:  # not the shape that the summary names
            config = replace(config, aspect=None, max_width=None)
        try:
            return replace(config, **fields_in(args, ReelConfig))
        except ValueError as error:
            raise UsageError(error) from error

    picks = load_picks(args.input, media=args.media, adapt=adapt)
    if args.audio_track is not None:
        picks = replace(picks, audio_track=args.audio_track)
    cache = open_cache(args, shell)
    picks = edit_picks(picks, edit, cache=cache)
    targets = args.output or [_usual_target(args.input, picks)]
    for note in picks.notes:
        shell.say(f"{shown(args.input)}: {note}")
    if args.variants > 1:
        return _render_variants(args, shell, picks, edit, targets, cache, progress)
    notes = render(
        picks,
        targets,
        chapters_for=args.chapters_for,
        inputs=[args.input],
        overwrite=args.force,
        progress=progress,
    )
    for note in notes:
        shell.say(note)
    if args.quiet:
        return []
    return [*runs_text(picks.info, picks.runs), *(f"written  {shown(path)}" for path in targets)]


def _render_variants(
    args: argparse.Namespace,
    shell: Shell,
    picks: Picks,
    edit: Edit,
    targets: list[Path],
    cache: RecordCache | None,
    progress: bool | Watch,
) -> list[str]:
    if edit.keep or edit.drop or edit.extend:
        raise UsageError("--variants chooses anew: leave out --keep, --drop and --extend")
    budget = edit.budget.seconds_of(picks.info.duration_seconds) if edit.budget else None
    varied = vary_picks(
        picks,
        args.variants,
        max_overlap=args.max_overlap,
        budget_seconds=budget,
        cache=cache,
    )
    notes = write_varied(
        varied,
        targets,
        source=args.input,
        chapters_for=args.chapters_for,
        overwrite=args.force,
        progress=progress,
    )
    if len(varied) < args.variants:
        notes.append(too_few(len(varied), args.variants))
    for note in notes:
        shell.say(note)
    lines: list[str] = []
    for number, each in enumerate(varied, 1):
        lines += runs_text(each.picks.info, each.picks.runs)
        lines += [each.note] if each.note else []
        lines += [f"written  {shown(numbered(path, number))}" for path in targets]
    return [] if args.quiet else lines


def _usual_target(source: Path, picks: Picks) -> Path:
    suffix = ".mp4" if picks.info.video else ".m4a"
    return source.with_name(f"{source.stem}.reel{suffix}")


def _read(texts: list[str] | None, parse: Callable[[str], Read]) -> tuple[Read, ...]:
    try:
        return tuple(parse(text) for text in texts or ())
    except ValueError as error:
        raise UsageError(error) from error
