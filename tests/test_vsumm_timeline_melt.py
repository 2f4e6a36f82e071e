"""MLT's own renderer shows the frames of our reel, where it is installed (Debian: `melt`)."""

import os
import shutil
import subprocess
from fractions import Fraction

import av
import numpy as np
import pytest
from films import make_film, read_frame_number
from timelines import summary_of_runs

from vsumm.media import probe
from vsumm.reel import ReelConfig, export_reel
from vsumm.timeline import timeline_of, write_timeline

RUNS = [(1.0, 2.0), (4.0, 5.32), (7.0, 9.0)]

pytestmark = pytest.mark.skipif(shutil.which("melt") is None, reason="melt is not installed")


def render_with_melt(timeline, target):
    """Render every frame of a timeline, none left out, without loss."""
    consumer = ["-consumer", f"avformat:{target}", "vcodec=ffv1", "an=1", "real_time=-1"]
    subprocess.run(
        ["melt", str(timeline), *consumer],
        check=True,
        capture_output=True,
        timeout=120,
        env={**os.environ, "SDL_VIDEODRIVER": "dummy", "HOME": str(target.parent)},
    )


def pictures_of(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".mlt", ".kdenlive"])
@pytest.mark.parametrize(
    ("rate", "crossfade_seconds"),
    [(Fraction(25), 0.0), (Fraction(30000, 1001), 0.0), (Fraction(25), 0.4)],
)
def test_melt_shows_the_frames_of_the_reel(tmp_path, suffix, rate, crossfade_seconds):
    film = make_film(tmp_path / "film.mp4", seconds=10.0, frame_rate=rate)
    summary = summary_of_runs(probe(film), RUNS)
    config = ReelConfig(crf=10, crossfade_seconds=crossfade_seconds)
    reel = export_reel(summary, tmp_path / "reel.mp4", config)
    timeline = timeline_of(summary, crossfade_seconds=crossfade_seconds)
    file = write_timeline(timeline, tmp_path / f"reel{suffix}")
    render_with_melt(file, tmp_path / "melt.mkv")
    ours, theirs = pictures_of(reel), pictures_of(tmp_path / "melt.mkv")
    assert len(ours) == len(theirs)
    if crossfade_seconds:
        # Blends may be rounded otherwise, and a picture of two numbers has none to read.
        distances = [np.abs(a.astype(int) - b).mean() for a, b in zip(ours, theirs, strict=True)]
        assert max(distances) < 8
    else:
        assert [read_frame_number(p) for p in ours] == [read_frame_number(p) for p in theirs]
