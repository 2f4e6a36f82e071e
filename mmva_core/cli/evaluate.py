"""`mmva evaluate`: a model's figures beside the constant predictor and the paper's."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mmva_core.cli import evaluate_music, evaluate_retrieval
from mmva_core.cli.command import (
    Output,
    add_data_option,
    add_model_options,
    add_quiet_option,
    shows_progress,
)
from mmva_core.errors import CheckpointError, MmvaError

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers
    from mmva_core.studies import Row


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command."""
    parser: ArgumentParser = subparsers.add_parser(
        "evaluate",
        help="errors, correlations and skill over the constant, beside the paper's figures",
        description="Measure a model on unseen pictures and songs: MSE and MAE of similarity, "
        "pictures, music and captions as in the paper's Tables 1 and 3, with R2, CCC, Pearson and "
        "the skill over always predicting the mean of the training labels.",
        examples=("mmva evaluate --preset mmva-lite --data DATA",),
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--config", metavar="FILE", help="the config file of the training run")
    source.add_argument("--preset", choices=("mmva-lite",), help="the open data of a preset")
    parser.add_argument("--split", default="test", choices=("train", "validation", "test"))
    add_data_option(parser, "open data sets, for --preset")
    parser.add_argument(
        "--baselines",
        action="store_true",
        help="also train and measure Table 1's SP-Net, L3-Net, ACP-Net and CDCML on the same "
        "features and with the same settings",
    )
    parser.add_argument(
        "--ablations",
        action="store_true",
        help="with --preset: also train and measure its recipe without random matching and without "
        "the similarity predictor",
    )
    add_model_options(parser)
    parser.add_argument("--format", default="text", choices=("text", "csv", "json"))
    add_quiet_option(parser)
    parser.set_defaults(run=run)
    others = parser.add_subparsers(metavar="retrieval|music")
    for other in (evaluate_retrieval, evaluate_music):
        other.add_parser(others)


def run(args: Namespace) -> Iterator[Output]:
    """Measure, and print a table."""
    from mmva_core.studies import evaluation_text, render

    if args.config is None and args.preset is None:
        raise MmvaError("say what to measure on: --config FILE or --preset mmva-lite")
    progress = shows_progress(args)
    rows = _preset_rows(args, progress) if args.preset else _config_rows(args, progress)
    yield render(rows, args.format, evaluation_text)


def _config_rows(args: Namespace, progress: bool) -> list[Row]:
    from mmva_core.data.imemnet import load_imemnet, read_run_config
    from mmva_core.model import MMVA
    from mmva_core.studies import (
        BASELINES,
        evaluate_baseline,
        evaluation_rows,
        paper_rows,
        train_baseline,
    )
    from mmva_core.train import Constants, evaluate

    model = MMVA.from_pretrained(args.model, device=args.device)
    if model.config.sigma is None:
        raise CheckpointError(f"model {args.model!r} was never trained: its sigma is not set")
    config = read_run_config(args.config)
    dataset = load_imemnet(config.data)
    # Constants are means of the training labels, which need no encoding.
    constants = Constants.of(dataset.part("train").labels(), model.config.sigma)
    data = dataset.part(args.split).encode(model, progress=progress).to(model.device)
    split = f"IMEMNet-C, {args.split}, by picture and song, seed {dataset.config.split_seed}"
    rows = evaluation_rows(evaluate(model, data, constants), args.model, split)
    if args.baselines:
        training = dataset.part("train").encode(model, progress=progress).to(model.device)
        for name in BASELINES:
            baseline = train_baseline(name, training, config.train)
            figures = evaluate_baseline(baseline, data, constants)
            rows += evaluation_rows(figures, f"{name} (our reading)", split)
    return [*rows, *paper_rows()]


def _preset_rows(args: Namespace, progress: bool) -> list[Row]:
    from mmva_core.studies import evaluate_preset

    return list(
        evaluate_preset(
            args.model,
            data_folder=None if args.data is None else Path(args.data),
            with_ablations=args.ablations,
            with_baselines=args.baselines,
            device=args.device,
            progress=progress,
        )
    )
