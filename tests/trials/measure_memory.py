"""Measure the memory of `vsumm summarize` on a long film against a short one of the same kind.

    python tests/trials/measure_memory.py --hours 10 --kinds mp4 mkv fragmented ts

A film of one minute is made and repeated by stream copy to 10 minutes and to the hours asked for.
What counts is the sum of the proportional set sizes (PSS) of the command and all its children,
looked at every LOOK_SECONDS: what the user's machine has to hold at the same time, shared pages
counted once, model and libraries included. Linux only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from films import make_film

LOOK_SECONDS = 0.05
"""Distance of two looks at the processes."""

SHORT_MINUTES = 10
"""Length of the film that the long one is compared with."""

KINDS = {
    "mp4": (".mp4", ()),
    "fragmented": (".mp4", ("-movflags", "frag_keyframe+empty_moov")),
    "no-index": (".mp4", ("-movflags", "frag_keyframe+empty_moov+skip_trailer")),
    "mkv": (".mkv", ()),
    "ts": (".ts", ()),
}
"""Extension and options of the muxer by kind of film."""


@dataclass
class Peak:
    """The most that a command and its children took, in bytes."""

    total: int = 0
    """Sum over all processes."""
    by_process: list[int] = field(default_factory=list)
    """Its parts at that time; the command itself comes first."""
    seconds: float = 0.0
    """How long the command took."""


def main() -> int:
    """Print one line per film, and the ratio of the long one to the short one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["mp4"])
    parser.add_argument(
        "--limit", type=float, metavar="SECONDS",
        help="stop each run after so long; what FFmpeg keeps of an MP4 film is in memory by then",
    )  # fmt: skip
    parser.add_argument("--rate", type=int, default=25, help="frames per second")
    parser.add_argument("options", nargs="*", help="of vsumm summarize, after --")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        piece = make_film(
            folder / "piece.mp4", seconds=60, size=(160, 90), frame_rate=arguments.rate,
            flashes=[25], beeps=[25],
        )  # fmt: skip
        for kind in arguments.kinds:
            peaks = []
            for minutes in (SHORT_MINUTES, round(arguments.hours * 60)):
                film = repeat(piece, minutes, kind)
                peaks.append(peak_of_summary(film, arguments.options, arguments.limit))
                film.unlink()
                print(f"{kind:10} {minutes:5} min  {describe(peaks[-1])}", flush=True)
            print(f"{kind:10} ratio {peaks[1].total / peaks[0].total:.2f}", flush=True)
    return 0


def repeat(piece: Path, minutes: int, kind: str) -> Path:
    """Repeat a film of one minute by stream copy."""
    suffix, options = KINDS[kind]
    film = piece.with_name(f"film{suffix}")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
    command += ["-stream_loop", str(minutes - 1), "-i", str(piece), "-c", "copy", *options]
    subprocess.run([*command, str(film)], check=True)
    return film


def peak_of_summary(film: Path, options: list[str], limit_seconds: float | None = None) -> Peak:
    """Summarise a film, reel and all, or for some time, and watch it."""
    command = [
        sys.executable,
        "-c",
        "import sys; from vsumm.cli.program import main; sys.exit(main())",
    ]
    command += ["summarize", str(film), "--force", "--no-cache", "--quiet", *options]
    start_seconds = time.monotonic()
    process = subprocess.Popen(command)
    peak = Peak()
    is_over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, is_over))
    watcher.start()
    try:
        code = process.wait(limit_seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()
        code = 0
    is_over.set()
    watcher.join()
    if code != 0:
        raise SystemExit(f"vsumm failed with {code}")
    peak.seconds = time.monotonic() - start_seconds
    return peak


def describe(peak: Peak) -> str:
    """Return one line of megabytes."""
    first, *others = (size / 1e6 for size in peak.by_process)
    parts = " + ".join(f"{size:.0f}" for size in sorted(others, reverse=True))
    return f"{peak.total / 1e6:5.0f} MB = {first:.0f} + ({parts})  in {peak.seconds:.0f} s"


def _watch(process_id: int, peak: Peak, is_over: threading.Event) -> None:
    while not is_over.wait(LOOK_SECONDS):
        sizes = [_proportional_size(one) for one in family(process_id)]
        if sum(sizes) > peak.total:
            peak.total, peak.by_process = sum(sizes), sizes


def family(process_id: int) -> list[int]:
    """Return a process and all its descendants."""
    family = [process_id]
    for member in family:
        for tasks in Path(f"/proc/{member}/task").glob("*/children"):
            try:
                family += map(int, tasks.read_text().split())
            except OSError:
                continue  # it ended
    return family


def _proportional_size(process_id: int) -> int:
    try:
        text = Path(f"/proc/{process_id}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))


if __name__ == "__main__":
    sys.exit(main())
