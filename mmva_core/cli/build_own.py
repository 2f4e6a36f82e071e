"""`mmva build`: what is made from a finished model, and the tables that its figures stand in."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mmva_core.cli.command import (
    Output,
    add_data_option,
    add_model_options,
    add_output_options,
    add_quiet_option,
    check_free,
    shows_progress,
)
from mmva_core.errors import DataError

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers


def add_parsers(parts: Subparsers) -> None:
    """Add the parts of `mmva build`."""
    _add_prompts(parts)
    _add_joint(parts)
    _add_paper_tables(parts)


def _add_prompts(parts: Subparsers) -> None:
    parser = parts.add_parser(
        "prompts",
        help="work out the table of mmva prompt for a model's folder",
        description="Predict valence and arousal of every prompt of the templates, fit the map to "
        "the scale of people's labels to described music of 4QAED and Emotify, and write both. "
        "Named prompts.safetensors in the folder of the model, mmva prompt reads them there "
        "instead of working them out. Takes 20 minutes of CPU time; with a table that is in the "
        "model's folder already, half a minute.",
        examples=("mmva build prompts --model my-model -o my-model/prompts.safetensors",),
    )
    add_data_option(parser, "open data sets with 4QAED and Emotify")
    parser.add_argument("--seed", type=int, default=0, help="seed of the descriptions")
    add_model_options(parser)
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the table")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    add_quiet_option(parser)
    parser.set_defaults(run=run_prompts)


def run_prompts(args: Namespace) -> Iterator[Output]:
    """Work out the table, write it, and print what the map reaches on artists unseen."""
    from mmva_core.data.open import load_described_clips
    from mmva_core.lite import find_data
    from mmva_core.model import MMVA
    from mmva_core.prompts import load_templates, on_label_scale, prompt_va, write_table
    from mmva_core.studies import fit_label_scale

    path = Path(args.output)
    check_free(path, args.force)
    clips = load_described_clips(find_data(args.data))
    templates = load_templates()
    model = MMVA.from_pretrained(args.model, device=args.device)
    weights, skills = fit_label_scale(model, templates, clips, seed=args.seed)
    va = prompt_va(args.model, templates, device=args.device, progress=shows_progress(args))
    labels = on_label_scale(model, templates, va, weights)
    write_table(args.model, templates, va, path, label_scale=weights, labels=labels)
    yield f"{path}: {len(templates):,} prompts"
    for column, skill in enumerate(skills):
        spans = [
            f"{side[:, column].min():.3f} to {side[:, column].max():.3f}" for side in (va, labels)
        ]
        yield f"  {skill.dimension} of the prompts: {spans[0]}, on the scale of labels {spans[1]}"
    yield f"  on {len(clips)} described clips, artists unseen, 95 % intervals by artist:"
    for skill in skills:
        sides = (
            f"skill {metrics.skill:.3f} ({low:.3f} to {high:.3f}), r {metrics.pearson:.3f}"
            for metrics, (low, high) in (
                (skill.before, skill.before_interval),
                (skill.after, skill.after_interval),
            )
        )
        yield f"  {skill.dimension}: the model " + "; on the scale of labels ".join(sides)


def _add_joint(parts: Subparsers) -> None:
    parser = parts.add_parser(
        "joint",
        help="fit a joint space of music and captions to a model's embeddings",
        description="For mmva retrieve --by joint, which reads joint.safetensors in the folder of "
        "the model. The model itself stays as it is.",
        examples=("mmva build joint --model my-model -o my-model/joint.safetensors",),
    )
    add_data_option(parser, "open data sets with 4QAED and Emotify")
    add_model_options(parser)
    parser.add_argument("--seed", type=int, default=0, help="seed of weights and order")
    add_output_options(parser, "FILE", "joint.safetensors")
    add_quiet_option(parser)
    parser.set_defaults(run=run_joint)


def run_joint(args: Namespace) -> Iterator[Output]:
    """Encode the music and its captions, fit the maps, and write them."""
    from mmva_core.lite import find_data
    from mmva_core.model import MMVA
    from mmva_core.retrieval import save_joint_head
    from mmva_core.retrievers import build_joint_head

    path = Path(args.output)
    check_free(path, args.force)
    model = MMVA.from_pretrained(args.model, device=args.device)
    data = find_data(args.data)
    head = build_joint_head(model, data, seed=args.seed, progress=shows_progress(args))
    save_joint_head(head, path, args.model)
    yield f"{path}: for {args.model}"


def _add_paper_tables(parts: Subparsers) -> None:
    parser = parts.add_parser(
        "paper-tables",
        help="put measured figures beside the paper's, for mmva paper-tables",
        description="Take figures of mmva-lite from what mmva evaluate --preset mmva-lite (Tables "
        "1 and 3) or mmva evaluate retrieval --preset mmva-lite (Tables 2 and 5) printed with "
        "--format csv, and write them in place of those that mmva paper-tables shows now.",
        examples=("mmva build paper-tables errors.csv -o mmva_core/published/ours",),
    )
    parser.add_argument("figures", metavar="FIGURES.csv", help="what mmva evaluate printed")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FOLDER",
        help="for table-N.csv, of which those that are there are replaced",
    )
    parser.set_defaults(run=run_paper_tables)


def run_paper_tables(args: Namespace) -> Iterator[Output]:
    """Read the figures and write the tables that they belong to."""
    from mmva_core.published import ours_path, replace_ours
    from mmva_core.store import write_whole
    from mmva_core.studies import own_figures

    folder = Path(args.output)
    if not folder.is_dir():
        raise DataError(f"no such folder: {folder}")
    for number, figures in own_figures(Path(args.figures)).items():
        text = replace_ours(number, figures)
        path = folder / ours_path(number).name
        write_whole(path, partial(Path.write_text, data=text, encoding="utf-8"))
        yield f"{path}: {len(figures)} figures"
