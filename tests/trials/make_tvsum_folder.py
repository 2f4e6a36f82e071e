"""Make a folder of small videos that stand in for TVSum: true ids, lengths and frame rates.

    python tests/trials/make_tvsum_folder.py ydata-tvsum50.mat OUT [--limit N]

Every 2-second clip is one still picture of coloured blocks with one tone, drawn from the video's
name: enough to run an evaluation from end to end, not enough to learn anything from its figures.
The annotation is linked into the folder, beside the videos.
"""

import argparse
import sys
import zlib
from pathlib import Path

import av
import numpy as np

from eval.datasets.tvsum import MAT_NAME, load_tvsum

HEIGHT, WIDTH, BLOCK = 36, 64, 4
SAMPLE_RATE = 16_000
SUFFIXES = (".mp4", ".mkv", ".mov")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("annotation", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, help="make only the N shortest videos")
    args = parser.parse_args(argv)
    make_folder(args.annotation, args.folder, limit=args.limit)


def make_folder(annotation, folder, *, limit=None):
    """Write the videos (those already there are kept) and link the annotation."""
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / MAT_NAME
    if not link.exists():
        link.symlink_to(annotation.resolve())
    videos = sorted(load_tvsum(annotation).videos, key=lambda v: v.num_frames)[:limit]
    for number, video in enumerate(videos):
        path = folder / f"{video.video_id}{SUFFIXES[number % len(SUFFIXES)]}"
        if not path.exists():
            write_video(path, video)


def write_video(path, video):
    """Write one video under a hidden name and rename it when it is complete."""
    partial = path.with_name(f".partial{path.suffix}")
    rng = np.random.default_rng(zlib.crc32(video.video_id.encode()))
    lengths = np.diff(video.clip_borders).tolist()
    with av.open(str(partial), "w") as container:
        picture = container.add_stream("libx264", rate=video.frame_rate)
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        picture.options = {"preset": "ultrafast", "crf": "30", "g": "60"}
        sound = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        num_frames = num_samples = 0
        for length in lengths:
            num_frames += length
            mux_still(container, picture, draw_blocks(rng), num_frames - length, length)
            end = int(num_frames / video.frame_rate * SAMPLE_RATE)
            mux_tone(container, sound, rng, num_samples, end)
            num_samples = end
        for stream in (picture, sound):
            container.mux(stream.encode(None))
    partial.rename(path)


def draw_blocks(rng):
    colours = rng.integers(0, 256, (HEIGHT // BLOCK, WIDTH // BLOCK, 3), dtype=np.uint8)
    return colours.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)


def mux_still(container, stream, pixels, start, length):
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
    for number in range(start, start + length):
        frame.pts, frame.time_base = number, 1 / stream.codec_context.framerate
        container.mux(stream.encode(frame))


def mux_tone(container, stream, rng, start, end):
    times = np.arange(start, end) / SAMPLE_RATE
    wave = rng.uniform(0.05, 0.5) * np.sin(2 * np.pi * rng.uniform(100, 1000) * times)
    frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts = SAMPLE_RATE, start
    container.mux(stream.encode(frame))


if __name__ == "__main__":
    sys.exit(main())
