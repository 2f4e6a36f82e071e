"""`mmva evaluate retrieval`: R@k and mAP@10 between music and captions, beside chance."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mmva_core.cli.command import (
    Output,
    add_data_option,
    add_model_options,
    add_quiet_option,
    shows_progress,
    weight,
)
from mmva_core.cli.parser import positive_integer

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers
    from mmva_core.studies import RetrievalRow


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command of `mmva evaluate`."""
    parser: ArgumentParser = subparsers.add_parser(
        "retrieval",
        help="R@1, R@5, R@10 and mAP@10 between music and captions, next to chance",
        description="Look for every caption's music and every piece's caption among N pairs, by "
        "Eq. 1 on valence and arousal and by the cosine of the embeddings. Ties count by their "
        "expected value.",
        examples=("mmva evaluate retrieval --preset mmva-lite --data DATA --baselines",),
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--pairs", metavar="TABLE.csv", help="your pairs: columns 'music' (files) and 'caption'"
    )
    source.add_argument(
        "--config",
        metavar="FILE",
        help="the config file of a training run: music and captions of its test songs",
    )
    source.add_argument(
        "--preset",
        choices=("mmva-lite",),
        help="the open data: copies are trained without each fold of artists and measured on it",
    )
    parser.add_argument("--n", type=positive_integer, help="draw so many pairs (default: all)")
    add_data_option(parser, "open data sets, for --preset")
    parser.add_argument(
        "--ablations",
        action="store_true",
        help="with --preset: also train without random matching and without similarity predictor",
    )
    parser.add_argument(
        "--baselines",
        action="store_true",
        help="with --config or --preset: also train and measure Table 2's Class-bin, Triplet and "
        "Contrastive on the same features",
    )
    parser.add_argument(
        "--phrasings",
        action="store_true",
        help="with --preset: also ask in words that nothing was trained on, the tags reworded and "
        "people's own words for the music",
    )
    parser.add_argument("--scratch", metavar="FOLDER", help="keep runs and logs here")
    parser.add_argument("--epochs", type=positive_integer, help="epochs of --preset")
    parser.add_argument(
        "--contrastive",
        type=weight,
        default=0.0,
        metavar="W",
        help="weight of the contrastive term of mmva train in --preset (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0)
    add_model_options(parser)
    parser.add_argument("--format", default="text", choices=("text", "csv", "json"))
    add_quiet_option(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Measure, and print a table."""
    from mmva_core.studies import render, retrieval_text

    progress = shows_progress(args)
    measure = _preset_rows if args.preset else _config_rows if args.config else _pairs_rows
    with TemporaryDirectory() as temporary:
        rows = measure(args, Path(args.scratch or temporary), progress)
    yield render(rows, args.format, retrieval_text)


def _pairs_rows(args: Namespace, scratch: Path, progress: bool) -> list[RetrievalRow]:
    from mmva_core.model import MMVA
    from mmva_core.studies import encode_pairs, read_pairs, retrieval_rows

    pairs = read_pairs(Path(args.pairs), limit=args.n, seed=args.seed)
    model = MMVA.from_pretrained(args.model, device=args.device)
    encoded = encode_pairs(model, pairs, progress=progress)
    return retrieval_rows([encoded], args.model, f"{args.pairs}, {len(pairs)} pairs")


def _config_rows(args: Namespace, scratch: Path, progress: bool) -> list[RetrievalRow]:
    from mmva_core.data.imemnet import load_imemnet, read_run_config
    from mmva_core.model import MMVA
    from mmva_core.studies import CaptionedMusic, baseline_rows, retrieval_rows, table_pairs

    dataset = load_imemnet(read_run_config(args.config).data)
    model = MMVA.from_pretrained(args.model, device=args.device)
    test = dataset.part("test").draw_music(args.n, seed=args.seed)
    encoded = test.encode(model, progress=progress)
    data = f"{args.config}, {len(encoded.music)} pairs of its test songs"
    rows = retrieval_rows([table_pairs(model, encoded.to(model.device))], args.model, data)
    if args.baselines:
        training = dataset.part("train")
        known, unseen = (
            CaptionedMusic.of(tables.music, part.captions.listed())
            for part, tables in (
                (training, training.encode(model, progress=progress)),
                (test, encoded),
            )
        )
        rows += baseline_rows([(known, unseen)], scratch, data, seed=args.seed)
    return rows


def _preset_rows(args: Namespace, scratch: Path, progress: bool) -> list[RetrievalRow]:
    from mmva_core.lite import LITE_TRAINING, find_data
    from mmva_core.studies import ABLATIONS, open_set_rows

    config = replace(LITE_TRAINING, seed=args.seed, contrastive=args.contrastive)
    if args.epochs is not None:
        config = replace(config, epochs=args.epochs)
    return open_set_rows(
        find_data(None if args.data is None else Path(args.data)),
        scratch,
        config,
        ABLATIONS if args.ablations else ABLATIONS[:1],
        with_baselines=args.baselines,
        with_phrasings=args.phrasings,
        progress=progress,
    )
