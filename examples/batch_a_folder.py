"""Summarise a folder of films, and go on later where it was left.

    python examples/batch_a_folder.py [FOLDER]

Without a folder, two sample films and one that is no film are made and summarised.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import vsumm
from vsumm.demo import make_sample_film


def make_films(folder: Path) -> Path:
    """Make two films of one content, and a file that is none."""
    folder.mkdir()
    make_sample_film(folder / "monday.mp4")
    shutil.copy(folder / "monday.mp4", folder / "a copy of monday.mp4")
    (folder / "tuesday.mp4").write_text("It was a dark and stormy night.")
    return folder


def main() -> None:
    """Plan and run a batch, twice."""
    work = Path(tempfile.mkdtemp(prefix="vsumm-"))
    films = Path(sys.argv[1]) if len(sys.argv) > 1 else make_films(work / "films")
    for turn in ("first", "again"):
        plan = vsumm.plan_batch(films, work / "reels", budget="10s")
        print(f"{turn}: {len(plan.to_do)} of {len(plan.films)} films to do")
        for film in vsumm.run_batch(plan, num_jobs=1):
            print(f"    {film.state}: {Path(film.path).name} {film.reel or film.notes[0]}")
    print((work / "reels" / "manifest.csv").read_text())


if __name__ == "__main__":  # the processes that do films begin by importing this file
    main()
