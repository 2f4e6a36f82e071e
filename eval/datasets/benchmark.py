"""The data sets' common shape: one record per video, whatever file it came from.

Letters: N frames, U users, K shots, P picks (the sampled frames of an h5 file).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from vsumm.config import SEGMENT_SECONDS
from vsumm.errors import ScoresError

PICK_STEP = 15
"""Published features and scores are sampled every 15 frames, where no h5 says otherwise."""
CLIP_SECONDS = Fraction(SEGMENT_SECONDS)
"""Length of TVSum's annotated clips, which is that of our segments."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class BenchmarkVideo:
    """One video with what people said about it.

    Raises:
        ScoresError: the arrays disagree about the number of frames, or shots do not tile them.
    """

    video_id: str
    """Name of the video in its data set (for TVSum the YouTube id)."""
    num_frames: int
    """N."""
    key: str | None = None
    """Name in the published h5 files, "video_1" and so on."""
    frame_rate: Fraction | None = None
    """Frames per second, where known."""
    clip_borders: IntArray | None = field(default=None, repr=False)
    """First frame of each 2-second clip, then N; known where the frame rate is."""
    category: str | None = None
    """TVSum's two-letter category."""
    title: str | None = None
    """Title on the platform."""
    user_importance: FloatArray | None = field(default=None, repr=False)
    """(U, N) frame scores of the users; 1 to 5 for TVSum."""
    user_summaries: BoolArray | None = field(default=None, repr=False)
    """(U, N) summaries as published, where there are any."""
    summaries_need_shots: bool = True
    """Whether `user_summaries` hold under `shot_borders` only (TVSum) or anywhere (SumMe)."""
    shot_borders: IntArray | None = field(default=None, repr=False)
    """(K + 1,) first frame of each KTS shot, then N."""
    picks: IntArray | None = field(default=None, repr=False)
    """(P,) sampled frames, ascending from 0."""
    with_features: bool = False
    """Whether the h5 file has features for it."""

    def __post_init__(self) -> None:
        for name, array in (
            ("importance", self.user_importance),
            ("user_summary", self.user_summaries),
        ):
            if array is not None and array.shape[-1] != self.num_frames:
                raise ScoresError(
                    f"video {self.video_id}: {name} has {array.shape[-1]} frames, "
                    f"the video {self.num_frames}; the files do not belong together"
                )
        if self.shot_borders is not None:
            check_borders(self.shot_borders, self.num_frames, self.video_id)
        if self.picks is not None:
            _check_picks(self.picks, self.num_frames, self.video_id)

    @property
    def pick_frames(self) -> IntArray:
        """The sampled frames; every 15th where no h5 file names them."""
        if self.picks is not None:
            return self.picks
        return np.arange(0, self.num_frames, PICK_STEP, dtype=np.int64)


def clip_borders(num_frames: int, frame_rate: Fraction) -> IntArray:
    """Return where 2-second clips begin, then `num_frames`.

    Clip k begins at frame floor(2 k frame_rate) + 1, counted from 0, and the first one at 0: the
    grid on which TVSum's users worked.

    >>> clip_borders(120, Fraction(25)).tolist()
    [0, 51, 101, 120]
    """
    per_clip = CLIP_SECONDS * frame_rate
    most = int(num_frames / per_clip) + 2
    starts = [int(k * per_clip) + 1 for k in range(1, most)]
    return np.array([0, *(s for s in starts if s < num_frames), num_frames], dtype=np.int64)


def check_borders(borders: IntArray, num_frames: int, video_id: str) -> None:
    """Raise ScoresError unless shots tile frames 0 .. num_frames - 1."""
    if borders[0] != 0 or borders[-1] != num_frames or (np.diff(borders) <= 0).any():
        raise ScoresError(
            f"video {video_id}: the shots do not cover its {num_frames} frames one after another "
            f"(first border {borders[0]}, last {borders[-1]})"
        )


def _check_picks(picks: IntArray, num_frames: int, video_id: str) -> None:
    if not len(picks) or picks[0] != 0 or picks[-1] >= num_frames or (np.diff(picks) <= 0).any():
        raise ScoresError(
            f"video {video_id}: picks must rise from 0 and stay below {num_frames} frames"
        )


@dataclass(frozen=True)
class Benchmark:
    """A data set, or the part of it that is there."""

    name: str
    """"tvsum" or "summe"."""
    videos: tuple[BenchmarkVideo, ...]
    """In the order of the annotation."""
    num_videos: int
    """How many the whole data set has."""
    shots_source: str = "change points of the h5 file"
    """Where `shot_borders` come from."""
    has_published_shots: bool = True
    """Whether they are those of the published h5 files, not our own."""
    notes: tuple[str, ...] = ()
    """What a reader of the figures must know."""

    def find(self, name: str) -> BenchmarkVideo | None:
        """Return the video with this id or h5 key; spaces, "_" and case count only if they must."""
        exact = next((v for v in self.videos if name in (v.video_id, v.key)), None)
        if exact is not None:
            return exact
        similar = [v for v in self.videos if _simplified(v.video_id) == _simplified(name)]
        return similar[0] if len(similar) == 1 else None

    def restricted_to(self, video_ids: Sequence[str], reason: str) -> Benchmark:
        """Keep the named videos only, and note that and why."""
        kept = tuple(v for v in self.videos if v.video_id in set(video_ids))
        if len(kept) == len(self.videos):
            return self
        note = f"{len(kept)} of {self.num_videos} videos: {reason}"
        return replace(self, videos=kept, notes=(*self.notes, note))


def _simplified(name: str) -> str:
    """Spell "Base jumping" and "base_jumping" alike."""
    return name.replace("_", " ").casefold()
