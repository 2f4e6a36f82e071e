"""`mmva match`: rank films for a piece of music."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mmva_core.cli.command import (
    Output,
    Problem,
    add_json_option,
    add_model_options,
    add_quiet_option,
    shows_progress,
)
from mmva_core.cli.parser import positive_integer
from mmva_core.clock import clock_text
from mmva_core.errors import CheckpointError, DataError
from mmva_core.skill import skill_line

if TYPE_CHECKING:
    from mmva_core.cli.command import Subparsers
    from mmva_core.inputs import Tags
    from mmva_core.retrieval import Floats, Place


def add_parser(subparsers: Subparsers) -> None:
    """Add the sub-command."""
    parser: ArgumentParser = subparsers.add_parser(
        "match",
        help="rank films by how well a piece of music goes along with them",
        description="Compare the course of valence and arousal of a piece of music with that of "
        "the pictures of films, by the rule by which vsumm chooses soundtracks, and name for each "
        "film the best place in the music to begin. Of a summary the reel counts, of any other "
        "file all of it. A film is measured once, and its scores are cached.",
        examples=("mmva match song.mp3 --films reels/",),
    )
    parser.add_argument("song", metavar="MUSIC", help="a sound file")
    parser.add_argument(
        "--films",
        required=True,
        nargs="+",
        metavar="PATH",
        help="films, summaries (JSON) of vsumm, or folders of such",
    )
    parser.add_argument("--k", type=positive_integer, help="number of answers (default: all)")
    add_model_options(parser)
    add_json_option(parser)
    add_quiet_option(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> Iterator[Output]:
    """Rank, and print a table."""
    from mmva_core.inputs import read_sound_tags
    from mmva_core.retrieval import rank_films, read_film_curves

    windows, sigma = _song(args)
    paths = [Path(name) for name in args.films]
    films = []
    for film in read_film_curves(paths, args.model, progress=shows_progress(args)):
        if film.problem is not None:
            yield Problem(film.problem)
        else:
            films.append(film)
    if not films:
        raise DataError(f"{', '.join(args.films)}: there is no film to match")
    places = rank_films(films, windows, sigma)[: args.k]
    tags = read_sound_tags(args.song)
    if args.json:
        yield _as_json(args, windows, tags, len(films), places)
        return
    yield f"music: {tags}"
    yield f"note: {skill_line(args.model)}"
    yield f"{'score':>6} {'distance':>8} {'arousal r':>9}  {'from':>8}  film"
    for place in places:
        again = f" (the music begins again {place.num_seams} x)" if place.num_seams else ""
        numbers = f"{place.score:6.3f} {place.distance:8.3f} {place.correlation:9.2f}"
        yield f"{numbers}  {clock_text(place.start_seconds):>8}  {place.name}{again}"


def _song(args: Namespace) -> tuple[Floats, float]:
    """Return the windows of the song, (W, 4), and sigma of the model."""
    import numpy as np

    from mmva_core import MMVA
    from mmva_core.retrieval import LEAST_SPEECH, encode_content, read_content, speech_share

    model = MMVA.from_pretrained(args.model, device=args.device)
    if model.config.sigma is None:
        raise CheckpointError(f"model {args.model!r} was never trained: its sigma is not set")
    content = read_content("music", args.song, model.music_sample_rate)
    share = speech_share(np.asarray(content, np.float32), model.music_sample_rate)
    if share > LEAST_SPEECH:
        raise DataError(f"{args.song}: somebody speaks for {share:.0%} of it: this is no music")
    return encode_content(model, "music", content).va, model.config.sigma


def _as_json(
    args: Namespace, windows: Floats, tags: Tags, num_films: int, places: list[Place]
) -> str:
    answers = [{"film": place.name} | asdict(place) for place in places]
    for answer in answers:
        del answer["name"]
    content = {
        "music": args.song,
        **asdict(tags),
        "model": args.model,
        "length_seconds": float(windows[-1, 3]),
        "num_films": num_films,
        "notes": [skill_line(args.model)],
        "matches": answers,
    }
    return json.dumps(content, indent=2)
