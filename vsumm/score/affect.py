"""Look at a film and listen to it, both at once, or remember what that gave.

Letters: N segments.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from vsumm._version import __version__
from vsumm.config import SummaryConfig
from vsumm.decode import AudioReader, FrameReader, give_memory_back, read_audio
from vsumm.errors import InputError
from vsumm.files import RecordCache
from vsumm.files import shown as shown_path
from vsumm.media import DecodeReport, MediaInfo, Segment
from vsumm.score.model_source import ModelSource
from vsumm.score.picture import LOOKS_PER_FRAME, image_affect, look_windows, read_looks
from vsumm.score.sound import music_affect

if TYPE_CHECKING:
    from mmva_core import MMVA

FloatArray = npt.NDArray[np.float64]
Advance = Callable[[float], object]


@dataclass(frozen=True)
class PictureAffect:
    """What the image tower makes of a film."""

    va: FloatArray
    """(N, 2) valence and arousal in [0, 1]; NaN where there is no picture."""
    motion: FloatArray
    """(N,) change between neighbouring frames in [0, 1]; NaN where it was not seen."""
    report: DecodeReport
    """How much of the picture could be read."""


@dataclass(frozen=True)
class SoundAffect:
    """What the music tower makes of a film."""

    va: FloatArray
    """(N, 2) valence and arousal in [0, 1]; NaN where there is no sound."""
    report: DecodeReport
    """How much of the sound could be read."""


@dataclass(frozen=True)
class Affect:
    """What the towers make of a film; NaN and None stand for the one that was not asked."""

    image: FloatArray
    """(N, 2) as `PictureAffect.va`."""
    motion: FloatArray
    """(N,) as `PictureAffect.motion`."""
    music: FloatArray
    """(N, 2) as `SoundAffect.va`."""
    image_report: DecodeReport | None = None
    """How much of the picture could be read."""
    music_report: DecodeReport | None = None
    """How much of the sound could be read."""


Measured = TypeVar("Measured", PictureAffect, SoundAffect)


def measure_affect(
    info: MediaInfo,
    segments: Sequence[Segment],
    config: SummaryConfig,
    modalities: Collection[str],
    *,
    source: ModelSource,
    content: str,
    cache: RecordCache | None = None,
    progress: bool = False,
) -> Affect:
    """Predict valence and arousal of every segment; what the cache remembers is not done again.

    Args:
        info: the film.
        segments: N pieces, chronological, from the start of the presentation to its end.
        config: how many frames, which audio track.
        modalities: "image", "music" or both.
        source: the model; loaded only if something has to be predicted.
        content: SHA-256 of the film.
        cache: where to remember; None remembers nothing.
        progress: whether to show a progress bar on stderr.

    Raises:
        InputError: nothing of the only modality could be read; of two, one may be lost.
        ModelError: the model cannot be loaded.
    """
    nothing = np.full((len(segments), 2), np.nan)
    memory = _Memory(cache, _key(segments, config, source, content))
    picture = memory.recall(PictureAffect) if "image" in modalities else None
    sound = memory.recall(SoundAffect) if "music" in modalities else None
    with ExitStack() as stack:
        ears = stack.enter_context(ThreadPoolExecutor(1))
        frames = blocks = listening = None
        if "image" in modalities and picture is None:
            windows = look_windows(segments, frames_per_segment=config.frames_per_segment)
            frames = stack.enter_context(read_looks(info, windows))
        if "music" in modalities and sound is None:
            blocks = stack.enter_context(read_audio(info, track=config.audio_track))
        num_steps = len(segments) * ((frames is not None) + (blocks is not None))
        advance = stack.enter_context(_progress_bar(info, num_steps, shown=progress)).update
        # The readers run in processes of their own: they decode while the model is loaded.
        if blocks:
            listening = ears.submit(_listen, blocks, segments, source.model, advance)
        may_be_lost = len(modalities) > 1
        if frames:
            picture = _unless_lost(
                lambda: memory.keep(_look(frames, segments, config, source.model, advance)),
                lambda: PictureAffect(nothing, nothing[:, 0], frames.report),
                may_be_lost=may_be_lost,
            )
        if listening and blocks:
            sound = _unless_lost(
                lambda: memory.keep(listening.result()),
                lambda: SoundAffect(nothing, blocks.report),
                may_be_lost=may_be_lost,
            )
        give_memory_back()  # of the towers: the encoder of the reel needs some
    return Affect(
        image=picture.va if picture else nothing,
        motion=picture.motion if picture else nothing[:, 0],
        music=sound.va if sound else nothing,
        image_report=picture.report if picture else None,
        music_report=sound.report if sound else None,
    )


def _unless_lost(
    measure: Callable[[], Measured], nothing: Callable[[], Measured], *, may_be_lost: bool
) -> Measured:
    """Measure, or return what stands for a modality of which nothing could be read."""
    try:
        return measure()
    except InputError:
        if not may_be_lost:
            raise
        return nothing()


def _look(
    frames: FrameReader,
    segments: Sequence[Segment],
    config: SummaryConfig,
    model: MMVA,
    advance: Advance,
) -> PictureAffect:
    va, motion = image_affect(
        frames,
        model,
        len(segments),
        frames_per_segment=config.frames_per_segment,
        on_progress=advance,
    )
    return PictureAffect(va, motion, frames.report)


def _listen(
    blocks: AudioReader, segments: Sequence[Segment], model: MMVA, advance: Advance
) -> SoundAffect:
    va = music_affect(blocks, model, segments, on_progress=advance)
    return SoundAffect(va, blocks.report)


def _progress_bar(info: MediaInfo, num_steps: int, *, shown: bool) -> tqdm[NoReturn]:
    form = "{desc}: scoring {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}]"
    name = shown_path(info.path.name)
    return tqdm(desc=name, total=num_steps, disable=not shown, bar_format=form, leave=False)


def _key(
    segments: Sequence[Segment], config: SummaryConfig, source: ModelSource, content: str
) -> dict[str, Any] | None:
    """Return all that a measurement depends on, or None where the model cannot be told apart."""
    if source.fingerprint is None:
        return None
    return {
        "version": __version__,
        "content": content,
        "model": source.fingerprint,
        "precision": config.precision,
        "segment_seconds": segments[0].duration_seconds,
        "end_seconds": segments[-1].end_seconds,
        "frames_per_segment": config.frames_per_segment,
        "looks_per_frame": LOOKS_PER_FRAME,
        "audio_track": config.audio_track,
    }


class _Memory:
    """Measurements of one film in a cache; forgets everything where there is no cache or key."""

    def __init__(self, cache: RecordCache | None, key: dict[str, Any] | None) -> None:
        self._cache = cache if key else None
        self._key = key or {}

    def recall(self, kind: type[Measured]) -> Measured | None:
        """Return the measurement of this kind, if it is remembered."""
        record = self._cache.get(self._key_of(kind)) if self._cache else None
        if record is None:
            return None
        arrays = {k: np.array(v, dtype=np.float64) for k, v in record["arrays"].items()}
        reasons = tuple(record["report"].pop("reasons"))
        return kind(**arrays, report=DecodeReport(**record["report"], reasons=reasons))

    def keep(self, measured: Measured) -> Measured:
        """Remember a measurement and return it."""
        if self._cache:
            values = vars(measured)
            arrays = {k: _to_list(v) for k, v in values.items() if isinstance(v, np.ndarray)}
            record = {"arrays": arrays, "report": asdict(measured.report)}
            self._cache.put(self._key_of(type(measured)), record)
        return measured

    def _key_of(self, kind: type) -> dict[str, Any]:
        return {"kind": kind.__name__, **self._key}


def _to_list(array: FloatArray) -> list[Any]:
    """Return nested lists with None, which JSON has, for NaN, which it has not."""
    listed: list[Any] = np.where(np.isnan(array), np.array(None), array).tolist()
    return listed
