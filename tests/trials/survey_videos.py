"""Summarise every file of a folder as a user would, and see what became of picture and sound.

    python tests/trials/survey_videos.py FOLDER --keep REELS --budget 60%

Each file is given to `vsumm summarize` in a process of its own with a time limit, then its reel is
read and compared with the film. One line per file:

    outcome   reel, refused (one line, status 1, nothing left behind), or FAILED and why
    film      length of the presentation, seconds
    lost      seconds of picture and of sound that the summary says could not be read
    decoder   who decoded the picture
    frames    length of the reel's picture minus that of the selection, in frames of the reel
    sound     length of the reel's sound minus that of the selection, milliseconds
    picture@  how much later than it should the reel shows what the film shows, milliseconds: the
              largest over the runs, compared on small pictures; "-" where the film does not move
    sound@    the same for the sound, by cross-correlation; "-" where it is silent or repeats
    flash@    how much later than its beep a flash is in the reel, milliseconds: the largest; "-"
              for films without, see `make_odd_films.py`
    time      of the command, seconds

What FOLDER/expected.json says of a file must be so. The script ends with status 1 if anything
failed, or is off by more than a frame or 20 ms, a flash from its beep by both together; of a
damaged film a quarter of the comparisons may be. Without such a file flashes are shown, not judged:
real films flash as they like.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from vsumm import Summary
from vsumm.decode import read_audio, read_frames
from vsumm.decode.sound import channels_of
from vsumm.errors import VsummError
from vsumm.media.info import MediaInfo, probe
from vsumm.media.segments import Segment

LIMIT_SECONDS = 300
"""Longest time that a command may take."""

MAX_SOUND_SECONDS = 0.020
"""Largest offset of the sound that is right, seconds."""

SEARCH_SECONDS = 0.25
"""How far the reel is searched for what it shows or plays elsewhere."""

SOUND_RATE = 8000
"""Samples per second at which sounds are compared."""

SMALL_SIDE = 24
"""Short side of the pictures that are compared."""

MIN_CONTRAST = 1.5
"""How much worse than the best place a place SEARCH_SECONDS away must be, or nothing is known."""

MAX_LENGTH_ERROR_SECONDS = 0.15
"""How far the length of a film may be off: codecs pad, and some containers round."""

MAX_PAIR_SECONDS = 0.6
"""A flash and a beep this far apart belong together."""

MIN_FLASH = 185
"""Brightness from which on half a picture is a flash."""

MIN_BEEP = 0.25
"""Amplitude from which on sound is a beep."""

MAX_RUNS = 6
"""Runs that are compared, evenly chosen."""


@dataclass
class Row:
    """What became of one file."""

    name: str
    outcome: str
    seconds: float
    film: str = ""
    lost: str = ""
    decoder: str = ""
    frames: str = ""
    sound: str = ""
    picture_at: str = ""
    sound_at: str = ""
    flash_at: str = ""
    is_wrong: bool = False

    def cells(self) -> list[str]:
        """Return what the table shows."""
        return [
            self.name, self.outcome, self.film, self.lost, self.decoder, self.frames, self.sound,
            self.picture_at, self.sound_at, self.flash_at, f"{self.seconds:.1f}",
        ]  # fmt: skip


HEADS = (
    "file", "outcome", "film", "lost", "decoder", "frames", "sound", "picture@", "sound@",
    "flash@", "time",
)  # fmt: skip


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", type=Path, help="folder that the reels are left in")
    parser.add_argument("--budget", default="15%", help="length of the reels")
    parser.add_argument("--only", default="*", help="pattern of the names")
    arguments = parser.parse_args()
    paths = sorted(path for path in arguments.folder.rglob(arguments.only) if is_medium(path))
    notes = arguments.folder / "expected.json"
    expected = json.loads(notes.read_text()) if notes.exists() else {}
    unknown = {} if notes.exists() else {"flash_at": None}
    num_wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        reels = arguments.keep or Path(folder)
        reels.mkdir(parents=True, exist_ok=True)
        print(line(*HEADS))
        for number, path in enumerate(paths):
            name = str(path.relative_to(arguments.folder))
            row = survey(
                path, name, reels / str(number), arguments.budget, expected.get(name, unknown)
            )
            num_wrong += row.is_wrong
            print(line(*row.cells()), "  WRONG" * row.is_wrong, flush=True)
    print(f"{len(paths)} files, {num_wrong} wrong")
    return 1 if num_wrong else 0


def is_medium(path: Path) -> bool:
    """Whether a file is to be surveyed: not the notes beside the films."""
    return path.is_file() and path.suffix not in (".json", ".tsv", ".md")


def line(*cells: str) -> str:
    """Return one line of the table."""
    widths = (38, 8, 8, 11, 11, 7, 7, 9, 7, 7, 6)
    first, *others = zip(cells, widths, strict=True)
    name = ascii(first[0])[1:-1]
    return " ".join([f"{name[:38]:<{first[1]}}", *(f"{cell:>{w}}" for cell, w in others)])


def survey(path: Path, name: str, output: Path, budget: str, expected: dict[str, Any]) -> Row:
    """Summarise one file and compare."""
    output.mkdir(exist_ok=True)
    command = [
        sys.executable,
        "-c",
        "import sys; from vsumm.cli.program import main; sys.exit(main())",
    ]
    command += ["summarize", "-o", f"{output}/", "--no-cache", "--quiet", "--force"]
    command += ["--budget", budget, "--", str(path)]
    start_seconds = time.monotonic()
    try:
        result = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=LIMIT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return Row(name, f"FAILED: over {LIMIT_SECONDS} s", LIMIT_SECONDS, is_wrong=True)
    row = Row(name, "reel", time.monotonic() - start_seconds)
    left = sorted(file for file in output.iterdir())
    if result.returncode:
        lines = result.stderr.strip().splitlines()
        is_clean = result.returncode == 1 and len(lines) == 1 and not left
        row.outcome = "refused" if is_clean else "FAILED"
        row.is_wrong = not is_clean or "seconds" in expected
        print(f"  {lines[-1] if lines else result.returncode}")
        return row
    (reel,) = (file for file in left if file.suffix != ".json")
    summary = Summary.from_json(reel.with_suffix(".json").read_text())
    for text in result.stderr.splitlines():
        print(f"  {text}")
    compare(summary, reel, row, expected)
    length = expected.get("seconds", summary.media.duration_seconds)
    row.is_wrong |= abs(summary.media.duration_seconds - length) > MAX_LENGTH_ERROR_SECONDS
    reports = (summary.image_report, summary.music_report)
    is_lossy = any(report and report.unreadable_seconds for report in reports)
    says_loss = bool(summary.media.problems) or is_lossy
    row.is_wrong |= "refused" in expected or ("damaged" in expected and not says_loss)
    return row


def compare(summary: Summary, reel: Path, row: Row, expected: dict[str, Any]) -> None:
    """Fill in what the reel shows of the film, and when."""
    lost = [report.unreadable_seconds if report else 0.0
            for report in (summary.image_report, summary.music_report)]  # fmt: skip
    is_spoilt = any(lost) or "spoilt" in expected
    row.film = f"{summary.media.duration_seconds:.2f}"
    row.lost = " ".join(f"{seconds:.1f}" for seconds in lost)
    row.decoder = summary.image_report.decoder if summary.image_report else "-"
    picture_seconds, sound_seconds, frame_rate, block_seconds = lengths(reel)
    wanted = summary.selected_seconds
    if picture_seconds is not None:
        error = (picture_seconds - wanted) * frame_rate
        row.frames = f"{error:+.2f}"
        row.is_wrong |= abs(error) > 1
    if sound_seconds is not None:
        row.sound = f"{(sound_seconds - wanted) * 1000:+.0f}"
        row.is_wrong |= abs(sound_seconds - wanted) > 1 / frame_rate + block_seconds
    info = probe(reel)
    pairs = reel_places(summary.runs)
    if info.video and summary.media.video:
        late = [picture_offset(summary.media, info, run, at, 1 / frame_rate) for run, at in pairs]
        row.picture_at = shown(late)
        row.is_wrong |= is_off(late, 1.01 / frame_rate, is_spoilt=is_spoilt)
    if info.audio and summary.media.audio:
        late = sound_offsets(summary.media, info, pairs)
        row.sound_at = shown(late)
        row.is_wrong |= is_off(late, MAX_SOUND_SECONDS, is_spoilt=is_spoilt)
    flashes = flash_offsets(reel)
    row.flash_at = shown(flashes)
    meant = expected.get("flash_at", 0.0)
    errors = [] if meant is None else [late - meant for late in flashes]
    row.is_wrong |= is_off(errors, 1 / frame_rate + MAX_SOUND_SECONDS, is_spoilt=is_spoilt)


def is_off(late: Sequence[float | None], limit_seconds: float, *, is_spoilt: bool) -> bool:
    """Whether offsets are too large: any, or of a damaged film more than what damage can spoil.

    Behind damage, frames refer to others that are lost and show something else.
    """
    num_off = sum(abs(one) > limit_seconds for one in late if one is not None)
    return num_off > (max(1, len(late) // 4) if is_spoilt else 0)


def reel_places(runs: list[Segment]) -> list[tuple[Segment, float]]:
    """Return some runs, each with the time at which it begins in the reel."""
    places, at = [], 0.0
    for run in runs:
        places.append((run, at))
        at += run.duration_seconds
    return places[:: max(1, -(-len(places) // MAX_RUNS))]


def lengths(reel: Path) -> tuple[float | None, float | None, float, float]:
    """Return seconds of picture and sound by their frames, frames/s, and the longest sound frame.

    The last frame of a sound may be filled up with silence that players leave out.
    """
    ends: dict[str, float] = {}
    rate, block = 25.0, MAX_SOUND_SECONDS
    with av.open(str(reel)) as container:
        for stream in (*container.streams.video, *container.streams.audio):
            for frame in container.decode(stream):
                if stream.type == "video":
                    rate = float(stream.average_rate or rate)
                    length = float((frame.duration or 0) * stream.time_base) or 1 / rate
                else:
                    length = frame.samples / frame.sample_rate
                    block = max(block, length)
                ends[stream.type] = frame.time + length
            container.seek(0)
    return ends.get("video"), ends.get("audio"), rate, block


def picture_offset(
    film: MediaInfo, reel: MediaInfo, run: Segment, at: float, step: float
) -> float | None:
    """Compare a picture from the middle of a run with the film around it."""
    middle = run.duration_seconds / 2
    with read_frames(reel, [at + middle], short_side=SMALL_SIDE) as frames:
        shown_frame = next(iter(frames))
    expected = run.start_seconds + shown_frame.time_seconds - at
    times = np.clip(expected + np.arange(-4, 5) * step, 0, film.duration_seconds - 1e-3)
    try:
        with read_frames(film, times.tolist(), short_side=SMALL_SIDE) as frames:
            found = list(frames)
    except VsummError:
        return None
    if len(found) < len(times):
        return None
    errors = np.array([difference(frame.pixels, shown_frame.pixels) for frame in found])
    best = errors.min()
    if min(errors[0], errors[-1]) < MIN_CONTRAST * best + 0.5:
        return None
    # Repeated pictures are equal: of equally good places the nearest one.
    late = np.array([expected - frame.time_seconds for frame in found])
    good = late[errors <= best * 1.02 + 0.05]
    return float(good[np.abs(good).argmin()])


def difference(pixels: np.ndarray, wanted: np.ndarray) -> float:
    """Return the mean difference of two pictures whose sizes differ by a line at most."""
    height, width = (min(a, b) for a, b in zip(pixels.shape[:2], wanted.shape[:2], strict=True))
    signed = pixels[:height, :width].astype(float) - wanted[:height, :width]
    return float(np.abs(signed).mean())


def sound_offsets(
    film: MediaInfo, reel: MediaInfo, pairs: list[tuple[Segment, float]]
) -> list[float | None]:
    """Compare the sound of some runs with the film's around it."""
    try:
        original, cut = (samples_of(info) for info in (film, reel))
    except VsummError:
        return []
    return [sound_offset(original, cut, run, at) for run, at in pairs]


def sound_offset(original: np.ndarray, cut: np.ndarray, run: Segment, at: float) -> float | None:
    margin = int(SEARCH_SECONDS * SOUND_RATE)
    begin = int(at * SOUND_RATE)
    piece = cut[begin : begin + int(min(run.duration_seconds, 8.0) * SOUND_RATE)]
    place = int(run.start_seconds * SOUND_RATE)
    around = np.pad(original, margin)[place : place + len(piece) + 2 * margin]
    if len(piece) < 800 or len(around) < len(piece) + 2 * margin or np.abs(piece).max() < 1e-3:
        return None
    scores = np.correlate(around, piece, "valid")
    norms = np.sqrt(np.convolve(around**2, np.ones(len(piece)), "valid")) + 1e-6
    scores = scores / norms / np.sqrt((piece**2).sum())
    best = int(scores.argmax())
    far = np.abs(np.arange(len(scores)) - best) > 0.5 * MAX_SOUND_SECONDS * SOUND_RATE
    if scores[best] < 0.7 or scores[far].max() > 0.95 * scores[best]:
        return None  # a tone fits anywhere
    return (margin - best) / SOUND_RATE


def flash_offsets(reel: Path) -> list[float]:
    """Return how much later than its beep each flash comes, seconds; read with FFmpeg alone."""
    flashes, beeps = [], []
    with av.open(str(reel)) as container:
        for frame in container.decode(video=0) if container.streams.video else ():
            grey = frame.to_ndarray(width=32, height=32, format="gray")
            halves = grey[17:], grey[:15], grey[:, 17:], grey[:, :15]  # turned any way
            if max(half.mean() for half in halves) > MIN_FLASH:
                flashes.append(frame.time)
        container.seek(0)
        for frame in container.decode(audio=0) if container.streams.audio else ():
            loudness = np.abs(channels_of(frame)).max(axis=0)  # AAC is float
            beeps += (frame.time + np.flatnonzero(loudness > MIN_BEEP) / frame.sample_rate).tolist()
    nearest = [
        min((flash - beep for flash in onsets(flashes)), key=abs, default=np.inf)
        for beep in onsets(beeps)
    ]
    return [late for late in nearest if abs(late) < MAX_PAIR_SECONDS]


def onsets(times: list[float]) -> list[float]:
    """Return the times that come after a pause."""
    gaps = np.diff(times, prepend=-np.inf) > MAX_PAIR_SECONDS / 2
    return np.array(times)[gaps].tolist()


def samples_of(info: MediaInfo) -> np.ndarray:
    """Return the first track, mono."""
    with read_audio(info, sample_rate=SOUND_RATE) as blocks:
        return np.concatenate([block.samples for block in blocks])


def shown(offsets: Sequence[float | None]) -> str:
    """Return the largest offset in milliseconds."""
    known = [offset for offset in offsets if offset is not None]
    return f"{max(known, key=abs) * 1000:+.0f}" if known else "-"


if __name__ == "__main__":
    sys.exit(main())
