"""Read an audio file of any format that FFmpeg supports, as one channel of float32."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from mmva_core.errors import DataError
from mmva_core.inputs.resample import Samples, resample

METADATA: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}
)
"""Options of `av.open` for files whose tags are no UTF-8; PyAV 19 has no choice and needs none."""


def read_audio_file(path: str | Path, sample_rate: int = 16000) -> Samples:
    """Decode the first audio track of a file.

    Channels are averaged: FFmpeg's mixer would make the result sqrt(2) louder than the mean.

    Args:
        path: audio file, or any file with an audio track.
        sample_rate: rate of the result, Hz.

    Returns:
        (T,) float32.

    Raises:
        DataError: the file is missing, has no audio track, or cannot be decoded.
    """
    name = str(path)
    try:
        with av.open(name, **METADATA) as container:
            if not container.streams.audio:
                raise DataError(f"{name} has no audio track")
            source_rate = int(container.streams.audio[0].codec_context.sample_rate)
            blocks = list(_decode_blocks(container))
    except FileNotFoundError as error:
        raise DataError(f"no such file: {name}") from error
    except (av.FFmpegError, OSError) as error:
        raise DataError(f"cannot decode the audio of {name}: {error}") from error
    if not blocks or source_rate < 1:
        raise DataError(f"{name} holds no sound that can be decoded")
    return resample(np.concatenate(blocks), source_rate, sample_rate)


def _decode_blocks(container: av.container.InputContainer) -> Iterator[Samples]:
    # This converter changes only the sample format; rate and channels stay those of the source.
    # Interleaved, because PyAV 18 crashes on eight planes and more.
    converter = av.AudioResampler(format="flt")
    for frame in container.decode(audio=0):
        for converted in converter.resample(frame):
            yield _mono(converted)
    for converted in converter.resample(None):
        yield _mono(converted)


def _mono(frame: av.AudioFrame) -> Samples:
    channels = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
    mono: Samples = channels.mean(axis=1, dtype=np.float32)
    return mono
