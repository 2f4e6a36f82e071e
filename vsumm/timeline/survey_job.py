"""Find out in what counts a film is edited: frame rate, resolution of its stamps, time code.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from vsumm.decode import open_media, open_stream, read_packets, seek

if TYPE_CHECKING:
    from vsumm.workers import Messages

PLACES = (0.0, 0.25, 0.5, 0.75)
"""Where frames are looked at, as shares of the film."""
FRAMES_PER_PLACE = 120
REGULAR_SHARE = 0.95
"""A film whose frames keep their distance this often has a constant rate; the rest are drops."""


def run_survey(messages: Messages, *, path: str, stream: int, duration_seconds: float) -> None:
    """Send one "survey" message about the picture of a film."""
    times: list[list[Fraction]] = []
    for share in PLACES:
        with open_stream(path, stream, "video") as (container, picture):
            if share and not seek(container, share * duration_seconds, picture):
                continue
            named = [picture.average_rate, picture.base_rate, picture.guessed_rate]
            tick = Fraction(picture.time_base)
            times.append(_stamps(container, picture))
        messages.tick()
    rates = [Fraction(rate) for rate in named if rate]
    rate = next((rate for rate in rates if is_regular(times, rate, tick)), None)
    messages.send(
        "survey",
        rate=str(rate or (rates or [Fraction(25)])[0]),
        is_constant=rate is not None,
        stamp_seconds=str(tick),
        timecode=_timecode(path),
    )


def is_regular(places: Sequence[Sequence[Fraction]], rate: Fraction, tick: Fraction) -> bool:
    """Return whether frames come at the distances of a constant rate.

    Args:
        places: times of successive frames at several places of a film, seconds.
        rate: frames per second.
        tick: resolution of the times, seconds.
    """
    steps = [later - earlier for times in places for earlier, later in pairwise(times)]
    tolerance = tick + Fraction(1, 20) / rate
    regular = sum(abs(step - 1 / rate) <= tolerance for step in steps)
    return regular >= REGULAR_SHARE * len(steps)


def _stamps(container: Any, picture: Any) -> list[Fraction]:
    """Return the times of frames from here on, ascending, without those at the ragged end."""
    packets = (p for p in read_packets(container) if p.stream_index == picture.index)
    stamps = sorted(p.pts for p in islice(packets, FRAMES_PER_PLACE) if p.pts is not None)
    # Packets come in decoding order: the last few are shown after ones that were not read.
    end = len(stamps) - 16 if len(stamps) == FRAMES_PER_PLACE else len(stamps)
    return [stamp * Fraction(picture.time_base) for stamp in stamps[:end]]


def _timecode(path: str) -> str | None:
    """Return the time code at the first frame, as the container writes it.

    QuickTime keeps it in a track of its own: the whole file is opened, not just the picture.
    """
    with open_media(path) as container:
        for metadata in (*(stream.metadata for stream in container.streams), container.metadata):
            for name, value in metadata.items():
                if name.lower() == "timecode":
                    return str(value)
    return None
