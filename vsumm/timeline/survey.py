"""What a film's positions are counted in: rate, time code, and where the first frame lies."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from vsumm.errors import InputError
from vsumm.files import shown
from vsumm.media import TOLERANCE_SECONDS, MediaInfo
from vsumm.timeline.timecode import parse_timecode
from vsumm.workers import WorkerLostError, run_in_worker

SOUND_RATE = Fraction(25)
"""Counts per second of a film without picture."""
EDITING_RATES = tuple(
    Fraction(rate)
    for rate in (
        Fraction(24000, 1001),
        24,
        25,
        Fraction(30000, 1001),
        30,
        48,
        50,
        Fraction(60000, 1001),
        60,
        100,
        Fraction(120000, 1001),
        120,
    )
)
"""Frame rates that editing programs know, ascending."""
SAME_RATE = Fraction(1, 10_000)
"""Containers round rates; a film this near to a rate, as a share of it, has that rate."""


@dataclass(frozen=True)
class FilmClock:
    """How positions in a film are counted."""

    rate: Fraction
    """Frames per second, one of `EDITING_RATES`."""
    is_exact: bool
    """Whether the film has this very rate, or a constant one that divides it."""
    first_frame_seconds: Fraction
    """When the first frame appears on the presentation clock."""
    stamp_seconds: Fraction
    """Resolution of the film's time stamps."""
    timecode_frames: int = 0
    """Frame number that the time code shows at the first frame; 0 without a time code."""
    is_drop_frame: bool = False
    """Whether the time code skips numbers."""

    @property
    def slack_seconds(self) -> Fraction:
        """How far a frame's stamp may lie from the exact time that its number means."""
        frame = 1 / self.rate
        is_coarse = (frame / self.stamp_seconds).denominator != 1
        return min(frame / 4, self.stamp_seconds) if is_coarse else TOLERANCE_SECONDS


def survey_film(info: MediaInfo) -> FilmClock:
    """Read from a film how its positions are counted.

    Raises:
        InputError: the film cannot be read.
    """
    if info.video is None:
        return FilmClock(SOUND_RATE, True, Fraction(0), 1 / SOUND_RATE)
    try:
        (answer,) = run_in_worker(
            "vsumm.timeline.survey_job:run_survey",
            path=str(Path(info.path).absolute()),
            stream=info.video.index,
            duration_seconds=info.video.duration_seconds,
        )
    except (InputError, WorkerLostError) as error:
        raise InputError(f"cannot read {shown(info.path)}: {error}") from error
    facts = answer.header
    found = Fraction(facts["rate"])
    rate = editing_rate(found)
    code = parse_timecode(facts["timecode"] or "", rate)
    return FilmClock(
        rate=rate,
        is_exact=facts["is_constant"] and _divides(found, rate),
        first_frame_seconds=Fraction(info.video.start_seconds).limit_denominator(10**6),
        stamp_seconds=Fraction(facts["stamp_seconds"]),
        timecode_frames=code or 0,
        is_drop_frame=code is not None and ";" in facts["timecode"],
    )


def editing_rate(rate: Fraction) -> Fraction:
    """Return the rate of editing programs that counts frames of another rate best.

    That rate itself, the lowest multiple of it, or the next higher one.

    >>> [str(editing_rate(Fraction(text))) for text in ("25", "12.5", "29.97", "29.2", "240")]
    ['25', '25', '30000/1001', '30000/1001', '120']
    """
    multiples = [known for known in EDITING_RATES if _divides(rate, known)]
    higher = [known for known in EDITING_RATES if known > rate]
    return (multiples or higher or [EDITING_RATES[-1]])[0]


def _divides(rate: Fraction, known: Fraction) -> bool:
    times = max(1, round(known / rate))
    return abs(known - times * rate) <= SAME_RATE * known
