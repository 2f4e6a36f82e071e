"""Cut a reel whose runs fade into each other, with a title and music under the film's own sound.

    python examples/a_reel_with_music_and_a_title.py [FILM] [MUSIC]

Without arguments, the sample film of `vsumm demo` is cut and its own sound serves as music.
"""

import sys
import tempfile
from pathlib import Path

import vsumm
from vsumm.demo import make_sample_film

folder = Path(tempfile.mkdtemp(prefix="vsumm-"))
if len(sys.argv) > 1:
    film = Path(sys.argv[1])
else:
    film = folder / "sample.mp4"
    make_sample_film(film)
music = Path(sys.argv[2]) if len(sys.argv) > 2 else film

summary = vsumm.summarize(film, vsumm.SummaryConfig(budget_fraction=0.4))
config = vsumm.ReelConfig(
    crossfade_seconds=0.5,
    title=f"The best of {film.stem}",
    soundtrack=music,
    soundtrack_mode="duck",
)
reel = vsumm.export_reel(summary, folder / "reel.mp4", config)

seconds = summary.selected_seconds - 0.5 * (len(summary.runs) - 1)
print(f"{len(summary.runs)} runs, {seconds:.1f} s with cross-fades, are in {reel}")
