"""The tasks whose cost `python -m eval speed` measures, each to be run in a process of its own.

    python -m eval.speed.tasks NAME ARGUMENT...

Every task prints one line of JSON with what it found. "value" is the figure of tasks that must
not count the time it takes to import and load. Each task imports what it needs inside its
function: the whole process is timed, and none is to pay for the imports of another.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

NUM_FRAMES = 96
"""Frames that the image path is measured on."""
SHORTEST_MEASUREMENT_SECONDS = 3.0
"""Figures are means over at least this time."""
Report = dict[str, Any]


def probe(film: str) -> Report:
    """Find out what a file is; the worker runs already."""
    from vsumm.media import probe as probe_film

    probe_film(film)
    return {"value": seconds_per_call(lambda: probe_film(film))}


def frames(film: str, windows_are: str = "looks") -> Report:
    """Read the frames that the image path looks at, and say how far out of their windows any is.

    Args:
        film: the film.
        windows_are: "looks" for the windows of the image path, "segments" for one in a segment.
    """
    from vsumm.config import SEGMENT_SECONDS, SummaryConfig
    from vsumm.decode import find_key_frames
    from vsumm.media import probe as probe_film
    from vsumm.media import split_into_segments
    from vsumm.score import look_windows, read_looks

    info = probe_film(film)
    assert info.video is not None
    segments = split_into_segments(info.duration_seconds, segment_seconds=SEGMENT_SECONDS)
    windows = segments
    if windows_are == "looks":
        windows = look_windows(
            segments,
            frames_per_segment=SummaryConfig().frames_per_segment,
            key_seconds=find_key_frames(info),
        )
    error = 0.0
    with read_looks(info, windows) as found:
        count = 0
        for frame in found:
            count += 1
            window, seconds = windows[frame.index], frame.time_seconds
            error = max(error, window.start_seconds - seconds, seconds - window.end_seconds)
    return {
        "frames": count,
        "largest_time_error_in_frames": round(error * info.video.frame_rate, 3),
    }


def sound(film: str) -> Report:
    """Read the whole sound as the music path does."""
    from vsumm.decode import read_audio
    from vsumm.media import probe as probe_film
    from vsumm.score import SAMPLE_RATE

    with read_audio(probe_film(film), sample_rate=SAMPLE_RATE) as blocks:
        count = sum(len(block.samples) for block in blocks)
    return {"samples": count}


def image(film: str) -> Report:
    """Score frames: black, motion, preprocessing, tower and heads; images that it sees a second."""
    from vsumm.score import LOOKS_PER_FRAME, ImageMeter, MotionMeter, looks_of

    model, found = default_model(), some_frames(film)
    count = len(found)

    def score() -> None:
        looks = list(looks_of(found, frames_per_segment=1))
        ImageMeter(model, count).add(looks)
        MotionMeter(count).add(looks)

    score()
    return {"value": count / LOOKS_PER_FRAME / seconds_per_call(score)}


def image_tower(film: str) -> Report:
    """Run the image tower alone, with its preprocessing: images per second."""
    model, pictures = default_model(), [frame.pixels for frame in some_frames(film)]
    model.image_features(pictures[:1])
    seconds = seconds_per_call(lambda: model.image_features(pictures))
    return {"value": len(pictures) / seconds}


def music(seconds_text: str) -> Report:
    """Score sound: windows, spectra, tower and heads; seconds of sound per second."""
    import numpy as np

    from vsumm.config import SEGMENT_SECONDS
    from vsumm.decode import AudioBlock
    from vsumm.media import split_into_segments
    from vsumm.score import SAMPLE_RATE, WINDOWS_AT_ONCE, MusicMeter, in_batches, sound_windows

    model, seconds = default_model(), float(seconds_text)
    block = np.random.default_rng(0).normal(0, 0.1, 4 * SAMPLE_RATE).astype(np.float32)
    segments = split_into_segments(seconds, segment_seconds=SEGMENT_SECONDS)

    def blocks() -> Iterator[AudioBlock]:
        for start in range(0, int(seconds), 4):
            yield AudioBlock(start, block)

    def score() -> None:
        meter = MusicMeter(model, len(segments))
        windows = sound_windows(blocks(), segments, around_seconds=meter.around_seconds)
        for batch in in_batches(windows, WINDOWS_AT_ONCE):
            meter.add(batch)

    score()
    return {"value": seconds / seconds_per_call(score)}


def knapsack(kind: str) -> Report:
    """Select from 24 hours of 2-second segments ("even"), or solve 5,000 unequal shots."""
    import numpy as np

    from vsumm.config import SEGMENT_SECONDS, SummaryConfig
    from vsumm.media import split_into_segments
    from vsumm.select import select_segments, solve_knapsack

    rng = np.random.default_rng(0)
    if kind == "even":
        segments = split_into_segments(24 * 3600.0, segment_seconds=SEGMENT_SECONDS)
        scores = rng.uniform(0, 1, len(segments))
        budget = SummaryConfig().budget_of(24 * 3600.0)
        return {
            "value": seconds_per_call(
                lambda: select_segments(segments, scores, budget_seconds=budget)
            )
        }
    lengths = rng.integers(24, 400, 5000).tolist()
    values = (rng.uniform(0, 1, 5000) * lengths).tolist()
    capacity = int(SummaryConfig.budget_fraction * sum(lengths))
    return {"value": seconds_per_call(lambda: solve_knapsack(values, lengths, capacity))}


def reel(film: str, plan: str, target: str) -> Report:
    """Write the reel of a plan, a JSON list of [start, end) in seconds; count its frames."""
    from eval.speed.films import count_frames
    from vsumm.media import Segment
    from vsumm.media import probe as probe_film
    from vsumm.reel import plan_reel, write_reel

    runs = [Segment(start, end) for start, end in json.loads(plan)]
    write_reel(plan_reel(probe_film(film), target, overwrite=True), runs)
    return {"frames": count_frames(target)}


def reel_sound(film: str, plan: str, target: str, lufs: str = "") -> Report:
    """Write the sound of such a reel, at a loudness if one is given."""
    from vsumm.media import Segment
    from vsumm.media import probe as probe_film
    from vsumm.reel import ReelConfig, plan_reel, write_reel

    runs = [Segment(start, end) for start, end in json.loads(plan)]
    config = ReelConfig(loudness=float(lufs) if lufs else "off")
    write_reel(plan_reel(probe_film(film), target, config, overwrite=True), runs)
    return {}


def default_model() -> Any:
    """Load the model that the command line uses by itself."""
    from vsumm.config import SummaryConfig
    from vsumm.score import load_model

    return load_model(SummaryConfig())


def some_frames(film: str) -> list[Any]:
    """Read frames that lie 2 s apart."""
    from vsumm.decode import read_frames
    from vsumm.media import probe as probe_film

    info = probe_film(film)
    times = [second + 0.5 for second in range(0, int(info.duration_seconds), 2)]
    with read_frames(info, times) as found:
        return list(islice(found, NUM_FRAMES))


def seconds_per_call(call: Callable[[], object]) -> float:
    """Return the median duration of calls that together last long enough."""
    durations: list[float] = []
    while sum(durations) < SHORTEST_MEASUREMENT_SECONDS or len(durations) < 3:
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return sorted(durations)[len(durations) // 2]


def choose(summary_path: str, index: str) -> Report:
    """Open an index of music and choose a track for the reel of a summary."""
    from vsumm.soundtrack import choose_soundtrack, open_library
    from vsumm.summary import Summary
    from vsumm.workers import prepare_server

    summary = Summary.from_json(Path(summary_path).read_text(encoding="utf-8"))
    prepare_server("vsumm.decode.probe")  # as whoever summarises a film has done
    time.sleep(1)
    begin, cpu_begin = time.perf_counter(), time.process_time()
    library = open_library(Path(index), summary.model)
    choice = choose_soundtrack(summary, library.index)
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu_begin
    return {"value": seconds, "cpu": cpu_seconds, "found": str(choice.best[0].file)}


TASKS: dict[str, Callable[..., Report]] = {
    "probe": probe,
    "frames": frames,
    "sound": sound,
    "image": image,
    "image-tower": image_tower,
    "music": music,
    "knapsack": knapsack,
    "reel": reel,
    "choose": choose,
    "reel-sound": reel_sound,
}
"""Every task by its name."""


def task_command(name: str, *arguments: str | Path) -> list[str]:
    """Return the command that runs a task."""
    return [sys.executable, "-m", "eval.speed.tasks", name, *map(str, arguments)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])) + "\n")
