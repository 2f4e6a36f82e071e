"""Code sound as the soundtracks of films are coded, and decode it."""

from __future__ import annotations

import io
from typing import cast

import av
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mmva_core.inputs import METADATA
from mmva_core.sounds.noises import SAMPLE_RATE, Samples

CODECS = (
    ("aac", "adts", (24, 32, 48, 64)),
    ("libmp3lame", "mp3", (24, 32, 48)),
    ("libopus", "ogg", (10, 16, 24, 32)),
)
"""Encoder, container and bit rates in kbit/s."""


def encode_and_decode(random: Generator, samples: Samples) -> Samples:
    """Code samples (T,) with one of `CODECS`; a delay of some hundredths of a second remains."""
    encoder, container, rates = CODECS[random.integers(len(CODECS))]
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = cast(av.AudioStream, output.add_stream(encoder, rate=SAMPLE_RATE, layout="mono"))
        stream.bit_rate = 1000 * rates[random.integers(len(rates))]
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        resampler = av.AudioResampler(
            stream.codec_context.format, "mono", SAMPLE_RATE, stream.frame_size or None
        )
        for ready in (*resampler.resample(frame), *resampler.resample(None), None):
            output.mux(stream.encode(ready))
    file.seek(0)
    decoded = decode(file, None)[: len(samples)].astype(np.float32) / 32768
    return np.pad(decoded, (0, len(samples) - len(decoded)))


def decode(source: io.BytesIO | str, container: str | None) -> NDArray[np.int16]:
    """Decode the first audio track: (T,) int16, mono, at `SAMPLE_RATE`.

    Args:
        source: file in memory, or its path.
        container: format that cannot be told from the content.

    Raises:
        av.FFmpegError: it cannot be decoded.
    """
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    with av.open(source, "r", format=container, **METADATA) as opened:
        frames = [ready for frame in opened.decode(audio=0) for ready in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames] or [np.zeros(0, np.int16)])
