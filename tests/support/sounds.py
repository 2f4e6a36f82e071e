"""Made sounds, written and read: float32 (C, T) in [-1, 1]."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 44100
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def tone(seconds: float, hertz: float, amplitude: float = 0.3, rate: int = RATE) -> np.ndarray:
    """A sine, (1, T)."""
    times = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * hertz * times)).astype(np.float32)[None]


def noise(
    seconds: float, amplitude: float = 0.1, rate: int = RATE, channels: int = 1
) -> np.ndarray:
    """White noise of that root mean square, (C, T), the same every time."""
    rng = np.random.default_rng(channels)
    shape = channels, round(seconds * rate)
    return np.clip(amplitude * rng.standard_normal(shape), -1, 1).astype(np.float32)


def syllables(seconds: float, amplitude: float = 0.5, rate: int = RATE) -> np.ndarray:
    """Pulses through a formant, four syllables a second with pauses, as in speech, (1, T)."""
    times = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(120 + 20 * np.sin(2 * np.pi * 0.7 * times)) / rate
    voice = sum(np.sin(k * phase) / (1 + abs(k - 5)) for k in range(1, 25))
    envelope = np.clip(np.sin(2 * np.pi * 4 * times), 0, None) * (np.sin(np.pi * times) > -0.8)
    spoken = voice * envelope
    return (amplitude * spoken / np.abs(spoken).max()).astype(np.float32)[None]


def write_sound(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    """Write samples as a WAV file of floats."""
    channels = len(samples)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_f32le", rate=rate, layout=LAYOUTS[channels])
        for begin in range(0, samples.shape[1], rate):
            block = np.ascontiguousarray(samples[:, begin : begin + rate].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, "flt", LAYOUTS[channels])
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), begin
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read_sound(path: Path) -> tuple[np.ndarray, int]:
    """Decode the sound of a file: samples (C, T), and their rate."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    resampler = av.AudioResampler("flt")
    blocks = [block.to_ndarray() for frame in frames for block in resampler.resample(frame)]
    samples = np.concatenate(blocks, axis=1).reshape(-1, frames[0].layout.nb_channels).T
    return samples, frames[0].sample_rate
