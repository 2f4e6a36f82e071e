"""`mmva predict`: valence and arousal of pictures, audio files and sentences."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mmva_core.cli.command import (
    Output,
    Problem,
    add_json_option,
    add_model_options,
)
from mmva_core.config import MODALITIES, Modality
from mmva_core.errors import MmvaError
from mmva_core.inputs import guess_modality

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers
    from mmva_core.model import MMVA

NAME_WIDTH = 48
"""Columns of the table for the name of an input."""


@dataclass(frozen=True)
class WindowPrediction:
    """Valence and arousal of a part of an audio file."""

    start_seconds: float
    end_seconds: float
    valence: float
    arousal: float


@dataclass(frozen=True)
class Prediction:
    """Valence and arousal of one input; of an audio file, the mean over its windows."""

    input: str
    modality: Modality
    valence: float
    arousal: float
    windows: tuple[WindowPrediction, ...] = ()


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command."""
    parser: ArgumentParser = subparsers.add_parser(
        "predict",
        help="valence and arousal of pictures, audio files and sentences",
        description="Print valence and arousal, both from 0 to 1, of pictures, audio files and "
        "sentences. What is not the name of a file is taken for a sentence.",
        examples=(
            "mmva predict picture.jpg song.mp3",
            "mmva predict 'a slow, sad piano piece' --json",
        ),
    )
    parser.add_argument("inputs", nargs="+", metavar="FILE_OR_TEXT", help="a file or a sentence")
    parser.add_argument(
        "--as",
        dest="modality",
        choices=MODALITIES,
        help="what every input is (default: decided by looking at it)",
    )
    add_model_options(parser)
    parser.add_argument(
        "--precision",
        choices=("fp32", "bf16"),
        default="fp32",
        help="arithmetic of the image tower; bf16 for CLIP only (default: %(default)s)",
    )
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Predict every input; a failed one does not stop the others."""
    from mmva_core.model import MMVA

    model = MMVA.from_pretrained(args.model, device=args.device, precision=args.precision)
    if not args.json:
        yield f"{'valence':>7} {'arousal':>7}  {'what':<7}  input"
    results: list[Prediction] = []
    for text in args.inputs:
        try:
            result = predict_input(model, text, args.modality)
        except MmvaError as error:
            yield Problem(error.on_command_line)
            continue
        results.append(result)
        if not args.json:
            yield _table_row(result)
    if args.json:
        yield json.dumps({"model": args.model, "predictions": [asdict(r) for r in results]})


def predict_input(model: MMVA, text: str, modality: Modality | None = None) -> Prediction:
    """Predict one file or sentence.

    Args:
        model: the model.
        text: name of a file, or a sentence.
        modality: modality of the input; guessed by default.

    Raises:
        MmvaError: the input cannot be read or predicted.
    """
    kind = modality or guess_modality(text)
    if kind == "caption":
        valence, arousal = model.predict_captions([text])[0].tolist()
        return Prediction(text, kind, valence, arousal)
    if kind == "image":
        from mmva_core.inputs import read_image_file

        valence, arousal = model.predict_images([read_image_file(text)])[0].tolist()
        return Prediction(text, kind, valence, arousal)
    windows = _predict_audio(model, text)
    valence = sum(window.valence for window in windows) / len(windows)
    arousal = sum(window.arousal for window in windows) / len(windows)
    return Prediction(text, kind, valence, arousal, windows)


def _predict_audio(model: MMVA, path: str) -> tuple[WindowPrediction, ...]:
    from mmva_core.inputs import read_audio_file, window_starts

    rate = model.music_sample_rate
    samples = read_audio_file(path, rate)
    length = round(model.config.music_window_seconds * rate)
    va = model.predict_music(samples, rate).tolist()
    starts = window_starts(len(samples), length)
    return tuple(
        WindowPrediction(start / rate, min(start + length, len(samples)) / rate, *row)
        for start, row in zip(starts, va, strict=True)
    )


def _table_row(result: Prediction) -> str:
    name = result.input.replace("\n", " ")
    if len(name) > NAME_WIDTH:
        name = f"{name[: NAME_WIDTH - 1]}…"
    count = f" ({len(result.windows)} windows)" if len(result.windows) > 1 else ""
    numbers = f"{result.valence:7.3f} {result.arousal:7.3f}"
    return f"{numbers}  {result.modality:<7}  {name}{count}"
