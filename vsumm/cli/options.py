"""The options of `vsumm summarize`, in the groups in which its help lists them."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

from mmva_core.cli import positive_integer
from mmva_core.clock import TIME_FORMS
from vsumm.cli.edge_options import add_edge_options
from vsumm.cli.inputs import add_exclude_option, input_path
from vsumm.cli.music_options import add_music_options
from vsumm.cli.readers import read_budget, read_loudness, read_seconds, read_share, read_weights
from vsumm.config import BUDGET_FORMS, Budget, By, Decoder, SummaryConfig
from vsumm.mood import ARC_FORMS, MOOD_FORMS

if TYPE_CHECKING:
    Group: TypeAlias = "argparse._ArgumentGroup"

DEFAULTS = SummaryConfig()
DEFAULT_BUDGET = Budget(budget_fraction=DEFAULTS.budget_fraction)
"""The budget where none is named; with `--to` the length of the song."""


def add_summarize_options(parser: argparse.ArgumentParser) -> None:
    """Add the inputs and all options; those of the summary are named after `SummaryConfig`."""
    parser.add_argument(
        "inputs",
        nargs="+",
        type=input_path,
        metavar="INPUT",
        help="film or sound file, or a folder: the films in it and below",
    )
    add_exclude_option(parser)
    add_summary_options(parser)
    _add_output(parser.add_argument_group("what is written"))
    _add_views(parser.add_argument_group("what shows it"))
    add_music_options(add_reel_options(parser))
    add_work_options(parser.add_argument_group("how the work is done"))


def add_summary_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of what is picked and how; they are named after `SummaryConfig`."""
    _add_selection(parser.add_argument_group("what is picked"))
    add_edge_options(parser.add_argument_group("where it is cut"))
    _add_scoring(parser.add_argument_group("how it is scored"))


def fields_in(args: argparse.Namespace, config: type[Any]) -> dict[str, Any]:
    """Return the options that set a field of `config`; those left out are None or False."""
    given = {
        name: value
        for name, value in vars(args).items()
        if value is not None and value is not False
    }
    return {field.name: given[field.name] for field in fields(config) if field.name in given}


def add_reel_options(parser: argparse.ArgumentParser) -> Group:
    """Add the options of the reel, named after `ReelConfig`; return the group of the last ones."""
    _add_encoding(parser.add_argument_group("how the reel is encoded"))
    _add_shape(parser.add_argument_group("the shape of the reel's picture"))
    group = parser.add_argument_group("what is added to the reel (never makes it longer)")
    _add_composition(group)
    return group


def _add_selection(group: Group) -> None:
    group.add_argument(
        "--by",
        choices=get_args(By),
        default=DEFAULTS.by,
        help="score by several signals, or by the arousal of the picture, the sound, or both "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--about",
        metavar="TEXT",
        help="what the film is about, in a few words (default: its title, or its file name)",
    )
    group.add_argument(
        "--about-model",
        metavar="CLIP",
        help="compare picture and words by a CLIP: its folder or hub id, or clip for the published "
        "ViT-B/32; needs the extra paper (default: by what the image tower tells)",
    )
    group.add_argument(
        "--query", metavar="TEXT", help="look for this in the picture, and score by nothing else"
    )
    group.add_argument("--mood", metavar="MOOD", help=f"prefer pictures of a mood: {MOOD_FORMS}")
    group.add_argument(
        "--arc",
        metavar="ARC",
        help="prefer pictures whose intensity takes this course over the film: "
        + ARC_FORMS.replace("%", "%%"),
    )
    group.add_argument(
        "--reorder",
        action="store_true",
        help="show what is picked in any order, not in that of the film and of time, so that its "
        "intensity follows the --arc, or else the music of --to, --soundtrack or --soundtrack-from",
    )
    group.add_argument(
        "--spread",
        type=float,
        metavar="S",
        default=DEFAULTS.spread,
        help="how much more of one place counts for less, from 0 to 1; with --by highlights "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--budget",
        type=read_budget,
        default=DEFAULT_BUDGET,
        help=f"length of the reel: {BUDGET_FORMS}; default: 15%".replace("%", "%%"),
    )
    group.add_argument(
        "--segment-seconds", type=float, metavar="S", help="length of a segment (default: 2)"
    )
    group.add_argument(
        "--audio-track",
        type=int,
        metavar="N",
        default=DEFAULTS.audio_track,
        help="which audio track counts, from 0 (default: the one that a player takes)",
    )


def _add_scoring(group: Group) -> None:
    group.add_argument(
        "--weights",
        type=read_weights,
        metavar="NAME=W,...",
        help="weights of signals with --by highlights, like motion=1,about=2; 0 leaves one out",
    )
    group.add_argument(
        "--model",
        default=DEFAULTS.model,
        help="embedded model, folder or hub id (default: %(default)s)",
    )
    group.add_argument("--device", choices=("auto", "cpu", "cuda"), default=DEFAULTS.device)
    group.add_argument(
        "--precision",
        choices=("fp32", "bf16"),
        default=DEFAULTS.precision,
        help="arithmetic of the image tower; bf16 for CLIP only (default: %(default)s)",
    )
    group.add_argument(
        "--frames-per-segment",
        type=int,
        metavar="N",
        default=DEFAULTS.frames_per_segment,
        help="frames scored in every segment (default: %(default)s)",
    )
    group.add_argument(
        "--quick",
        action="store_true",
        help="look at key frames only, and cut on the grid unless --cut-at is given: rough, in a "
        "fraction of the time",
    )
    group.add_argument(
        "--smoothing-segments",
        type=int,
        metavar="N",
        default=DEFAULTS.smoothing_segments,
        help="width of the moving mean over neighbours, odd (default: %(default)s)",
    )
    group.add_argument(
        "--motion-weight",
        type=float,
        metavar="W",
        default=DEFAULTS.motion_weight,
        help="how much motion adds to the picture's arousal (default: %(default)s)",
    )
    group.add_argument("--seed", type=int, default=DEFAULTS.seed, help="(default: %(default)s)")


def _add_output(group: Group) -> None:
    group.add_argument(
        "-o",
        "--output",
        action="append",
        metavar="PATH",
        help="the reel, its extension decides the container; or a folder (default: "
        "<input stem>.summary.mp4 beside the input); or a timeline for an editing program (.otio, "
        ".fcpxml, .xml, .edl, .mlt, .kdenlive, .llc) or chapters (.ffmeta, .vtt, .txt), which may "
        "be given several times, with or without a reel",
    )
    group.add_argument(
        "--no-reel", action="store_true", help="score and select only, write the JSON"
    )
    add_variant_options(group)
    existing = group.add_mutually_exclusive_group()
    existing.add_argument("--force", action="store_true", help="replace what is there already")
    existing.add_argument(
        "--skip-existing", action="store_true", help="leave out films whose results are there"
    )
    group.add_argument("--quiet", action="store_true", help="no progress bar, no table")
    group.add_argument("--json", action="store_true", help="print the whole result as JSON")


def _add_views(group: Group) -> None:
    group.add_argument(
        "--report",
        action="store_true",
        dest="with_report",
        help="write a page that shows what was picked and why, <input stem>.report.html",
    )
    group.add_argument(
        "--contact-sheet",
        type=Path,
        metavar="FILE",
        help="write a JPEG file with a picture of every pick",
    )
    group.add_argument(
        "--poster", type=Path, metavar="FILE", help="write the best frame as a JPEG file"
    )
    group.add_argument(
        "--preview",
        type=Path,
        metavar="FILE",
        help="write 10 seconds of the reel without sound as a .gif or .webp file",
    )
    group.add_argument(
        "--table",
        type=Path,
        metavar="FILE",
        help="write the signals of every segment as a .csv or .parquet file",
    )
    group.add_argument(
        "--embeddings",
        type=Path,
        metavar="FILE",
        help="write the embeddings of every segment as a .npz or .parquet file; reads the film "
        "once more",
    )


def _add_encoding(group: Group) -> None:
    group.add_argument(
        "--encoder", metavar="NAME", help="FFmpeg's name of the picture encoder, like libx265"
    )
    group.add_argument(
        "--crf", type=float, metavar="Q", help="quality on the encoder's scale, lower is better"
    )
    group.add_argument("--preset", metavar="NAME", help="speed preset of the encoder")
    group.add_argument(
        "--fast",
        action="store_true",
        dest="is_fast",
        help="copy H.264 pictures as they are where that is exact; encode only the edges of runs",
    )


def _add_shape(group: Group) -> None:
    group.add_argument(
        "--for",
        choices=("shorts", "story", "square", "web"),
        dest="made_for",
        help="where it will be shown: shorts and story are 9:16 and at most 1080 pixels wide, "
        "square is 1:1, web at most 1280 wide",
    )
    group.add_argument(
        "--aspect",
        metavar="W:H",
        help="width by height, like 9:16, or film (default); the crop follows faces and motion",
    )
    group.add_argument(
        "--max-width", type=int, metavar="N", help="most pixels of width; never enlarges"
    )
    group.add_argument(
        "--fit",
        choices=("crop", "blur"),
        help="fill another aspect by a part of the picture (default), or put all of it between "
        "blurred bars",
    )


def _add_composition(group: Group) -> None:
    group.add_argument(
        "--crossfade",
        type=float,
        metavar="SECONDS",
        dest="crossfade_seconds",
        help="fade every run over into the next one; shortens the reel by this for every cut",
    )
    group.add_argument(
        "--title", metavar="TEXT", help="write this over the first 3 seconds of the reel"
    )
    group.add_argument(
        "--title-font", type=Path, metavar="FILE", help="font of the title (default: Roboto)"
    )
    group.add_argument(
        "--chapters",
        action="store_true",
        dest="with_chapters",
        help="make every run a chapter of the reel (MP4, MOV, MKV, WebM)",
    )
    group.add_argument(
        "--no-subtitles",
        action="store_true",
        dest="without_subtitles",
        help="leave the film's subtitles out of the reel",
    )
    group.add_argument(
        "--soundtrack",
        type=Path,
        metavar="FILE",
        help="lay this sound under the reel, repeated or cut to its length",
    )
    group.add_argument(
        "--soundtrack-start",
        type=read_seconds,
        metavar="TIME",
        dest="soundtrack_start_seconds",
        help=f"where in the soundtrack the reel begins: {TIME_FORMS} (default: its beginning)",
    )
    group.add_argument(
        "--soundtrack-fade",
        type=read_seconds,
        metavar="TIME",
        dest="soundtrack_fade_seconds",
        help="how long the soundtrack fades out (default: 2 seconds, or from a bar of the music on "
        "where --soundtrack-from chooses it)",
    )
    group.add_argument(
        "--soundtrack-mode",
        choices=("replace", "duck", "auto"),
        help="replace the film's sound (default); duck: keep it and turn the soundtrack down where "
        "somebody speaks; auto: keep it only where somebody speaks",
    )
    group.add_argument(
        "--loudness",
        type=read_loudness,
        metavar="LUFS|off",
        help="bring the reel's sound to this loudness, like -14, with peaks of at most -1 dBTP "
        "(default: off, as in the film)",
    )


def add_variant_options(group: Group) -> None:
    """Add `--variants` and `--max-overlap`."""
    group.add_argument(
        "--variants",
        type=positive_integer,
        metavar="N",
        default=1,
        help="make N reels that differ, of nearly equal value: reel.mp4, reel.2.mp4, reel.3.mp4, "
        "each with its JSON",
    )
    group.add_argument(
        "--max-overlap",
        type=read_share,
        metavar="SHARE",
        default=0.5,
        help="the greatest part of the budget that two variants may share (default: 50%%)",
    )


def add_progress_option(group: argparse.ArgumentParser | Group) -> None:
    """Add `--progress`."""
    group.add_argument(
        "--progress",
        choices=("auto", "json", "none"),
        default="auto",
        help="bars on a terminal and nothing elsewhere (auto), or lines of JSON on stderr for "
        "other programs (default: %(default)s)",
    )


def add_work_options(group: Group) -> None:
    """Add the options of how the work is done."""
    add_progress_option(group)
    group.add_argument(
        "--jobs",
        type=positive_integer,
        metavar="N",
        default=1,
        help="films to work on at the same time (default: %(default)s)",
    )
    group.add_argument(
        "--decoder",
        choices=get_args(Decoder),
        default=DEFAULTS.decoder,
        help="who decodes the picture that is scored (default: PyAV, and decord where that fails)",
    )
    group.add_argument(
        "--strict", action="store_true", help="fail if any part of the input cannot be read"
    )
    group.add_argument(
        "--no-cache", action="store_true", help="neither read nor write the cache of scores"
    )
