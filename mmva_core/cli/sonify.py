"""`mmva sonify`: music for pictures, from prompts that feel like them, with MusicGen."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mmva_core.cli.command import (
    Output,
    add_json_option,
    add_model_options,
    add_quiet_option,
    length_of_time,
    shows_progress,
)
from mmva_core.errors import DataError

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers
    from mmva_core.prompts import PictureMusic


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command."""
    parser: ArgumentParser = subparsers.add_parser(
        "sonify",
        help="generate music that feels like pictures, and measure it",
        description="For each picture: find the prompt with the nearest valence and arousal, as "
        "mmva prompt does, generate music from it, as mmva generate does, and measure valence and "
        "arousal of that music. Writes a WAV file for each, music.csv, and music.md, which shows "
        "the pictures with their prompts.",
        examples=("mmva sonify a.jpg b.jpg --generator musicgen-small/ -o music/",),
    )
    parser.add_argument("pictures", nargs="+", metavar="IMAGE", help="pictures")
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="for the files")
    parser.add_argument("--force", action="store_true", help="replace files that are there already")
    parser.add_argument(
        "--generator",
        default="facebook/musicgen-small",
        metavar="FOLDER|HUB_ID",
        help="which MusicGen (default: %(default)s)",
    )
    parser.add_argument(
        "--seconds", type=length_of_time, default=10.0, help="length, at most 30 (default: 10)"
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other music")
    parser.add_argument("--templates", metavar="FILE", help="sentences and words of your own, TOML")
    add_model_options(parser)
    add_json_option(parser)
    add_quiet_option(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Make the music, and print what was made of each picture."""
    from mmva_core.prompts import DEFAULT_TEMPLATES, MusicGenerator, load_templates, sonify

    progress = shows_progress(args)
    templates = load_templates(args.templates or DEFAULT_TEMPLATES)
    generator = MusicGenerator(args.generator, device=args.device)
    try:
        made = sonify(
            [Path(name) for name in args.pictures],
            Path(args.output),
            lambda prompt: generator.generate(
                prompt, seconds=args.seconds, seed=args.seed, progress=progress
            ),
            templates,
            args.model,
            device=args.device,
            overwrite=args.force,
            progress=progress,
        )
        if args.json:
            yield json.dumps([asdict(entry) for entry in made], indent=2, default=str)
        else:
            yield from (_as_text(entry) for entry in made)
    except ValueError as error:
        raise DataError(str(error)) from error


def _as_text(entry: PictureMusic) -> str:
    points = {
        "picture": entry.va,
        "prompt": (entry.prompt.valence, entry.prompt.arousal),
        "music": entry.music_va,
    }
    said = ", ".join(f"{name} {v:.2f} {a:.2f}" for name, (v, a) in points.items())
    return (
        f"{entry.picture} -> {entry.music}\n  {entry.prompt.prompt}\n  valence and arousal: {said}"
    )
