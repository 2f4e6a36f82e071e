"""Speech, spoken by eSpeak NG, with pauses where they are asked for."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import av
import espeakng_loader
import numpy as np

SYNCHRONOUS, UTF8 = 2, 1
"""Of eSpeak's `speak_lib.h`: have samples handed over before `espeak_Synth` returns; the text."""
SAMPLE_RATE = 22_050
"""Of eSpeak's voices, Hz."""


@cache
def say(text: str) -> np.ndarray:
    """Return a sentence, float32 (T,) at `SAMPLE_RATE`, without silence at its ends."""
    library = _espeak()
    parts: list[np.ndarray] = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def take(samples, count, _):
        if samples and count:
            parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    library.espeak_SetSynthCallback(take)
    encoded = text.encode() + b"\0"
    library.espeak_Synth(encoded, len(encoded), 0, 0, 0, UTF8, None, None)
    library.espeak_Synchronize()
    samples = np.concatenate(parts).astype(np.float32) / 32_768
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1]


@cache
def _espeak() -> ctypes.CDLL:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = espeakng_loader.get_data_path()
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, data.encode(), 0)
    assert rate == SAMPLE_RATE, rate
    assert library.espeak_SetVoiceByName(b"en") == 0
    return library


def speak(sentences: Sequence[str], pause_seconds: float) -> tuple[np.ndarray, list[tuple]]:
    """Return sentences with pauses before, between and after them, and when each is spoken."""
    pause = np.zeros(round(pause_seconds * SAMPLE_RATE), np.float32)
    parts, spans, place = [pause], [], len(pause)
    for sentence in sentences:
        spoken = say(sentence)
        spans.append((place / SAMPLE_RATE, (place + len(spoken)) / SAMPLE_RATE))
        parts += [spoken, pause]
        place += len(spoken) + len(pause)
    return np.concatenate(parts), spans


def write_sound(path: Path, samples: np.ndarray) -> Path:
    """Write samples as a sound file; the extension decides its form."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray((samples * 32_767).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
