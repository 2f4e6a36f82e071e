"""Music that says what it is told to: tones with tags, and indexes with any curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import av
import numpy as np

from mmva_core.retrieval.index import IndexHeader, IndexItem, ItemRows, save_index
from mmva_core.store import model_fingerprint

SAMPLE_RATE = 48000
WINDOW_SECONDS = 6.0


def make_tone(
    path: Path,
    seconds: float = 2.0,
    *,
    hertz: float = 440.0,
    level: float = 0.3,
    tags: Mapping[str, str] | None = None,
) -> Path:
    """Write a tone, its encoder by the extension: .wav, .flac, .mp3, .ogg or .m4a."""
    codecs = {".flac": "flac", ".mp3": "libmp3lame", ".ogg": "libopus", ".m4a": "aac"}
    codec = codecs.get(path.suffix, "pcm_s16le")
    samples = level * np.sin(
        2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    )
    with av.open(str(path), "w") as container:
        container.metadata.update(tags or {})
        stream = container.add_stream(codec, rate=SAMPLE_RATE, layout="mono")
        resampler = av.AudioResampler(stream.format, "mono", SAMPLE_RATE, stream.frame_size)
        frame = av.AudioFrame.from_ndarray(samples.astype(np.float32)[None], "fltp", "mono")
        frame.sample_rate = SAMPLE_RATE
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def make_index(
    folder: Path,
    root: Path,
    arousal: Mapping[str, Sequence[float]],
    *,
    valence: float = 0.5,
    speech: Mapping[str, float | None] | None = None,
    model: str = "mmva-lite",
    fingerprint: str | None = None,
) -> Path:
    """Write an index of tracks by name, one window for each value of arousal."""
    told = speech or {}
    items, rows = [], []
    for name, values in arousal.items():
        starts = WINDOW_SECONDS * np.arange(len(values))
        va = [
            [valence, a, start, start + WINDOW_SECONDS]
            for a, start in zip(values, starts, strict=True)
        ]
        rows.append(ItemRows(np.array(va, np.float32), np.ones((len(va), 1), np.float32)))
        items.append(IndexItem(name, "music", name, len(va), told.get(name, 0.0)))
    header = IndexHeader(1, model, fingerprint or model_fingerprint(model), 0.25, str(root))
    save_index(folder, header, items, lambda position: rows[position])
    return folder
