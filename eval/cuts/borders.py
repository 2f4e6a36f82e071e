"""Find all cuts and all phrases of a film, to compare edges with: everything is decoded.

What vsumm does is not relied on: every frame is compared, at PySceneDetect's usual size, and speech
is found by the model that Silero's package itself loads, whose weights are others than ours.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from av.video.reformatter import VideoReformatter
from scenedetect import AdaptiveDetector, FrameTimecode

from vsumm.decode import StreamReader, read_audio
from vsumm.media import MediaInfo, Segment, scaled_size

SHORT_SIDE = 144
"""Short side of the frames that are compared, pixels."""
SAMPLE_RATE = 16_000
"""Of the sound that is listened to, Hz."""


def all_cuts(info: MediaInfo) -> list[float]:
    """Return the first instants of all shots but the first, seconds on the presentation clock.

    Dissolves are not found.

    Raises:
        InputError: the film cannot be read.
    """
    if info.video is None:
        return []
    detector = AdaptiveDetector(min_scene_len=1)
    width, height = scaled_size(info.video.width, info.video.height, SHORT_SIDE)
    times: list[float] = []
    cuts: list[float] = []
    small = VideoReformatter()
    with StreamReader(info, info.video.index, "video") as reader:
        for time, frame in reader.frames_from(Fraction(0)):
            picture = small.reformat(frame, width, height, "bgr24", interpolation="AREA")
            timecode = FrameTimecode(len(times), fps=25.0)  # a number: the times are our own
            times.append(float(time))
            found = detector.process_frame(timecode, picture.to_ndarray())
            cuts += [times[cut.frame_num] for cut in found]
    return cuts


def all_phrases(info: MediaInfo, track: int) -> list[Segment]:
    """Return what is spoken in a film without a pause of 0.1 s, chronological.

    Raises:
        InputError: the sound cannot be read.
    """
    if track >= len(info.audio):
        return []
    import torch  # here, since films without sound need none

    with read_audio(info, sample_rate=SAMPLE_RATE, track=track) as blocks:
        samples = np.concatenate([block.samples for block in blocks])
    spans = _timestamps(torch.from_numpy(samples))
    return [Segment(span["start"] / SAMPLE_RATE, span["end"] / SAMPLE_RATE) for span in spans]


def _timestamps(samples: Any) -> Sequence[dict[str, int]]:
    from silero_vad import get_speech_timestamps, load_silero_vad

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the package uses torch.jit
        model = load_silero_vad()
    found: list[dict[str, int]] = get_speech_timestamps(
        samples, model, sampling_rate=SAMPLE_RATE, speech_pad_ms=0
    )
    return found
