"""`mmva generate`: turn a prompt into music, with MusicGen."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mmva_core.cli.command import (
    Output,
    add_device_option,
    add_output_options,
    add_quiet_option,
    length_of_time,
    shows_progress,
)
from mmva_core.errors import DataError

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command."""
    parser: ArgumentParser = subparsers.add_parser(
        "generate",
        help="turn a prompt into music with MusicGen",
        description="Generate music from a prompt, such as mmva prompt gives. The weights of "
        "MusicGen are downloaded from the hub once, or named as a folder; those that Meta "
        "publishes are for non-commercial use only (CC-BY-NC-4.0).",
        examples=("mmva generate 'a calm piano piece' -o calm.wav",),
    )
    parser.add_argument("prompt", metavar="PROMPT", help="what it should sound like")
    add_output_options(parser, "FILE.wav")
    parser.add_argument(
        "--seconds", type=length_of_time, default=10.0, help="length, at most 30 (default: 10)"
    )
    parser.add_argument(
        "--model",
        default="facebook/musicgen-small",
        metavar="FOLDER|HUB_ID",
        help="which MusicGen (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other music")
    parser.add_argument(
        "--guidance", type=float, default=3.0, help="how much the prompt is stressed (default: 3)"
    )
    add_device_option(parser)
    add_quiet_option(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Generate music and write it to a file."""
    from mmva_core.prompts import MusicGenerator, check_output, write_wave

    output = Path(args.output)
    check_output(output, overwrite=args.force)
    try:
        generator = MusicGenerator(args.model, device=args.device)
        music = generator.generate(
            args.prompt,
            seconds=args.seconds,
            seed=args.seed,
            guidance=args.guidance,
            progress=shows_progress(args),
        )
    except ValueError as error:
        raise DataError(str(error)) from error
    write_wave(output, music, overwrite=args.force)
    yield f"{output}: {music.duration_seconds:.1f} s, {music.sample_rate} Hz"
