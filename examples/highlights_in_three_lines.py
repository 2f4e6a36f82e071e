"""Summarise a film and look at the scores.

    python examples/highlights_in_three_lines.py [FILM]

Without a film, the sample film of `vsumm demo` is made and summarised.
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

summary = vsumm.summarize(film)
reel = vsumm.export_reel(summary, folder / "reel.mp4")

print(summary.to_frame().nlargest(5, "score").to_string(index=False))
print(f"{summary.selected_seconds:.1f} s of {summary.media.duration_seconds:.1f} s are in {reel}")
