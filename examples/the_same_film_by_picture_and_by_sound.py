"""Score one film by picture, by sound and by both, and see how far they agree.

    python examples/the_same_film_by_picture_and_by_sound.py [FILM]

Without a film, the sample film of `vsumm demo` is made and scored. The model is loaded once.
"""

import sys
import tempfile
from pathlib import Path

import vsumm
from vsumm.demo import make_sample_film

if len(sys.argv) > 1:
    film = Path(sys.argv[1])
else:
    film = Path(tempfile.mkdtemp(prefix="vsumm-")) / "sample.mp4"
    make_sample_film(film)

model = vsumm.load_model(vsumm.SummaryConfig())
picked = {}
for by in ("image", "music", "both"):
    summary = vsumm.summarize(film, vsumm.SummaryConfig(by=by), model=model)
    picked[by] = {row.start_seconds for row in summary.segments if row.selected}
    runs = ", ".join(f"{run.start_seconds:.0f}-{run.end_seconds:.0f} s" for run in summary.runs)
    print(f"by {by:5}  {runs}")

shared = len(picked["image"] & picked["music"])
print(f"picture and sound agree on {shared} of {len(picked['image'])} segments")
