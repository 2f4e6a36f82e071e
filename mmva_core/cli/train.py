"""`mmva train`: train the embedded model on open data, or a model on IMEMNet-C."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmva_core.cli.command import (
    Output,
    add_data_option,
    add_device_option,
    add_quiet_option,
    shows_progress,
    weight,
)
from mmva_core.errors import MmvaError

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers

SOUND_KINDS_PRESET = "sound-kinds"
"""The network that tells speech, music and noise apart."""
OVERRIDES = (
    "epochs", "batch_size", "learning_rate", "seed", "matching", "precision", "contrastive",
)  # fmt: skip
"""Options that override settings of [train]."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command."""
    parser: ArgumentParser = subparsers.add_parser(
        "train",
        help="train a model on IMEMNet-C (--config) or train mmva-lite again (--preset)",
        description="Train a model. A run lives in a folder and can be resumed after any "
        "interruption; the finished model is in its sub-folder 'model'. Under torchrun the batch "
        "is divided among the processes.",
        examples=("mmva train --preset mmva-lite --data DATA -o RUN --seed 0",),
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--config", metavar="FILE", help="TOML file; see --template")
    source.add_argument(
        "--preset", choices=("mmva-lite", SOUND_KINDS_PRESET), help="a model that comes with us"
    )
    source.add_argument("--template", action="store_true", help="print a config file to start from")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="where the run lives")
    parser.add_argument("--resume", action="store_true", help="go on with the run in the folder")
    add_data_option(parser, "open data sets, for --preset")
    parser.add_argument(
        "--sounds",
        metavar="FOLDER",
        help=f"recordings for --preset {SOUND_KINDS_PRESET}; see mmva build sounds",
    )
    parser.add_argument("--epochs", type=int, help="passes over the data")
    parser.add_argument("--batch-size", type=int, help="pairs per step, over all processes")
    parser.add_argument("--learning-rate", type=float, help="AdamW's rate at the start")
    parser.add_argument("--seed", type=int, help="seed of everything random")
    parser.add_argument(
        "--matching",
        choices=("random", "paired"),
        help="any picture with any clip, or fixed pairs (the ablation 'No Random Matching')",
    )
    parser.add_argument(
        "--no-similarity",
        action="store_true",
        help="no similarity predictor (the ablation of that name)",
    )
    parser.add_argument(
        "--contrastive",
        type=weight,
        metavar="W",
        help="weight of a contrastive term between music and captions, for retrieval by cosine; "
        "ours, the paper has none (default: 0)",
    )
    parser.add_argument("--precision", choices=("fp32", "bf16"), help="arithmetic of the forward")
    add_device_option(parser)
    add_quiet_option(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Train, and print the selected epoch and the folder of the model."""
    if args.template:
        from mmva_core.data.imemnet import TEMPLATE

        yield TEMPLATE.rstrip()
        return
    if args.output is None:
        raise MmvaError("name the folder of the run with -o FOLDER")
    if args.preset == SOUND_KINDS_PRESET:
        yield from _train_sound_kinds(args)
    else:
        yield from _train_preset(args) if args.preset else _train_config(args)


def _train_config(args: Namespace) -> Iterator[Output]:
    import torch

    from mmva_core.data.imemnet import load_imemnet, read_run_config
    from mmva_core.device import local_device
    from mmva_core.model import MMVA
    from mmva_core.train import train_model

    model_changes: dict[str, Any] = {"with_similarity": False} if args.no_similarity else {}
    config = read_run_config(args.config, model=model_changes, train=_overrides(args))
    dataset = load_imemnet(config.data)
    for report in dataset.reports:
        yield from report.lines()
    torch.manual_seed(config.train.seed)
    model = MMVA(config.model).to(local_device(args.device))
    progress = shows_progress(args)
    training, validation = (
        dataset.part(split).encode(model, progress=progress) for split in ("train", "validation")
    )
    result = train_model(
        model,
        training,
        config.train,
        args.output,
        validation=validation,
        resume=args.resume,
        progress=progress,
    )
    yield f"epoch {result.best_epoch} of {config.train.epochs} selected on the validation split"
    yield f"model: {result.folder}"


def _train_preset(args: Namespace) -> Iterator[Output]:
    from mmva_core.lite import train_preset

    yield from train_preset(
        Path(args.output),
        data_folder=None if args.data is None else Path(args.data),
        overrides=_overrides(args),
        with_similarity=not args.no_similarity,
        device=args.device,
        resume=args.resume,
        progress=shows_progress(args),
    )


def _train_sound_kinds(args: Namespace) -> Iterator[Output]:
    from mmva_core.lite import find_data
    from mmva_core.sounds import SoundKindRecipe, load_recordings, train_sound_kinds
    from mmva_core.towers import SOUND_KINDS_WEIGHTS

    if args.sounds is None:
        raise MmvaError("name the folder of the recordings with --sounds; see mmva build sounds")
    overrides = _overrides(args)
    for name in set(overrides) - {entry.name for entry in fields(SoundKindRecipe)}:
        raise MmvaError(f"--preset {SOUND_KINDS_PRESET} takes no --{name.replace('_', '-')}")
    recipe = SoundKindRecipe(**overrides)
    progress = shows_progress(args)
    root = find_data(None if args.data is None else Path(args.data))
    recordings = load_recordings(root, Path(args.sounds), seed=recipe.seed, progress=progress)
    target = Path(args.output) / Path(SOUND_KINDS_WEIGHTS).name
    target.parent.mkdir(parents=True, exist_ok=True)
    yield from train_sound_kinds(recordings, target, recipe, progress=progress)


def _overrides(args: Namespace) -> dict[str, Any]:
    given = {name: getattr(args, name) for name in OVERRIDES}
    return {name: value for name, value in given.items() if value is not None}
