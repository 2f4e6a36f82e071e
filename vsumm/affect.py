"""Valence and arousal of every segment, from its picture and from its sound.

Letters: N segments, T samples. Nothing here is smoothed, ranked or combined: see `score.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from vsumm.config import SummaryConfig
from vsumm.decode import AudioBlock, DecodeReport, Frame, read_audio, read_frames
from vsumm.probe import MediaInfo
from vsumm.segments import Segment

if TYPE_CHECKING:
    from mmva_core import MMVA

FloatArray = npt.NDArray[np.float64]
Samples = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
Item = TypeVar("Item")
Progress = Callable[[float], object]

SAMPLE_RATE = 16_000
"""At which the sound is read, Hz."""
IMAGE_BATCH = 32
"""Frames that the image tower sees at once."""
MUSIC_BATCH = 32
"""Windows of sound that the music tower sees at once."""
BLACK_LEVEL = 24
"""A frame is black if hardly any pixel is brighter than this, of 255 (video black is 16)."""
BRIGHT_SHARE = 0.005
"""Share of brighter pixels that a black frame may have: noise, a logo's edge."""
SILENCE_RMS = 1e-3
"""A segment is silent if its sound stays below this root mean square: -60 dB of full scale."""


@dataclass(frozen=True)
class Affect:
    """What the towers make of a film of N segments, and how much of it could be read."""

    image: FloatArray
    """(N, 2) valence and arousal of the picture in [0, 1]; NaN where there is none."""
    music: FloatArray
    """(N, 2) valence and arousal of the sound in [0, 1]; NaN where there is none."""
    image_report: DecodeReport | None = None
    """What was read of the picture; None where it was not looked at."""
    music_report: DecodeReport | None = None
    """What was read of the sound; None where it was not listened to."""


def measure_affect(
    info: MediaInfo,
    segments: Sequence[Segment],
    config: SummaryConfig,
    modalities: Collection[str],
    *,
    model: MMVA | None = None,
    progress: bool = False,
) -> Affect:
    """Look at and listen to a film, both at once.

    Args:
        info: the film.
        segments: N pieces, chronological, from the start of the presentation to its end.
        config: which model, how many frames, which audio track.
        modalities: "image", "music" or both.
        model: a loaded model; `config.model` if left out.
        progress: whether to show a progress bar on stderr.

    Raises:
        InputError: nothing of a modality could be read.
        ModelError: the model cannot be loaded.
    """
    nothing = np.full((len(segments), 2), np.nan)
    times = frame_times(segments, frames_per_segment=config.frames_per_segment)
    with ExitStack() as stack:
        # Decoding starts here, in processes of its own, while the model is loaded.
        frames = blocks = listening = None
        ears = stack.enter_context(ThreadPoolExecutor(1))
        if "image" in modalities:
            frames = stack.enter_context(read_frames(info, times))
        if "music" in modalities:
            blocks = stack.enter_context(read_audio(info, track=config.audio_track))
        model = model or _load(config)
        bar = stack.enter_context(_progress_bar(len(segments) * len(modalities), shown=progress))
        if blocks:
            listening = ears.submit(music_affect, blocks, model, segments, on_progress=bar.update)
        image = music = nothing
        if frames:
            per_segment = config.frames_per_segment
            image = image_affect(
                frames, model, len(segments), frames_per_segment=per_segment, on_progress=bar.update
            )
        if listening:
            music = listening.result()
        return Affect(
            image, music, frames.report if frames else None, blocks.report if blocks else None
        )


def _load(config: SummaryConfig) -> MMVA:
    from vsumm.models import load_model  # here, since torch alone takes over a second

    return load_model(config)


def _progress_bar(num_steps: int, *, shown: bool) -> tqdm[NoReturn]:
    form = "{desc}{percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
    return tqdm(total=num_steps, disable=not shown, bar_format=form, leave=False)


def frame_times(segments: Sequence[Segment], *, frames_per_segment: int) -> list[float]:
    """Return the instants to look at: the centres of that many equal parts of every segment.

    >>> frame_times([Segment(0, 2)], frames_per_segment=2)
    [0.5, 1.5]
    """
    return [
        segment.start_seconds + (part + 0.5) / frames_per_segment * segment.duration_seconds
        for segment in segments
        for part in range(frames_per_segment)
    ]


def image_affect(
    frames: Iterable[Frame],
    model: MMVA,
    num_segments: int,
    *,
    frames_per_segment: int = 1,
    on_progress: Progress = lambda count: None,
) -> FloatArray:
    """Predict valence and arousal of every segment from its frames.

    Args:
        frames: frames whose `index` counts the instants of `frame_times`; some may be missing.
        model: predicts `(batch, 2)` from pictures.
        num_segments: N.
        frames_per_segment: as given to `frame_times`.
        on_progress: called with the number of segments done since the last call.

    Returns:
        Shape (N, 2), valence and arousal in [0, 1]: the mean over the segment's frames that are
        not black. NaN where there is none.
    """
    sums, counts = np.zeros((num_segments, 2)), np.zeros((num_segments, 1))
    for batch in _batches(frames, IMAGE_BATCH):
        seen = [frame for frame in batch if not is_black(frame.pixels)]
        if seen:
            rows = [frame.index // frames_per_segment for frame in seen]
            va = model.predict_images([frame.pixels for frame in seen]).numpy()
            np.add.at(sums, rows, va)
            np.add.at(counts, rows, 1)
        on_progress(len(batch) / frames_per_segment)
    with np.errstate(invalid="ignore"):
        return sums / counts


def music_affect(
    blocks: Iterable[AudioBlock],
    model: MMVA,
    segments: Sequence[Segment],
    *,
    on_progress: Progress = lambda count: None,
) -> FloatArray:
    """Predict valence and arousal of every segment from a window of sound centred on it.

    Args:
        blocks: the sound at `SAMPLE_RATE`, mono, contiguous, from the start of the presentation.
        model: predicts `(batch, 2)` from windows of `config.music_window_seconds`; at both ends of
            the film they are moved inwards.
        segments: N segments, chronological.
        on_progress: called with the number of segments done since the last call.

    Returns:
        Shape (N, 2), valence and arousal in [0, 1]; NaN where the segment itself is silent.
    """
    va = np.full((len(segments), 2), np.nan)
    windows = _centred_windows(blocks, segments, model.config.music_window_seconds)
    for batch in _batches(windows, MUSIC_BATCH):
        audible = [(row, window) for row, window, rms in batch if rms >= SILENCE_RMS]
        if audible:
            rows = [row for row, _ in audible]
            va[rows] = model.predict_music(np.stack([w for _, w in audible]), SAMPLE_RATE).numpy()
        on_progress(len(batch))
    return va


def is_black(pixels: Pixels) -> bool:
    """Tell whether a picture, uint8 (H, W, 3), shows nothing: black, as between two scenes."""
    return bool(np.mean(pixels.max(axis=2) > BLACK_LEVEL) < BRIGHT_SHARE)


def _centred_windows(
    blocks: Iterable[AudioBlock], segments: Sequence[Segment], seconds: float
) -> Iterator[tuple[int, Samples, float]]:
    """Yield (row, window of samples, RMS of the segment), holding little more than a window.

    Sound that ends early is followed by silence; a file shorter than a window is one window.
    """
    end_seconds = segments[-1].end_seconds
    length = max(1, round(min(seconds, end_seconds) * SAMPLE_RATE))
    last_start = round(end_seconds * SAMPLE_RATE) - length
    buffer = _SlidingBuffer(blocks)
    for row, segment in enumerate(segments):
        centred = round(segment.centre_seconds * SAMPLE_RATE) - length // 2
        first = min(max(0, centred), last_start)
        span = (
            round(segment.start_seconds * SAMPLE_RATE),
            round(segment.end_seconds * SAMPLE_RATE),
        )
        buffer.forget_before(min(first, span[0]))
        inside = buffer.read(*span).astype(np.float64)
        yield row, buffer.read(first, first + length), float(np.sqrt(np.mean(inside**2)))


class _SlidingBuffer:
    """Random access to a stream of blocks, a stretch at a time, in bounded memory."""

    def __init__(self, blocks: Iterable[AudioBlock]) -> None:
        self._blocks = iter(blocks)
        self._first = 0
        self._samples: Samples = np.zeros(0, np.float32)

    def forget_before(self, start: int) -> None:
        """Drop all samples before `start`; later reads must not begin before it."""
        if start > self._first:
            self._fill(start)
            self._samples = self._samples[start - self._first :]
            self._first = start

    def read(self, start: int, stop: int) -> Samples:
        """Return samples [start, stop); past the end of the stream they are zero."""
        self._fill(stop)
        return self._samples[start - self._first : stop - self._first]

    def _fill(self, stop: int) -> None:
        parts = [self._samples]
        held = self._first + len(self._samples)
        while held < stop:
            block = next(self._blocks, None)
            part = np.zeros(stop - held, np.float32) if block is None else block.samples
            parts.append(part)
            held += len(part)
        if len(parts) > 1:
            self._samples = np.concatenate(parts)


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    batch: list[Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
