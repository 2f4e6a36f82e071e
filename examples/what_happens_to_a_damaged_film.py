"""Damage a film in two ways and see what vsumm makes of it: what is lost is said, never hidden.

    python examples/what_happens_to_a_damaged_film.py [FILM]

Without a film, the sample film of `vsumm demo` is made. Copies are damaged, never the film itself:
one loses its last third, one has noise written over a tenth of it.
"""

import random
import sys
import tempfile
from pathlib import Path

import vsumm
from vsumm.demo import make_sample_film

folder = Path(tempfile.mkdtemp(prefix="vsumm-"))
if len(sys.argv) > 1:
    film = Path(sys.argv[1])
else:
    film = folder / "sample.mkv"
    make_sample_film(film)

data = film.read_bytes()
start, length = int(0.4 * len(data)), len(data) // 10
noise = random.Random(0).randbytes(length)
copies = {
    f"cut{film.suffix}": data[: 2 * len(data) // 3],
    f"noise{film.suffix}": data[:start] + noise + data[start + length :],
    "story.mp4": b"It was a dark and stormy night.",
}
for name, content in copies.items():
    path = folder / name
    path.write_bytes(content)
    try:
        summary = vsumm.summarize(path)
        reel = vsumm.export_reel(summary, folder / f"reel of {path.stem}.mp4")
    except vsumm.InputError as error:
        print(f"{name}: {error}")
        continue
    print(f"{name}: {summary.selected_seconds:.1f} s in {reel}")
    for note in summary.notes:
        print(f"    {note}")
