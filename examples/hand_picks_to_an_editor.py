"""Hand the picks to an editing program, change them, and make the reel again.

    python examples/hand_picks_to_an_editor.py [FILM]

Without a film, the sample film of `vsumm demo` is made and summarised. Here OpenTimelineIO stands
in for the editing program: it makes the first clip half a second shorter.
"""

import sys
import tempfile
from pathlib import Path

import opentimelineio as otio

import vsumm
from vsumm.demo import make_sample_film
from vsumm.render import Edit, edit_picks, load_picks, render

folder = Path(tempfile.mkdtemp(prefix="vsumm-"))
if len(sys.argv) > 1:
    film = Path(sys.argv[1])
else:
    film = folder / "sample.mp4"
    make_sample_film(film)

summary = vsumm.summarize(film)
timeline = vsumm.timeline_of(summary)
path = vsumm.write_timeline(timeline, folder / "picks.otio")
for name in ("picks.fcpxml", "picks.edl", "picks.mlt"):
    vsumm.write_timeline(timeline, folder / name)

edited = otio.adapters.read_from_file(str(path))
for track in edited.tracks:
    first = track[0]
    half = otio.opentime.RationalTime(
        0.5 * first.source_range.duration.rate, first.source_range.duration.rate
    )
    first.source_range = otio.opentime.TimeRange(
        first.source_range.start_time, first.source_range.duration - half
    )
otio.adapters.write_to_file(edited, str(folder / "edited.otio"))

picks = load_picks(folder / "edited.otio")
longer = edit_picks(picks, Edit(extend=((1, -1.0),)))
notes = render(longer, [folder / "reel.mp4", folder / "chapters.vtt"])

for run in longer.runs:
    print(f"{run.start_seconds:8.2f} to {run.end_seconds:8.2f} s")
print("\n".join([*picks.notes, *notes, f"timelines, chapters and the reel are in {folder}"]))
