"""What it costs to index music and to choose from it: `python -m eval speed music`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.speed.films import FilmRecipe, join_sounds, make_film
from eval.speed.measure import Usage, measure
from eval.speed.stages import vsumm_command
from eval.speed.tasks import task_command
from mmva_core.retrieval import IndexItem, find_sources, load_index, save_index
from vsumm.errors import InputError

FILES_IN_TRACK = 10
"""Recordings that are joined into one track; one that is 15 to 24 s long makes three minutes."""
NUM_CHOICES = 1000
"""Tracks to choose from."""
RECIPE = FilmRecipe("film-music", 60, (320, 180))
"""The film that music is chosen for."""
RUN_RECIPE = FilmRecipe("film-run", 300, (640, 360))
"""The film of whole runs."""
NUM_RUNS = 2
"""Runs of each kind, in turns."""


@dataclass(frozen=True)
class MusicCosts:
    """CPU seconds of all processes, unless it says otherwise."""

    num_tracks: int
    """Tracks that were indexed."""
    music_seconds: float
    """Their length together."""
    first: float
    """Index all of them."""
    again: float
    """The same again: nothing is new."""
    renamed: float
    """The same with every file under another name."""
    num_choices: int
    """Tracks to choose from."""
    choose_seconds: float
    """Open their index and choose a track for a reel: wall time behind the start of the program."""
    choose_cpu: float
    """The same, without the processes that read tags and listen."""
    named: float
    """Summarise a film of five minutes, with a reel and `--soundtrack`, nothing cached: the track,
    and the place in it, that the next one chooses."""
    chosen: float
    """The same with `--soundtrack-from` and the index."""
    moved: float
    """The same with `--cut-to-beats` as well."""

    @property
    def minutes_per_thousand(self) -> float:
        """CPU minutes to index 1,000 such tracks."""
        return self.first / self.num_tracks * 1000 / 60


def measure_music(music: Path, folder: Path, num_tracks: int) -> MusicCosts:
    """Join recordings into tracks, index them, rename them, and choose among many.

    Args:
        music: folder of recordings, all in one codec, at one rate.
        folder: where the film is kept.
        num_tracks: how many tracks to join.

    Raises:
        VsummError: there is too little music, or a command failed.
    """
    with TemporaryDirectory() as scratch:
        tracks, index = Path(scratch) / "tracks", Path(scratch) / "index"
        tracks.mkdir()
        for number, files in enumerate(_groups(music, num_tracks)):
            join_sounds(files, tracks / f"{number:04d}{files[0].suffix}")
        first, again = _index(tracks, index), _index(tracks, index)
        for path in sorted(tracks.iterdir()):
            path.rename(path.with_name(f"renamed-{path.name}"))
        renamed = _index(tracks, index)
        many, links = Path(scratch) / "many", Path(scratch) / "links"
        music_seconds = _multiply(index, many, links)
        reel = Path(scratch) / "reel.mp4"
        measure(vsumm_command(make_film(RECIPE, folder), "--no-reel", "--quiet", "-o", reel))
        (summary,) = Path(scratch).glob("*.json")
        chosen = measure(task_command("choose", summary, many))
        runs = _whole_runs(make_film(RUN_RECIPE, folder), many, Path(scratch))
        return MusicCosts(
            num_tracks,
            music_seconds,
            first.cpu_seconds,
            again.cpu_seconds,
            renamed.cpu_seconds,
            NUM_CHOICES,
            chosen.report["value"],
            chosen.report["cpu"],
            *runs,
        )


def _whole_runs(film: Path, index: Path, scratch: Path) -> list[float]:
    """Return what whole runs cost whose music is named, chosen, and chosen with moved cuts."""
    usual: list[str | Path] = ["--no-cache", "--quiet", "--force", "-o", scratch / "run.mp4"]
    measure(vsumm_command(film, *usual, "--soundtrack-from", index))
    best = json.loads((scratch / "run.json").read_text(encoding="utf-8"))["soundtracks"][0]
    kinds: list[list[str | Path]] = [
        ["--soundtrack", best["file"], "--soundtrack-start", f"{best['start_seconds']:.3f}s"],
        ["--soundtrack-from", index],
        ["--soundtrack-from", index, "--cut-to-beats"],
    ]
    costs = [
        [measure(vsumm_command(film, *usual, *kind)).cpu_seconds for kind in kinds]
        for _ in range(NUM_RUNS)
    ]
    return [sum(column) / NUM_RUNS for column in zip(*costs, strict=True)]


def _groups(music: Path, count: int) -> list[Sequence[Path]]:
    files = [source.path for source in find_sources(music, ("music",)) if source.path is not None]
    if len(files) < count * FILES_IN_TRACK:
        raise InputError(f"{music}: {count} tracks need {count * FILES_IN_TRACK} recordings")
    return [files[k * FILES_IN_TRACK : (k + 1) * FILES_IN_TRACK] for k in range(count)]


def _index(tracks: Path, index: Path) -> Usage:
    program = "import sys; from mmva_core.cli import main; sys.exit(main())"
    arguments = ["index", str(tracks), "-o", str(index), "--quiet"]
    return measure([sys.executable, "-c", program, *arguments])


def _multiply(index: Path, many: Path, links: Path) -> float:
    """Write an index of many tracks that repeats the rows of another; return its length, seconds.

    Every track is a link of its own to a file of the other index.
    """
    opened = load_index(index)
    root = Path(opened.header.root)
    links.mkdir()
    items = []
    for number in range(NUM_CHOICES):
        item = opened.items[number % len(opened)]
        name = f"{number:04d}{Path(item.name).suffix}"
        (links / name).symlink_to(root / item.name)
        items.append(IndexItem(name, "music", item.sha256, item.num_windows, 0.0))
    save_index(
        many,
        replace(opened.header, root=str(links)),
        items,
        lambda place: opened.rows_of(place % len(opened)),
    )
    ends = [float(opened.rows_of(place).va[-1, 3]) for place in range(len(opened))]
    return sum(ends)
