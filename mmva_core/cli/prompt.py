"""`mmva prompt`: turn a picture, a film or a point into prompts for a music generator."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from mmva_core.cli.command import (
    Output,
    add_json_option,
    add_model_options,
    add_quiet_option,
    length_of_time,
    shows_progress,
)
from mmva_core.cli.parser import positive_integer
from mmva_core.errors import DataError

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers
    from mmva_core.prompts import PromptMatch, Spread, Target

WORD_OPTIONS = ("genre", "instrument", "tempo", "mood")
"""Lists of words with an option of their own; --only covers every list and slot."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command."""
    parser: ArgumentParser = subparsers.add_parser(
        "prompt",
        help="find the words for music that feels like a picture, a film or a point",
        description="Search all prompts that the templates allow for those whose predicted valence "
        "and arousal come closest. mmva-lite comes with them; the first search with another model "
        "or with other templates, takes minutes, since every prompt is put through its caption "
        "tower, and later ones take the table from the cache.",
        examples=(
            "mmva prompt picture.jpg",
            "mmva prompt film.mp4 --every 30s",
            "mmva prompt va:0.6,0.8 --instrument piano",
            "mmva prompt picture.jpg --scale model",
        ),
    )
    parser.add_argument(
        "target",
        metavar="IMAGE|VIDEO|SUMMARY.json|va:V,A",
        help="a picture, a film, what vsumm summarize wrote of one, or a point such as va:0.3,0.8",
    )
    parser.add_argument(
        "--k", type=positive_integer, help="number of prompts (default: 5; for parts of a film, 1)"
    )
    parser.add_argument(
        "--every",
        type=length_of_time,
        default=30.0,
        metavar="TIME",
        help="length of a film's parts, such as 30s or 1:30 (default: 30s)",
    )
    for name in WORD_OPTIONS:
        text = f"only prompts with this {name}; given again, with one of them"
        parser.add_argument(f"--{name}", action="append", default=[], metavar="WORD", help=text)
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="SLOT=WORD",
        help="the same for any slot, for example instrument_1=piano",
    )
    parser.add_argument(
        "--scale",
        choices=("model", "labels"),
        help="compare targets with the model's predictions, as the paper does, or with these on "
        "the scale of people's labels of described music (default: labels where the model has a "
        "map to them, as mmva-lite has)",
    )
    parser.add_argument("--templates", metavar="FILE", help="sentences and words of your own, TOML")
    add_model_options(parser)
    add_json_option(parser)
    add_quiet_option(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Search, and print the prompts with their predicted valence and arousal."""
    from mmva_core.prompts import (
        DEFAULT_TEMPLATES,
        find_targets,
        has_label_scale,
        load_templates,
        prompt_va,
        prompt_va_on_label_scale,
        search_prompts,
        spread_of,
        warnings_about,
    )

    progress = shows_progress(args)
    templates = load_templates(args.templates or DEFAULT_TEMPLATES)
    allowed = templates.allowed(wanted_words(args))
    if not allowed.any():
        raise DataError("no prompt has all of these words at once; ask for fewer")
    targets = find_targets(
        args.target, args.model, every_seconds=args.every, device=args.device, progress=progress
    )
    scale = args.scale or ("labels" if has_label_scale(args.model) else "model")
    predict = prompt_va if scale == "model" else prompt_va_on_label_scale
    va = predict(args.model, templates, device=args.device, progress=progress)
    spreads = spread_of(va[allowed])
    count = args.k or (5 if len(targets) == 1 else 1)
    answers = [
        (target, search_prompts(templates, va, target.va, k=count, allowed=allowed))
        for target in targets
    ]
    warnings = list(
        dict.fromkeys(line for target in targets for line in warnings_about(spreads, target.va))
    )
    number = int(allowed.sum())
    if args.json:
        yield _as_json(args.model, scale, number, spreads, answers, warnings)
    else:
        yield from _as_text(scale, number, spreads, answers, warnings)


def wanted_words(args: Namespace) -> dict[str, list[str]]:
    """Return the words that prompts must have, by slot or kind.

    Raises:
        DataError: an --only is not of the form SLOT=WORD.
    """
    wanted: dict[str, list[str]] = {
        name: list(getattr(args, name)) for name in WORD_OPTIONS if getattr(args, name)
    }
    for text in args.only:
        slot, equals, word = text.partition("=")
        if not (slot and equals and word):
            raise DataError(f"--only needs SLOT=WORD, for example instrument_1=piano; got {text!r}")
        wanted.setdefault(slot.strip(), []).append(word.strip())
    return wanted


def _as_text(
    scale: str,
    number: int,
    spreads: tuple[Spread, Spread],
    answers: list[tuple[Target, list[PromptMatch]]],
    warnings: list[str],
) -> Iterator[str]:
    ranges = ", ".join(
        f"{spread.dimension} {spread.minimum:.3f} to {spread.maximum:.3f} "
        f"(SD {spread.deviation:.3f})"
        for spread in spreads
    )
    said = "the model predicts" if scale == "model" else "on the scale of labels they reach"
    yield f"{number:,} prompts; {said} {ranges}"
    yield from (f"note: {line}" for line in warnings)
    for target, matches in answers:
        yield f"{target.name}: valence {target.va[0]:.3f}, arousal {target.va[1]:.3f}"
        for match in matches:
            numbers = f"{match.valence:7.3f} {match.arousal:7.3f}  off by {match.distance:.3f}"
            yield f"{numbers}  {match.prompt}"


def _as_json(
    model: str,
    scale: str,
    number: int,
    spreads: tuple[Spread, Spread],
    answers: list[tuple[Target, list[PromptMatch]]],
    warnings: list[str],
) -> str:
    content = {
        "model": model,
        "scale": scale,
        "num_prompts": number,
        "spread": [asdict(spread) for spread in spreads],
        "notes": warnings,
        "targets": [
            {
                "name": target.name,
                "start_seconds": target.start_seconds,
                "end_seconds": target.end_seconds,
                "valence": target.va[0],
                "arousal": target.va[1],
                "prompts": [asdict(match) for match in matches],
            }
            for target, matches in answers
        ],
    }
    return json.dumps(content, indent=2)
