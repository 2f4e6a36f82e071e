"""`mmva info`: towers, weights and licences of a model."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mmva_core.cli.command import (
    Output,
    add_json_option,
)
from mmva_core.config import MODALITIES
from mmva_core.store import WEIGHTS_NAME, find_folder, model_fingerprint, read_config, sha256_file
from mmva_core.towers import TOWER_INFO, tower_info

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command."""
    parser: ArgumentParser = subparsers.add_parser(
        "info",
        help="towers, weights and licences of a model, and the towers there are",
        examples=("mmva info", "mmva info my-model/ --json"),
    )
    parser.add_argument(
        "model",
        nargs="?",
        default="mmva-lite",
        metavar="NAME|FOLDER|HUB_ID",
        help="model to look at (default: %(default)s)",
    )
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Describe a model and list the towers that a config can name."""
    description = describe(args.model)
    if args.json:
        yield json.dumps(description, indent=2)
        return
    yield f"model {args.model} in {description['folder']}"
    yield (
        f"weights stored here: {description['num_parameters']:,} numbers, "
        f"{description['bytes'] / 1e6:.1f} MB, sha256 {description['sha256'][:16]}…"
    )
    for modality, tower in description["towers"].items():
        yield f"{modality:<8}{tower['name']}: {tower['weights']}; {tower['licence']}"
    yield "towers that a config can name:"
    for name, tower in description["known_towers"].items():
        yield f"  {name:<20}{tower['modality']:<9}{tower['licence']:<14}{tower['weights']}"


def describe(name_or_path: str) -> dict[str, Any]:
    """Return the output of `mmva info`.

    Raises:
        CheckpointError: there is no such model, or it is damaged.
    """
    from mmva_core.store import read_tensors

    folder = find_folder(name_or_path)
    config = read_config(folder)
    tensors = read_tensors(folder / WEIGHTS_NAME)
    towers = {}
    for modality in MODALITIES:
        info = tower_info(config, modality)
        towers[modality] = {
            "name": config.tower_name(modality),
            "weights": config.tower_weights(modality) or info.weights,
            "licence": info.licence,
            "is_finetuned": modality in config.finetune,
        }
    return {
        "folder": str(folder),
        "num_parameters": sum(tensor.numel() for tensor in tensors.values()),
        "bytes": (folder / WEIGHTS_NAME).stat().st_size,
        "sha256": sha256_file(folder / WEIGHTS_NAME),
        "fingerprint": model_fingerprint(folder),
        "config": config.to_dict(),
        "towers": towers,
        "known_towers": {
            name: {"modality": info.modality, "weights": info.weights, "licence": info.licence}
            for name, info in TOWER_INFO.items()
        },
    }
