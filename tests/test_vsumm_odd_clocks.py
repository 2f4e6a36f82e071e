"""From films with odd clocks to reels: edges on cuts to the frame, pictures and sound in step."""

import random
from fractions import Fraction
from functools import partial

import av
import numpy as np
import pytest
from films import find_beeps, make_film, trim_film
from foretold import BrightLoudModel
from shots import draw_numbered_shot, read_shot_number
from sounds import read_sound

import vsumm
from vsumm.media import probe

LENGTHS = [2.6, 3.4, 1.9, 2.7, 4.6, 3.3, 2.9, 5.1, 2.2, 3.7, 2.8, 4.8]
SECONDS = 40.0
BEEP_AFTER = 0.5
"""Seconds from the beginning of each shot to its beep."""
STAMP_SECONDS = 1.001e-3
"""MKV and WebM count milliseconds."""
BEEP_SECONDS = 2e-3
"""Codecs of sound smear the beginning of a beep by about so much."""


def phone_times(seed):
    """Times of frames as a phone takes them in changing light, seconds."""
    rng = random.Random(seed)
    times = [0.0]
    while times[-1] < SECONDS - 0.1:
        times.append(round(times[-1] + rng.choice((1 / 24, 1 / 30, 1 / 60)), 4))
    return times


def recorder_times(seed):
    """Times of frames of a recorded screen, which come where something changes."""
    rng = random.Random(seed)
    return [0.0, *(k / 30 for k in range(1, 1200) if rng.random() < 0.3)]


def even_times(rate):
    return [float(k / rate) for k in range(int(SECONDS * rate))]


FILMS = {
    "phone.mp4": (phone_times(0), {}),
    "phone.mkv": (phone_times(1), {}),
    "phone.webm": (phone_times(2), {}),
    "turned phone.mov": (phone_times(3), {"rotation": 90}),
    "late phone.mkv": (phone_times(4), {"start_offset_seconds": 7.3}),
    "trimmed phone.mp4": (phone_times(5), {"trim": (60, 1100)}),
    "screen.mp4": (recorder_times(6), {}),
    "59.94.mp4": (even_times(Fraction(60000, 1001)), {"frame_rate": Fraction(60000, 1001)}),
    "23.976.mkv": (even_times(Fraction(24000, 1001)), {"frame_rate": Fraction(24000, 1001)}),
}


USUAL = ("phone.mkv", "turned phone.mov", "trimmed phone.mp4", "23.976.mkv")
"""What is tried every time; the others are slow together."""


@pytest.fixture(
    params=[name if name in USUAL else pytest.param(name, marks=pytest.mark.slow) for name in FILMS]
)
def made(request, tmp_path):
    """A film of shots, and when its frames, cuts and beeps come on its clock, seconds."""
    times, options = FILMS[request.param]
    first, last = (times[k] for k in options.get("trim", (0, -1)))
    rough = np.cumsum(LENGTHS)[:-1]
    borders = [0.0, *(next(t for t in times if t >= border - 1e-9) for border in rough), SECONDS]
    beeps = [border + BEEP_AFTER for border in borders[:-1]]
    path = make_film(
        tmp_path / request.param,
        seconds=SECONDS,
        frame_times=times,
        beeps=beeps,
        size=(160, 90),
        sample_rate=48_000,
        draw=partial(draw_numbered_shot, borders=borders, bright=(1, 5, 9)),
        **{name: value for name, value in options.items() if name != "trim"},
    )
    if "trim" in options:
        trim_film(path, first, last)
    # Priming of the sound may be a part of the presentation.
    shift = probe(path).video.start_seconds - first
    clocks = (np.array(each) + shift for each in (times, borders, beeps))
    return path, options.get("rotation", 0), *clocks


def pictures_of(path, rotation):
    """Return when each picture of a reel comes, seconds, and which frame of the film it is."""
    with av.open(str(path)) as container:
        frames = [
            (frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)
        ]
    turned = [(time, np.rot90(pixels, rotation // 90)) for time, pixels in frames]
    return [(time, read_shot_number(pixels)) for time, pixels in turned]


def test_edges_lie_on_cuts_and_the_reel_shows_what_the_summary_says(made, tmp_path):
    path, rotation, times, cuts, beeps = made
    info = probe(path)
    summary = vsumm.summarize(path, by="image", model=BrightLoudModel(), budget="12s")
    assert len(summary.runs) > 1
    edges = [t for run in summary.runs for t in (run.start_seconds, run.end_seconds)]
    places = [*cuts, 0.0, info.duration_seconds]
    assert sum(min(abs(edge - place) for place in places) < STAMP_SECONDS for edge in edges) >= (
        len(edges) - 1
    )
    reel = tmp_path / f"reel{path.suffix if path.suffix in ('.mkv', '.webm') else '.mp4'}"
    vsumm.export_reel(summary, reel)
    check_pictures(summary, pictures_of(reel, rotation), times)
    check_sound(summary, reel, beeps)
    shown = probe(reel)
    longest = max(np.diff(times))
    assert shown.video.duration_seconds == pytest.approx(summary.reel_seconds, abs=longest)
    assert shown.audio[0].duration_seconds == pytest.approx(summary.reel_seconds, abs=0.025)


def check_pictures(summary, pictures, times):
    """Every frame of the runs is shown, and at its time."""
    begin = 0.0
    for run in summary.runs:
        end = begin + run.duration_seconds
        inside = [(time, number) for time, number in pictures if begin - 1e-4 <= time < end - 1e-4]
        expected = np.flatnonzero(
            (times >= run.start_seconds - STAMP_SECONDS) & (times < run.end_seconds - STAMP_SECONDS)
        )
        held = int(inside[0][1] == expected[0] - 1)  # nothing new begins with the run
        shown = [number for _, number in inside[held:]]
        is_last = run == summary.runs[-1]  # it ends before its last frame, rather than too late
        assert shown in (expected.tolist(), expected[: len(expected) - is_last].tolist())
        late = [time - begin - (times[k] - run.start_seconds) for time, k in inside[held:]]
        assert np.abs(late).max() < 2 * STAMP_SECONDS
        begin = end


def check_sound(summary, reel, beeps):
    """Every beep of the runs is heard at its time."""
    begin, expected = 0.0, []
    for run in summary.runs:
        inside = beeps[(beeps >= run.start_seconds) & (beeps < run.end_seconds - 0.05)]
        expected += (begin + inside - run.start_seconds).tolist()
        begin += run.duration_seconds
    assert expected
    assert find_beeps(*read_sound(reel)) == pytest.approx(expected, abs=BEEP_SECONDS)
