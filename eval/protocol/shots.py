"""The shots between which a summary chooses. They decide the figures more than any method does.

`kts`          the change points of the h5 file, or our own on image embeddings ("own KTS")
`uniform-2s`   the 2-second clips that TVSum's users scored
`uniform-60`   60 frames each
               (of both, an incomplete last clip belongs to the one before: as a shot of its own it
               would be cheap filling for everybody's budget, and random scores would agree with
               users by more than the 15 % that chance allows)
`two-peak`     lengths drawn from Poisson(30) or Poisson(90), one or the other at even odds
`one-peak`     lengths drawn from Poisson(60)

The last three follow Otani et al. 2019 (DOI 10.1109/CVPR.2019.00778): shots that know nothing of
the content. Figures of two protocols never stand in one table.
"""

from __future__ import annotations

import zlib
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eval.datasets import Benchmark, BenchmarkVideo, IntArray
from vsumm.errors import ScoresError

ProtocolName = Literal["kts", "uniform-2s", "uniform-60", "two-peak", "one-peak"]
PROTOCOLS: tuple[ProtocolName, ...] = get_args(ProtocolName)
RANDOM_PROTOCOLS = ("two-peak", "one-peak")
UNIFORM_FRAMES = 60
ONE_PEAK_MEAN = 60
TWO_PEAK_MEANS = (30, 90)


def shots_of(video: BenchmarkVideo, protocol: ProtocolName, *, seed: int = 0) -> IntArray | None:
    """Return the shot borders of a video under a protocol, (K + 1,), or None where unknown.

    Args:
        video: any video of either data set.
        protocol: one of `PROTOCOLS`.
        seed: of the random protocols; a video's shots depend on it and on the video's name alone.

    Raises:
        ValueError: no protocol of that name.
    """
    if protocol == "kts":
        return video.shot_borders
    if protocol == "uniform-2s":
        return None if video.clip_borders is None else _join_last(video.clip_borders)
    if protocol == "uniform-60":
        starts = np.arange(0, video.num_frames, UNIFORM_FRAMES)
        return _join_last(_close(starts, video.num_frames))
    if protocol in RANDOM_PROTOCOLS:
        means = TWO_PEAK_MEANS if protocol == "two-peak" else (ONE_PEAK_MEAN,)
        return _random_borders(video.num_frames, means, video_rng(video.video_id, seed, protocol))
    raise ValueError(f"protocol must be one of {', '.join(PROTOCOLS)}, got {protocol!r}")


def with_shots(benchmark: Benchmark, protocol: ProtocolName, *, seed: int = 0) -> Benchmark:
    """Keep the videos whose shots are known under the protocol.

    Raises:
        ScoresError: there is none; the message says what is missing.
    """
    known = [v.video_id for v in benchmark.videos if shots_of(v, protocol, seed=seed) is not None]
    if not known and protocol == "kts":
        raise ScoresError(
            "the protocol kts needs change points: name the data set's h5 file with --h5 "
            "(eccv16 schema), or the folder of the videos with --data for our own KTS"
        )
    if not known:
        raise ScoresError(
            f"the protocol {protocol} needs the frame rate, which an h5 file does not hold: "
            "name the data set's annotation with --annotations"
        )
    return benchmark.restricted_to(known, f"no shots under {protocol} for the others")


def label_shots(benchmark: Benchmark, protocol: ProtocolName, *, seed: int = 0) -> str:
    """Return in words where the shots come from, to be printed with every figure."""
    if protocol == "kts":
        return f"kts ({benchmark.shots_source})"
    return {
        "uniform-2s": "uniform-2s (2-second clips)",
        "uniform-60": f"uniform-60 ({UNIFORM_FRAMES} frames each)",
        "two-peak": f"two-peak (random lengths, Poisson 30 or 90 frames, seed {seed})",
        "one-peak": f"one-peak (random lengths, Poisson {ONE_PEAK_MEAN} frames, seed {seed})",
    }[protocol]


def video_rng(video_id: str, *key: int | str) -> np.random.Generator:
    """Return a generator that depends on the video's name and `key`, not on the order of work."""
    return np.random.default_rng([zlib.crc32(str(part).encode()) for part in (video_id, *key)])


def _random_borders(num_frames: int, means: tuple[int, ...], rng: np.random.Generator) -> IntArray:
    """Draw lengths until the frames are used up; the last shot keeps the remainder."""
    most = 2 * num_frames // min(means) + 10
    lengths = rng.poisson(rng.choice(means, size=most)).clip(1)
    return _close(np.concatenate([[0], lengths.cumsum()]), num_frames)


def _join_last(borders: IntArray) -> IntArray:
    """Join the last shot to the one before if it is shorter than all others."""
    lengths = np.diff(borders)
    if len(lengths) > 1 and lengths[-1] < lengths[:-1].min():
        return np.delete(borders, -2)
    return borders


def _close(starts: NDArray[np.int64], num_frames: int) -> IntArray:
    return np.append(starts[starts < num_frames], num_frames).astype(np.int64)
