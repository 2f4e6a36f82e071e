"""Make a film with calm and intense passages, and summarise it.

    calm      a lake under a pale morning sky that hardly moves; a soft chord
    intense   fire that flares up on every beat; drums and a distorted bass

Everything is computed: nothing is downloaded, and the same numbers come out every time.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from vsumm.batch import Job, JobResult, summarize_file
from vsumm.errors import OutputError
from vsumm.files import atomic_output
from vsumm.media import Segment
from vsumm.progress import StageClock, Watch, watching

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

DURATION_SECONDS = 60
INTENSE_PASSAGES = (Segment(14, 22), Segment(36, 46))
"""Where the fire burns; the rest is calm."""
FRAME_RATE = 24
WIDTH, HEIGHT = 384, 216
SAMPLE_RATE = 44_100
BEAT_SECONDS = 60 / 150
CHORD_HZ = (110.0, 164.81, 220.0, 277.18)
BASS_HZ = 55.0
CALM_LEVEL, INTENSE_LEVEL = 0.06, 0.35
FADE_SECONDS = 0.5
SEED = 0


def run_demo(folder: Path | None = None, *, progress: bool | Watch = False) -> JobResult:
    """Make the sample film in a new folder and summarise it there with the default settings.

    Args:
        folder: where to; `vsumm-demo` in the working directory, or with the first free number, if
            left out.
        progress: whether to show bars on stderr, or a function that is told how far it is.

    Raises:
        OutputError: the folder exists already or cannot be made.
    """
    folder = folder or _free_folder(Path("vsumm-demo"))
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{folder}: cannot make this folder: {reason}") from error
    sample = folder / "sample.mp4"
    with watching(progress) as watch:
        StageClock(watch, sample, "loading")  # it has to be made first
        make_sample_film(sample)
        return summarize_file(Job(sample), progress=watch)


def make_sample_film(path: Path) -> None:
    """Write the sample film: H.264 and AAC in the container of the extension.

    Raises:
        OutputError: the file exists already or cannot be written.
    """
    with atomic_output(path) as partial, av.open(str(partial), "w") as container:
        video = container.add_stream("libx264", rate=FRAME_RATE, options={"preset": "veryfast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        sound = _sound()
        samples_per_frame = SAMPLE_RATE // FRAME_RATE
        for number, pixels in enumerate(_pictures()):
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            container.mux(video.encode(picture))
            start = number * samples_per_frame
            stop = (
                None if number == DURATION_SECONDS * FRAME_RATE - 1 else start + samples_per_frame
            )
            block = av.AudioFrame.from_ndarray(sound[None, start:stop], "fltp", "mono")
            block.sample_rate, block.pts = SAMPLE_RATE, start
            block.time_base = Fraction(1, SAMPLE_RATE)
            container.mux(audio.encode(block))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def _free_folder(wanted: Path) -> Path:
    names = (wanted if k == 1 else wanted.with_name(f"{wanted.name}-{k}") for k in count(1))
    return next(name for name in names if not name.exists())


def _is_intense(seconds: float) -> bool:
    return any(p.start_seconds <= seconds < p.end_seconds for p in INTENSE_PASSAGES)


def _pictures() -> Iterator[Pixels]:
    """Yield every frame of the film, (HEIGHT, WIDTH, 3)."""
    clouds = _clouds(np.random.default_rng(SEED))
    for number in range(DURATION_SECONDS * FRAME_RATE):
        seconds = number / FRAME_RATE
        yield _fire(clouds, seconds) if _is_intense(seconds) else _lake(clouds, seconds)


def _clouds(rng: np.random.Generator) -> Floats:
    """Return soft noise in [0, 1], (2 * HEIGHT, 2 * WIDTH), that repeats at its borders."""
    rows = np.fft.fftfreq(2 * HEIGHT)[:, None] * 2 * HEIGHT
    columns = np.fft.fftfreq(2 * WIDTH)[None, :] * 2 * WIDTH
    spectrum = 1 / np.maximum(1.0, np.hypot(rows, columns)) ** 1.6
    noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((2 * HEIGHT, 2 * WIDTH))) * spectrum).real
    soft: Floats = ((noise - noise.min()) / np.ptp(noise)).astype(np.float32)
    return soft


def _lake(clouds: Floats, seconds: float) -> Pixels:
    """Draw a pale sky with slow clouds, a hill, and water that mirrors them."""
    horizon = int(HEIGHT * 0.55)
    depth = np.linspace(0, 1, horizon, dtype=np.float32)[:, None, None]
    sky = (1 - depth) * np.array([150, 185, 215]) + depth * np.array([240, 222, 200])
    drift = np.roll(clouds, int(3 * seconds), axis=1)[:horizon, :WIDTH, None]
    sky = sky + 40 * (drift - 0.5)
    x = np.arange(WIDTH)
    hill = horizon - 14 - 10 * np.sin(x / 55) - 5 * np.sin(x / 21 + 1)
    is_hill = np.arange(horizon)[:, None] >= hill[None, :]
    sky[is_hill] = [96, 122, 112]
    ripples = 3 * np.sin(np.arange(HEIGHT - horizon)[:, None] / 2.5 + 0.8 * seconds + x / 90)
    water = 0.82 * sky[::-1][: HEIGHT - horizon] + ripples[..., None]
    pixels: Pixels = np.clip(np.concatenate([sky, water]), 0, 255).astype(np.uint8)
    return pixels


def _fire(clouds: Floats, seconds: float) -> Pixels:
    """Draw flames that rise fast and flare up on every beat."""
    beat = 1 - (seconds % BEAT_SECONDS) / BEAT_SECONDS
    rising = [
        np.roll(clouds, (-int(speed * seconds), int(30 * np.sin(speed * seconds / 40))), (0, 1))
        for speed in (260, 410)
    ]
    height = np.linspace(-0.35, 0.55, HEIGHT, dtype=np.float32)[:, None]
    heat = rising[0][:HEIGHT, :WIDTH] + rising[1][HEIGHT:, WIDTH:] - 0.75 + height + 0.35 * beat
    heat = np.clip(3 * heat, 0, 3)[..., None]
    colours = np.clip(heat - np.array([0.0, 0.8, 1.9]), 0, 1)
    pixels: Pixels = (255 * colours).astype(np.uint8)
    return pixels


def _sound() -> Floats:
    """Return the whole sound, mono, (num_samples,) in [-1, 1]."""
    t = np.arange(DURATION_SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    rng = np.random.default_rng(SEED)
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in CHORD_HZ) / len(CHORD_HZ)
    chord = chord * (0.8 + 0.2 * np.sin(2 * np.pi * t / 6))
    in_beat = t % BEAT_SECONDS
    drum = np.sin(2 * np.pi * 60 * in_beat) * np.exp(-in_beat / 0.08)
    snare = rng.standard_normal(len(t)) * np.exp(-((t + BEAT_SECONDS / 2) % BEAT_SECONDS) / 0.05)
    bass = np.tanh(4 * (2 * ((BASS_HZ * t) % 1) - 1) * (1 + np.sin(2 * np.pi * 4 * t / 3)))
    intensity = np.zeros(len(t))
    for passage in INTENSE_PASSAGES:
        inside = np.minimum(t - passage.start_seconds, passage.end_seconds - t)
        intensity = np.maximum(intensity, np.clip(inside / FADE_SECONDS + 0.5, 0, 1))
    loud = INTENSE_LEVEL * (drum + 0.5 * snare + 0.8 * bass)
    mixed = (1 - intensity) * CALM_LEVEL * chord + intensity * loud
    sound: Floats = np.clip(mixed, -1, 1).astype(np.float32)
    return sound
