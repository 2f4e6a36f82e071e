"""Make the films that speed is measured on: once, from nothing but a seed.

They behave as film does where that decides the cost of decoding and scoring: cuts every few
seconds, a moving camera, things that move across it, grain, fades to black, B-frames; and sound
with chords, drums and rests. Letters in shapes: H, W a picture; T samples.
"""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsumm.errors import OutputError, VsummError

Plane = npt.NDArray[np.uint8]

FRAME_RATE = 24
SAMPLE_RATE = 48_000
RECIPE = 1
"""Part of the files' names: raised when the films change, so that old ones are made anew."""
GRAIN = 3.0
"""Standard deviation of the grain, of 255."""
SCENE_SECONDS = (2.0, 7.0)
"""Shortest and longest scene."""
SPRITE_SIDE = 0.25
"""Side of a moving thing as a share of the picture's height."""
NUM_TEXTURES = 8
NUM_GRAINS = 16
BEAT_SECONDS = 0.5
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p")
X265 = ("-c:v", "libx265", "-preset", "superfast", "-crf", "26", "-x265-params", "log-level=none")


@dataclass(frozen=True)
class FilmRecipe:
    """One film to make."""

    name: str
    """What it is, for tables."""
    seconds: int
    """Length."""
    size: tuple[int, int]
    """Width and height, pixels."""
    encoder: tuple[str, ...] = X264
    """Arguments that name the picture encoder and its settings."""
    seed: int = 0
    """Seed of everything random in it."""

    @property
    def file_name(self) -> str:
        """Name of the file, which tells all that it depends on."""
        return f"{self.name}-{self.seconds}s-r{RECIPE}.mp4"


def ffmpeg_command(*arguments: str | Path) -> list[str]:
    """Return a command line of the FFmpeg that imageio-ffmpeg brings.

    It is quiet, asks nothing and replaces what is there.

    Raises:
        VsummError: imageio-ffmpeg is not installed.
    """
    try:
        from imageio_ffmpeg import get_ffmpeg_exe
    except ModuleNotFoundError as error:
        raise VsummError(
            "the benchmark needs FFmpeg to compare with: pip install 'vsumm[speed]'"
        ) from error
    return [get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *map(str, arguments)]


def make_film(recipe: FilmRecipe, folder: Path) -> Path:
    """Return the film of a recipe, made if it is not in the folder.

    Raises:
        VsummError: FFmpeg is missing or failed, or the folder cannot be written.
    """
    path = folder / recipe.file_name
    if path.exists():
        return path
    sound = folder / f"{recipe.file_name}.wav"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_sound(sound, recipe.seconds, recipe.seed)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from error
    width, height = recipe.size
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}"]
    source = [*raw, "-r", str(FRAME_RATE), "-i", "-", "-i", str(sound)]
    command = [*source, *recipe.encoder, "-c:a", "aac", "-b:a", "128k", "-shortest"]
    _encode(command, path, pictures(recipe))
    sound.unlink()
    return path


def repeat_film(source: Path, times: int, path: Path) -> Path:
    """Return a film that shows another one `times` times, by copying packets; made if missing."""
    if not path.exists():
        _encode(["-stream_loop", str(times - 1), "-i", str(source), "-c", "copy"], path)
    return path


def join_sounds(sources: Sequence[Path], path: Path) -> Path:
    """Return recordings of one codec and rate one after the other, by copying packets."""
    listing = path.with_name(f".list-{path.stem}.txt")
    quoted = (str(source.resolve()).replace("'", "'\\''") for source in sources)
    listing.write_text("".join(f"file '{name}'\n" for name in quoted), encoding="utf-8")
    _encode(["-f", "concat", "-safe", "0", "-i", str(listing), "-c", "copy"], path)
    listing.unlink()
    return path


def cut_film(source: Path, seconds: float, path: Path, *, start_seconds: float = 0.0) -> Path:
    """Return some seconds of a film, by copying packets; made if missing."""
    if not path.exists():
        place = ["-ss", f"{start_seconds:g}", "-i", str(source), "-t", f"{seconds:g}"]
        _encode([*place, "-c", "copy"], path)
    return path


def pictures(recipe: FilmRecipe) -> Iterator[bytes]:
    """Yield the frames of a film, raw yuv420p."""
    rng = np.random.default_rng(recipe.seed)
    width, height = recipe.size
    textures = [_texture(rng, 2 * height, 2 * width) for _ in range(NUM_TEXTURES)]
    grains = [
        rng.normal(0, GRAIN, (height, width)).round().astype(np.int16) for _ in range(NUM_GRAINS)
    ]
    number = 0
    while number < recipe.seconds * FRAME_RATE:
        length = round(rng.uniform(*SCENE_SECONDS) * FRAME_RATE)
        scene = _Scene(rng, textures, recipe.size)
        for step in range(min(length, recipe.seconds * FRAME_RATE - number)):
            grain = grains[int(rng.integers(NUM_GRAINS))]
            yield scene.frame(step, step / length, grain)
        number += length


def write_sound(path: Path, seconds: int, seed: int) -> None:
    """Write stereo sound, 16 bits: chords that change, drums that come and go, rests."""
    rng = np.random.default_rng(seed)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        times = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
        for _ in range(-(-seconds // 4)):
            file.writeframes(_bar(times, rng).tobytes())


class _Scene:
    """A camera that moves over a texture, and things that move before it."""

    def __init__(
        self, rng: np.random.Generator, textures: Sequence[Plane], size: tuple[int, int]
    ) -> None:
        self._width, self._height = size
        self._ground = textures[int(rng.integers(NUM_TEXTURES))]
        self._place = rng.uniform(0.2, 0.8, 2) * size
        self._speed = rng.normal(0, 2.0, 2)
        side = int(self._height * SPRITE_SIDE)
        self._sprites = [
            (
                textures[int(rng.integers(NUM_TEXTURES))][:side, :side],
                rng.uniform(0, 1, 2) * (self._width - side, self._height - side),
                rng.normal(0, 6.0, 2),
            )
            for _ in range(int(rng.integers(0, 5)))
        ]
        self._colours = rng.integers(96, 160, (2, 2))
        self._gain = float(rng.uniform(0.5, 1.0))
        self._fades = bool(rng.random() < 0.1)

    def frame(self, step: int, share: float, grain: npt.NDArray[np.int16]) -> bytes:
        """Draw one frame, raw yuv420p."""
        x, y = np.clip(self._place + step * self._speed, 0, (self._width, self._height)).astype(int)
        luma = self._ground[y : y + self._height, x : x + self._width].astype(np.int16)
        for sprite, place, speed in self._sprites:
            limit = (self._width - sprite.shape[1], self._height - sprite.shape[0])
            left, top = np.clip(place + step * speed, 0, limit).astype(int)
            luma[top : top + sprite.shape[0], left : left + sprite.shape[1]] = sprite
        gain = self._gain * (1 - share if self._fades else 1)
        luma = (luma * int(128 * gain)) >> 7
        plane = np.clip(luma + 16 + grain, 16, 235).astype(np.uint8)
        chroma = [self._chroma(plane, colours) for colours in self._colours]
        return b"".join(part.tobytes() for part in (plane, *chroma))

    def _chroma(self, plane: Plane, colours: npt.NDArray[np.int64]) -> Plane:
        dark, bright = (int(colour) for colour in colours)
        small = plane[::2, ::2].astype(np.int16)
        return (dark + (((bright - dark) * small) >> 8)).astype(np.uint8)


def _texture(rng: np.random.Generator, height: int, width: int) -> Plane:
    """Make a surface with detail at all scales and some hard edges, (H, W)."""
    rows = np.fft.fftfreq(height)[:, None] * height
    columns = np.fft.rfftfreq(width)[None, :] * width
    fall = 1 / np.maximum(1.0, np.hypot(rows, columns)) ** rng.uniform(1.2, 1.8)
    white = rng.standard_normal((height, width))
    noise = np.fft.irfft2(np.fft.rfft2(white) * fall, (height, width))
    noise = (noise - noise.mean()) / noise.std()
    noise += 1.5 * (noise > rng.normal(0, 0.5))
    plane: Plane = np.clip(100 + 40 * noise, 0, 219).astype(np.uint8)
    return plane


def _bar(times: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """Compose four seconds: shape (T, 2)."""
    if rng.random() < 0.1:
        return np.zeros((len(times), 2), np.int16)
    root = 110 * 2 ** (rng.integers(0, 12) / 12)
    tones = [np.sin(2 * np.pi * root * ratio * times) for ratio in (1, 1.25, 1.5, 2.5)]
    sound = 0.08 * np.sum(tones, axis=0)
    if rng.random() < 0.5:
        in_beat = times % BEAT_SECONDS
        sound += 0.3 * rng.standard_normal(len(times)) * np.exp(-in_beat / 0.04)
        sound += 0.4 * np.sin(2 * np.pi * 60 * times) * np.exp(-in_beat / 0.1)
    both = np.stack([sound, np.roll(sound, SAMPLE_RATE // 100)], axis=1)
    samples: npt.NDArray[np.int16] = (np.clip(both, -1, 1) * 32767).astype(np.int16)
    return samples


def _encode(arguments: Sequence[str], path: Path, frames: Iterator[bytes] | None = None) -> None:
    """Have FFmpeg write a file: whole, or not at all."""
    partial = path.with_name(f".partial-{path.name}")
    command = ffmpeg_command(*arguments, partial)
    stdin = subprocess.DEVNULL if frames is None else subprocess.PIPE
    with subprocess.Popen(command, stdin=stdin, stderr=subprocess.PIPE) as process:
        try:
            if process.stdin is not None and frames is not None:
                for frame in frames:
                    process.stdin.write(frame)
                process.stdin.close()
        except BrokenPipeError:
            process.wait()  # what it has to say comes below
        assert process.stderr is not None
        problem = process.stderr.read().decode(errors="replace").strip()
    if process.returncode:
        partial.unlink(missing_ok=True)
        raise VsummError(f"FFmpeg cannot make {path.name}: {problem}")
    partial.replace(path)


def count_frames(path: str | Path) -> int:
    """Count the pictures of a file by its packets."""
    import av  # here: programs that only need the films are timed without it

    with av.open(str(path)) as container:
        return sum(packet.size > 0 for packet in container.demux(video=0))
