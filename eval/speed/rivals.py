"""What vsumm is compared with, each as a task of its own process: FFmpeg, moviepy, OpenCV, plain.

    python -m eval.speed.rivals NAME ARGUMENT...

Imports are inside the functions, as in `eval.speed.tasks`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from eval.speed.films import count_frames, ffmpeg_command
from eval.speed.tasks import Report, seconds_per_call, some_frames

PICTURE = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p")
SOUND = ("-c:a", "aac", "-b:a", "160k")
"""The settings of vsumm's own reels."""
NUM_AT_ONCE = 2
"""Processes that encode at the same time."""


def one_command(film: str, plan: str, target: str) -> Report:
    """Cut a reel by one FFmpeg: an input with a seek for each run, joined by the concat filter."""
    runs = json.loads(plan)
    streams = "".join(f"[{k}:v:0][{k}:a:0]" for k in range(len(runs)))
    graph = f"{streams}concat=n={len(runs)}:v=1:a=1[v][a]"
    outputs = ["-map", "[v]", "-map", "[a]", *PICTURE, *SOUND, target]
    _ffmpeg(*_inputs(film, runs), "-filter_complex", graph, *outputs)
    return {"frames": count_frames(target)}


def one_process_per_run(film: str, plan: str, target: str) -> Report:
    """Cut a reel run by run, two at a time, and join the pieces by copying; the sound in one go."""
    runs = json.loads(plan)
    with TemporaryDirectory() as name:
        folder = Path(name)
        pieces = [folder / f"{k}.mp4" for k in range(len(runs))]

        def cut(k: int) -> None:
            _ffmpeg(*_inputs(film, [runs[k]]), "-map", "0:v:0", "-an", *PICTURE, pieces[k])

        with ThreadPoolExecutor(NUM_AT_ONCE) as pool:
            list(pool.map(cut, range(len(runs))))
        listing, sound = folder / "pieces.txt", folder / "sound.m4a"
        listing.write_text("".join(f"file '{piece}'\n" for piece in pieces), encoding="utf-8")
        streams = "".join(f"[{k}:a:0]" for k in range(len(runs)))
        graph = f"{streams}concat=n={len(runs)}:v=0:a=1[a]"
        inputs = _inputs(film, runs, "-vn")
        _ffmpeg(*inputs, "-filter_complex", graph, "-map", "[a]", *SOUND, sound)
        joined: list[str | Path] = ["-f", "concat", "-safe", "0", "-i", listing, "-i", sound]
        _ffmpeg(*joined, "-map", "0:v", "-map", "1:a", "-c", "copy", target)
    return {"frames": count_frames(target)}


def moviepy_reel(film: str, plan: str, target: str) -> Report:
    """Cut a reel as moviepy's manual does it."""
    from moviepy import VideoFileClip, concatenate_videoclips

    with VideoFileClip(film) as clip:
        reel = concatenate_videoclips([clip.subclipped(*run) for run in json.loads(plan)])
        reel.write_videofile(
            target,
            codec="libx264",
            preset="veryfast",
            ffmpeg_params=["-crf", "20"],
            audio_codec="aac",
            logger=None,
        )
    return {"frames": count_frames(target)}


def opencv_frames(film: str) -> Report:
    """Sample one frame per second as OpenCV's users do: grab all, retrieve some, resize."""
    import cv2

    capture = cv2.VideoCapture(film)
    step = max(1, round(capture.get(cv2.CAP_PROP_FPS)))
    number = count = 0
    while capture.grab():
        if number % step == step // 2:
            _, pixels = capture.retrieve()
            scale = 256 / min(pixels.shape[:2])
            size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
            cv2.cvtColor(cv2.resize(pixels, size), cv2.COLOR_BGR2RGB)
            count += 1
        number += 1
    return {"frames": count}


def openvino_tower(film: str) -> Report:
    """Run the image tower by OpenVINO in fp32, in the batches that we use, preprocessing included.

    The report says how far the features are from ours at most, and how large those are.
    """
    import openvino
    import torch

    from mmva_core import MMVA
    from mmva_core.towers import CPU_BATCH_SIZE, ImageTower

    model, pictures = MMVA.from_pretrained("mmva-lite"), [f.pixels for f in some_frames(film)]
    tower = cast(ImageTower, model.tower("image"))
    converted = openvino.convert_model(tower, example_input=tower.preprocess(pictures[:1]))
    compiled = openvino.compile_model(converted, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def encode() -> torch.Tensor:
        batches = torch.split(tower.preprocess(pictures), CPU_BATCH_SIZE)
        return torch.cat([torch.from_numpy(compiled(batch.numpy())[0]) for batch in batches])

    ours = model.image_features(pictures)
    return {
        "largest_difference": float((encode() - ours).abs().max()),
        "largest_feature": float(ours.abs().max()),
        "value": len(pictures) / seconds_per_call(encode),
    }


def plain_analysis(film: str) -> Report:
    """Summarise without any of our shortcuts: decode everything, score one by one, in one process.

    The same towers on the same frames and windows.
    """
    import av
    import numpy as np

    from vsumm.config import SEGMENT_SECONDS, SummaryConfig
    from vsumm.score import SAMPLE_RATE, load_model

    model: Any = load_model(SummaryConfig())
    length = round(model.config.music_window_seconds * SAMPLE_RATE)
    with av.open(film) as container:
        next_seconds, count = 0.0, 0
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= next_seconds:
                pixels = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
                model.va_of_features("image", model.image_features([pixels]))
                next_seconds += SEGMENT_SECONDS
                count += 1
    with av.open(film) as container:
        resampler = av.AudioResampler("fltp", "mono", SAMPLE_RATE)
        parts = [
            block.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for block in resampler.resample(frame)
        ]
    samples = np.concatenate(parts)
    for start in range(0, len(samples) - length, round(SEGMENT_SECONDS * SAMPLE_RATE)):
        window = samples[None, start : start + length]
        model.va_of_features("music", model.music_features(window, SAMPLE_RATE))
    return {"frames": count}


def _inputs(film: str, runs: Sequence[Sequence[float]], *options: str) -> list[str]:
    return [
        argument
        for start, end in runs
        for argument in (*options, "-ss", f"{start:.6f}", "-t", f"{end - start:.6f}", "-i", film)
    ]


def _ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(ffmpeg_command(*arguments), check=True)


RIVALS: dict[str, Callable[..., Report]] = {
    "one-command": one_command,
    "one-process-per-run": one_process_per_run,
    "moviepy": moviepy_reel,
    "opencv": opencv_frames,
    "openvino": openvino_tower,
    "plain": plain_analysis,
}
"""Every task by its name."""


def rival_command(name: str, *arguments: str | Path) -> list[str]:
    """Return the command that runs a task."""
    return [sys.executable, "-m", "eval.speed.rivals", name, *map(str, arguments)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(RIVALS[sys.argv[1]](*sys.argv[2:])) + "\n")
