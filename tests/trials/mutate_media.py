"""Feed damaged films to probe and decode, and see that nothing but clear errors comes out.

    python tests/trials/mutate_media.py --count 2000 --seed 0

Small films of several containers are made, damaged at random (bytes, blocks, header fields, cuts,
insertions) and read whole: picture every half second, all sound. Every case ends as one of

    whole     everything was read
    partly    something was read, the rest was counted as lost
    refused   one clear InputError
    FAILED    anything else: another exception here or in the decoding process, or more than
              LIMIT_SECONDS

The script ends with status 1 if any case failed; `--keep FOLDER` keeps the files of those.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from films import make_film

from vsumm.decode import read_audio, read_frames
from vsumm.errors import InputError
from vsumm.media.info import probe
from vsumm.workers import client as worker_client

LIMIT_SECONDS = 60.0
"""Longest time a case may take: several decoders may have to be given up."""

SLOW_SECONDS = 5.0
"""Cases that take longer are named."""

STALL_SECONDS = 5.0
"""How long a decoder may be silent here; users wait longer."""

VALUES = (b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x01")
"""What counters and sizes in headers are replaced by."""

FILMS = {
    "h264.mp4": {},
    "fragmented.mp4": {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
    "faststart.mov": {"container_options": {"movflags": "faststart"}},
    "h264.mkv": {"num_audio_tracks": 2},
    "h264.ts": {"start_offset_seconds": 100.0},
    "h264.flv": {},
    "vp9.webm": {"sample_rate": 48000},
    "mpeg4.avi": {},
    "hevc.mp4": {"codec": "libx265"},
    "av1.mkv": {"codec": "libsvtav1"},
    "mjpeg.mov": {"codec": "mjpeg", "audio_codec": "pcm_s16le", "pixel_format": "yuvj420p"},
    "anim.gif": {"seconds": 1},
    "rotated.mp4": {"rotation": 90},
    "sound.m4a": {},
    "sound.mp3": {},
    "sound.wav": {},
}


def main() -> int:
    """Run the cases and print the outcomes by film."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    worker_client.STALL_SECONDS = STALL_SECONDS
    outcomes: Counter[tuple[str, str]] = Counter()
    slowest = 0.0
    lost_workers = 0
    with tempfile.TemporaryDirectory() as folder:
        originals = make_originals(Path(folder))
        for case in range(arguments.count):
            name = list(originals)[case % len(originals)]
            path = Path(folder) / f"case{Path(name).suffix}"
            path.write_bytes(damage(originals[name], random.Random(f"{arguments.seed}/{case}")))
            start = time.monotonic()
            outcome, detail = read_everything(path)
            seconds = time.monotonic() - start
            slowest = max(slowest, seconds)
            if seconds > SLOW_SECONDS:
                print(f"case {case} ({name}) took {seconds:.1f} s: {detail}", file=sys.stderr)
            lost_workers += "worker process" in detail
            if seconds > LIMIT_SECONDS:
                outcome = "FAILED"
            if outcome == "FAILED":
                print(f"case {case} ({name}) failed: {detail}", file=sys.stderr)
            if arguments.keep and (outcome == "FAILED" or seconds > SLOW_SECONDS):
                shutil.copy(path, arguments.keep / f"{case}-{name}")
            outcomes[name, outcome] += 1
    for name in originals:
        print(f"{name:16}", {o: n for (f, o), n in sorted(outcomes.items()) if f == name})
    total = Counter[str]()
    for (_, outcome), number in outcomes.items():
        total[outcome] += number
    print(f"all: {dict(total)}; slowest {slowest:.1f} s; crashed or hung decoders {lost_workers}")
    return 1 if total["FAILED"] else 0


def make_originals(folder: Path) -> dict[str, bytes]:
    """The undamaged films by name."""
    shape = {"seconds": 3, "size": (96, 64), "gop_seconds": 1.0}
    return {
        name: make_film(folder / name, **(shape | options)).read_bytes()
        for name, options in FILMS.items()
    }


def damage(data: bytes, generator: random.Random) -> bytes:
    """Damage a file in one to four ways."""
    damaged = bytearray(data)
    for _ in range(generator.randint(1, 4)):
        way = generator.choice((_flip, _flip, _flip_header, _set_header, _noise, _cut, _move))
        way(damaged, generator)
    return bytes(damaged)


def read_everything(path: Path) -> tuple[str, str]:
    """Read a film as a summary would; return the outcome and a detail."""
    lost: list[str] = []
    try:
        info = probe(path)
        if info.video is not None:
            times = [step / 2 for step in range(min(40, int(info.duration_seconds * 2) + 1))]
            with read_frames(info, times) as frames:
                for _ in frames:
                    pass
            lost += frames.report.reasons
        for track in range(len(info.audio)):
            with read_audio(info, track=track) as blocks:
                for _ in blocks:
                    pass
            lost += blocks.report.reasons
    except InputError as error:
        is_clear = "\n" not in str(error) and "decoder failed" not in str(error)
        return ("refused" if is_clear else "FAILED"), str(error)
    except Exception:
        return "FAILED", traceback.format_exc()
    if any("decoder failed" in reason for reason in lost):
        return "FAILED", "; ".join(lost)
    return ("partly" if lost else "whole"), "; ".join(lost)


def _flip(data: bytearray, generator: random.Random) -> None:
    for _ in range(generator.choice((1, 3, 10, 100))):
        data[generator.randrange(len(data))] = generator.randrange(256)


def _flip_header(data: bytearray, generator: random.Random) -> None:
    # Headers lie at the beginning, and in MP4 usually at the end.
    length = min(len(data), 1024)
    begin = generator.choice((0, len(data) - length))
    for _ in range(generator.choice((1, 2, 5, 20))):
        data[begin + generator.randrange(length)] = generator.randrange(256)


def _set_header(data: bytearray, generator: random.Random) -> None:
    length = min(len(data), 4096)
    begin = generator.choice((0, len(data) - length))
    for _ in range(generator.choice((1, 2, 5))):
        place = begin + generator.randrange(max(1, length - 4))
        data[place : place + 4] = generator.choice(VALUES)


def _noise(data: bytearray, generator: random.Random) -> None:
    length = generator.randrange(1, max(2, len(data) // 4))
    place = generator.randrange(len(data))
    length = min(length, len(data) - place)
    zeros = generator.random() < 0.5
    data[place : place + length] = bytes(length) if zeros else generator.randbytes(length)


def _cut(data: bytearray, generator: random.Random) -> None:
    del data[max(1, generator.randrange(len(data))) :]


def _move(data: bytearray, generator: random.Random) -> None:
    place, length = generator.randrange(len(data)), generator.choice((1, 7, 188, 4000))
    if generator.random() < 0.5 and len(data) > length + 1:
        del data[place : place + length]
    else:
        data[place:place] = data[:length]
    if not data:
        data += b"\x00"


if __name__ == "__main__":
    sys.exit(main())
