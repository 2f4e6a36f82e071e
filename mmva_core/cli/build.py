"""`mmva build`: make IMEMNet-C's tables and clips, or what our own weights are made from."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mmva_core.cli import build_own
from mmva_core.cli.command import (
    Output,
    Problem,
    add_data_option,
    add_output_options,
    add_quiet_option,
    check_free,
    shows_progress,
)
from mmva_core.errors import DataError

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command and what it can build."""
    parser: ArgumentParser = subparsers.add_parser(
        "build",
        help="make IMEMNet-C's tables and clips, or what our own weights are made from",
        examples=("mmva build content --help",),
    )
    parts = parser.add_subparsers(required=True, metavar="PART")
    _add_music(parts)
    _add_images(parts)
    _add_captions(parts)
    _add_content(parts)
    _add_sounds(parts)
    _add_class_names(parts)
    _add_pictures(parts)
    build_own.add_parsers(parts)


def _add_music(parts: Subparsers) -> None:
    parser = parts.add_parser(
        "music",
        help="cut DEAM into labelled clips",
        examples=(
            "mmva build music --valence valence.csv --arousal arousal.csv --songs audio/ -o clips/",
        ),
    )
    parser.add_argument("--valence", required=True, metavar="CSV", help="DEAM's valence.csv")
    parser.add_argument("--arousal", required=True, metavar="CSV", help="DEAM's arousal.csv")
    parser.add_argument("--songs", required=True, metavar="FOLDER", help="DEAM's audio")
    add_output_options(parser, "FOLDER", "for the clips")
    parser.add_argument(
        "--join",
        type=int,
        default=1,
        metavar="N",
        help="join up to N consecutive two-second clips (the paper: 5; default: %(default)s)",
    )
    parser.set_defaults(run=run_music)


def _add_images(parts: Subparsers) -> None:
    parser = parts.add_parser(
        "images",
        help="bring picture ratings onto one scale",
        examples=("mmva build images --iaps AllSubjects_1-20.txt -o image_va.csv",),
    )
    parser.add_argument("--iaps", metavar="TXT", help="AllSubjects_1-20.txt")
    parser.add_argument("--naps", metavar="CSV", help="NAPS's ratings as CSV")
    parser.add_argument("--emotic", metavar="MAT", help="Annotations.mat")
    parser.add_argument(
        "--rescale",
        choices=("scale", "observed"),
        default="scale",
        help="from the ends of each rating scale, or from the lowest and highest rating of each "
        "set (default: %(default)s)",
    )
    add_output_options(parser, "CSV", "image_va.csv")
    parser.set_defaults(run=run_images)


def _add_captions(parts: Subparsers) -> None:
    parser = parts.add_parser(
        "captions",
        help="describe clips and refine the descriptions",
        examples=(
            "mmva build captions --labels music_va.csv --clips DIR --captioner lp.pt -o x.csv",
        ),
    )
    parser.add_argument("--labels", required=True, metavar="CSV", help="music_va.csv")
    parser.add_argument("--clips", required=True, metavar="FOLDER", help="the clips")
    parser.add_argument(
        "--captioner", required=True, metavar="FILE", help="weights of LP-MusicCaps"
    )
    parser.add_argument(
        "--bart", default="facebook/bart-base", metavar="FOLDER|HUB_ID", help="BART's config"
    )
    parser.add_argument(
        "--refine", metavar="FOLDER|HUB_ID", help="causal language model that refines captions"
    )
    add_output_options(parser, "CSV", "table to write")
    parser.set_defaults(run=run_captions)


def _add_content(parts: Subparsers) -> None:
    parser = parts.add_parser(
        "content",
        help="fit what tells title cards from scenes, and places pictures among texts",
        examples=("mmva build content --classes timm/data/_info -o heads.safetensors",),
    )
    add_data_option(parser, "open data sets with OASIS")
    _add_classes_option(parser)
    parser.add_argument("--seed", type=int, default=0, help="seed of the drawings")
    add_output_options(parser, "FILE", "heads.safetensors")
    add_quiet_option(parser)
    parser.set_defaults(run=run_content)


def _add_sounds(parts: Subparsers) -> None:
    parser = parts.add_parser(
        "sounds",
        help="fetch recordings of voices and noises",
        description="Download Debian packages (1 GB) with apt-get and unpack them, without "
        "installing anything, for mmva train --preset sound-kinds.",
        examples=("mmva build sounds -o recordings/",),
    )
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="for the packages")
    parser.set_defaults(run=run_sounds)


def run_music(args: Namespace) -> Iterator[Output]:
    """Cut songs and write `music_va.csv` beside the clips, captions still empty."""
    from mmva_core.data.sources import join_clips, read_deam, write_clips, write_labels

    table = Path(args.output) / "music_va.csv"
    check_free(table, args.force)
    songs = read_deam(args.valence, args.arousal)
    songs = {song: join_clips(clips, args.join) for song, clips in songs.items()}
    written, missing = write_clips(songs, args.songs, args.output)
    if not written:
        raise DataError(f"none of the {len(songs)} songs has a file in {args.songs}")
    write_labels(table, [clip.sample() for clip in written], "music")
    yield f"{table}: {len(written)} clips of {len(songs) - len(missing)} songs"
    if missing:
        yield Problem(f"{len(missing)} songs have no file in {args.songs} ({missing[0]}, …)")


def run_images(args: Namespace) -> Iterator[Output]:
    """Read the sources that were named and write `image_va.csv`."""
    from mmva_core.data.sources import read_emotic, read_iaps, read_naps, write_labels

    check_free(Path(args.output), args.force)
    samples = []
    for name, read in (("iaps", read_iaps), ("naps", read_naps), ("emotic", read_emotic)):
        source = getattr(args, name)
        if source is not None:
            found = read(source, how=args.rescale)
            yield f"{source}: {len(found)} pictures"
            samples += found
    if not samples:
        raise DataError("name at least one source with --iaps, --naps or --emotic")
    write_labels(args.output, samples, "image")
    yield f"{args.output}: {len(samples)} pictures"


def run_captions(args: Namespace) -> Iterator[Output]:
    """Describe every clip of a table and write the table with captions."""
    import torch

    from mmva_core.data.imemnet import MUSIC_SUFFIXES, attach_files, read_labels
    from mmva_core.data.sources import CaptionRefiner, LPMusicCaps, caption_clips, write_labels
    from mmva_core.inputs import read_audio_file

    check_free(Path(args.output), args.force)
    samples, files, _ = attach_files(*read_labels(args.labels), args.clips, MUSIC_SUFFIXES)
    captioner = LPMusicCaps.from_weights(args.captioner, args.bart)
    refiner = None if args.refine is None else CaptionRefiner(args.refine)
    described = []
    for sample in samples:
        sound = torch.from_numpy(read_audio_file(files[sample.id], captioner.sample_rate))
        (caption,) = caption_clips(captioner, [sound])
        if refiner is not None:
            caption = refiner.refine(caption)
        described.append(replace(sample, caption=caption))
    write_labels(args.output, described, "music")
    yield f"{args.output}: {len(described)} captions"


def run_content(args: Namespace) -> Iterator[Output]:
    """Draw pictures, fit the heads on them, and write the weights."""
    from mmva_core.content import build_heads
    from mmva_core.lite import find_data

    check_free(Path(args.output), args.force)
    data = find_data(args.data)
    heads = build_heads(data, Path(args.classes), seed=args.seed, progress=shows_progress(args))
    heads.save(Path(args.output))
    yield f"{args.output}: for {heads.tower}"


def run_sounds(args: Namespace) -> Iterator[Output]:
    """Fetch the packages, and say where each is."""
    from mmva_core.sounds import fetch_packages

    yield from fetch_packages(Path(args.output))


def _add_class_names(parts: Subparsers) -> None:
    parser = parts.add_parser(
        "class-names",
        help="place the names of ImageNet's classes among texts, for mmva-lite's pictures",
        examples=("mmva build class-names --classes timm/data/_info -o class-names.safetensors",),
    )
    add_data_option(parser, "open data sets with EmoBank")
    _add_classes_option(parser)
    add_output_options(parser, "FILE", "class-names.safetensors")
    parser.set_defaults(run=run_class_names)


def _add_pictures(parts: Subparsers) -> None:
    parser = parts.add_parser(
        "pictures",
        help="fit the VA predictor of pictures of mmva-lite anew, and nothing else",
        description="The last step of mmva train --preset mmva-lite by itself. The model is "
        "written to the folder model inside that of -o, features of pictures to features.",
        examples=("mmva build pictures -o run/",),
    )
    add_data_option(parser, "open data sets with OASIS")
    parser.add_argument(
        "--model",
        default="mmva-lite",
        metavar="NAME|FOLDER",
        help="model that everything else is taken from (default: %(default)s)",
    )
    add_output_options(parser, "FOLDER", "for the model")
    add_quiet_option(parser)
    parser.set_defaults(run=run_pictures)


def run_class_names(args: Namespace) -> Iterator[Output]:
    """Encode the names and sentences, and write the table."""
    from mmva_core.content import build_class_names
    from mmva_core.lite import find_data, save_class_names

    check_free(Path(args.output), args.force)
    data = find_data(args.data)
    with TemporaryDirectory() as cache:
        names = build_class_names(data, Path(args.classes), Path(cache))
    save_class_names(names, Path(args.output))
    yield f"{args.output}: {len(names.valence):,} names"


def run_pictures(args: Namespace) -> Iterator[Output]:
    """Fit the predictor and write the model."""
    from mmva_core.lite import find_data, refit_pictures

    target = Path(args.output) / "model"
    check_free(target, args.force)
    data = find_data(args.data)
    cache = Path(args.output) / "features"
    model = refit_pictures(args.model, data, cache, progress=shows_progress(args))
    yield f"model: {model.save_pretrained(target, half=True)}"


def _add_classes_option(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--classes",
        required=True,
        metavar="FOLDER",
        help="timm/data/_info of the Python package timm: ImageNet's class names",
    )
