"""Where the key frames of a picture are; found without decoding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vsumm.errors import InputError, NoSignalError
from vsumm.files import shown
from vsumm.media import MediaInfo
from vsumm.workers import WorkerLostError, run_in_worker


def find_key_frames(info: MediaInfo) -> npt.NDArray[np.float64]:
    """Return when the key frames of a film come on screen: (K,), ascending, from 0 on, seconds.

    Raises:
        NoSignalError: the film has no picture.
        InputError: it cannot be read.
    """
    if info.video is None:
        raise NoSignalError(f"no picture in {shown(info.path)}")
    try:
        (answer,) = run_in_worker(
            "vsumm.decode.scan:run_key_frames",
            path=str(info.path.absolute()),
            stream=info.video.index,
            start_seconds=info.start_seconds,
        )
    except (InputError, WorkerLostError) as error:
        raise InputError(f"cannot read the picture of {shown(info.path)}: {error}") from error
    # A frame that is on screen when the presentation starts may have begun before.
    return np.maximum(answer.payload.view(np.float64), 0.0)
