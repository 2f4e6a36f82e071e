"""What a reel of several films will be: its frame, its rate, its sound, and where each piece lies.

    a.mp4  1920x1080, 25/s  ───[== piece 0 ==)──────────────[== piece 2 ==)──
    b.mov   720x576,  30/s  ─────────────[== piece 1 ==)─────────────────────
    reel   1920x1080, 25/s  [== piece 0 ==)[▌ piece 1 ▐)[== piece 2 ==)        ▌▐ black bars

The frame is that of most of the reel's seconds, and so is the rate; pictures of another shape get
black bars. High dynamic range becomes the common one. The sound is stereo, or mono where all of it
is, at the highest of the rates, and silent where a film has none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from vsumm.errors import InputError, NoSignalError, OutputError
from vsumm.files import check_output, shown
from vsumm.media import AudioStream, MediaInfo, Segment, VideoStream
from vsumm.reel.config import ReelConfig
from vsumm.reel.formats import ReelFormat, reel_format
from vsumm.reel.layout import PlacedRun
from vsumm.reel.plan import probe_soundtrack

LATEST_END_SECONDS = 1.0
"""How far after the end of its film a piece may end: ends are rounded and estimated."""
SLOWEST_RATE, FASTEST_RATE = Fraction(10), Fraction(60)
"""Frames per second between which the rate of the reel lies: below, a cut would be seen late;
above, films at other rates would repeat most of their frames."""
USUAL_RATES = (
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 60)),
    *(Fraction(rate) for rate in (10, 12, 15, 20, 24, 25, 30, 48, 50, 60)),
)
"""Frames per second of films; an average that was counted lies next to one of them."""
NEAR_RATE = Fraction(1, 2000)
"""Share by which a counted rate may be off: half of what lies between 24 and 23.976."""
HIGHEST_SAMPLE_RATE = 48_000
"""Samples per second of the sound at most, Hz."""

Kind = TypeVar("Kind", tuple[int, int], Fraction)


@dataclass(frozen=True)
class FilmPiece:
    """A stretch of a film."""

    info: MediaInfo
    """The film, from `probe` or from a summary."""
    run: Segment
    """What is taken of it."""
    audio_track: int | None = None
    """Which of its audio tracks is heard, counted from 0; None: the one that a player takes."""

    @property
    def sound(self) -> AudioStream | None:
        """The track that is heard; None where the film has none."""
        number = self.info.main_track if self.audio_track is None else self.audio_track
        return self.info.audio[number] if self.info.audio else None


@dataclass(frozen=True)
class JoinedPlan:
    """A reel of several films that can be written. Made by `plan_joined_reel`."""

    pieces: tuple[FilmPiece, ...]
    """What it consists of, in order."""
    runs: tuple[PlacedRun, ...]
    """Where each of them lies; `film` is its number among `pieces`, those of one film share one."""
    target: Path
    """Where the reel goes, as the user spelled it."""
    format: ReelFormat
    """The container and its encoders."""
    config: ReelConfig
    """How to encode, and what to add."""
    soundtrack: MediaInfo | None
    """The file that `config` names as soundtrack."""
    overwrite: bool
    """Whether a file at `target` may be replaced."""
    size: tuple[int, int] | None
    """Width and height of its frame, pixels, even; None for a reel without picture."""
    frame_rate: Fraction
    """Frames per second."""
    sound_form: tuple[int, str] | None
    """Rate, Hz, and layout of the films' sound; None where it is not heard."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return float(self.runs[-1].reel_end)


@dataclass(frozen=True)
class JoinedRequest:
    """Everything that is needed to encode one reel of several films."""

    plan: JoinedPlan
    """What the reel will be."""
    output: Path
    """The file to write to, in the end renamed to the plan's target; it is replaced."""


def plan_joined_reel(
    pieces: Sequence[FilmPiece],
    path: str | os.PathLike[str],
    config: ReelConfig | None = None,
    *,
    overwrite: bool = False,
) -> JoinedPlan:
    """Check that pieces of films can be written as one reel.

    Args:
        pieces: what it consists of, in order.
        path: where the reel goes; the extension decides the container.
        config: how to encode, and what to add; the defaults of `ReelConfig` if left out. Shapes,
            cross-fades, titles and copied pictures are for reels of one film.
        overwrite: whether a file that is there already may be replaced.

    Raises:
        InputError: a film or the soundtrack is missing, or cannot be read.
        NoSignalError: there are no pieces, no film has what the container holds, or a film has no
            such audio track.
        OutputError: the container or the settings are for reels of one film, or the file cannot be
            written.
        ValueError: a piece ends after its film.
    """
    config = config or ReelConfig()
    if not pieces:
        raise NoSignalError(f"{os.fspath(path)}: nothing was selected, there is no reel to cut")
    films = list(dict.fromkeys(piece.info.path for piece in pieces))
    target = check_output(path, overwrite=overwrite, inputs=[*films, *config.files])
    chosen = reel_format(target)
    _check_settings(target, chosen, config)
    for piece in pieces:
        _check_piece(piece)
    soundtrack = probe_soundtrack(config)
    is_replaced = soundtrack is not None and config.soundtrack_mode == "replace"
    hears_films = chosen.audio_encoder is not None and not is_replaced
    plan = JoinedPlan(
        tuple(pieces),
        _lay_out(pieces),
        target,
        chosen,
        config,
        soundtrack,
        overwrite,
        _frame_size(pieces, config) if chosen.video_encoder is not None else None,
        _frame_rate(pieces),
        _sound_form(pieces) if hears_films else None,
    )
    if plan.size is None and plan.sound_form is None and soundtrack is None:
        what = "sound" if chosen.video_encoder is None else "picture or sound"
        raise NoSignalError(f"{target}: none of the films has {what}")
    return plan


def _check_settings(target: Path, chosen: ReelFormat, config: ReelConfig) -> None:
    """Refuse what only a reel of one film can have."""
    has_shape = config.made_for is not None or config.aspect is not None
    settings = {
        "another shape": has_shape,
        "cross-fades": config.crossfade_seconds > 0,
        "a title": config.title is not None,
        "copied pictures": config.is_fast,
    }
    named = [name for name, is_set in settings.items() if is_set]
    if chosen.muxer == "gif":
        named.append("a GIF")
    if named:
        raise OutputError(f"{target}: {', '.join(named)}: only for a reel of one film")
    if config.soundtrack is not None and chosen.audio_encoder is None:
        raise OutputError(f"{target}: a {target.suffix.lower()} holds no sound: no soundtrack")
    if config.with_chapters and not chosen.has_chapters:
        raise OutputError(f"{target}: a {target.suffix.lower()} holds no chapters")


def _check_piece(piece: FilmPiece) -> None:
    info, run, track = piece.info, piece.run, piece.audio_track
    if run.end_seconds > info.duration_seconds + LATEST_END_SECONDS:
        raise ValueError(
            f"{info.path}: pieces must end within {info.duration_seconds} s, got {run.end_seconds}"
        )
    if not info.path.exists():
        raise InputError(f"{shown(info.path)}: is not there any more")
    if track is not None and info.audio and not 0 <= track < len(info.audio):
        last = len(info.audio) - 1
        raise NoSignalError(f"{shown(info.path)}: has no audio track {track}; they are 0 to {last}")


def _lay_out(pieces: Sequence[FilmPiece]) -> tuple[PlacedRun, ...]:
    """Place pieces one after the other."""
    numbers: dict[tuple[Path, int | None], int] = {}
    placed: list[PlacedRun] = []
    for number, piece in enumerate(pieces):
        film = numbers.setdefault((piece.info.path, piece.audio_track), number)
        begin, end = Fraction(piece.run.start_seconds), Fraction(piece.run.end_seconds)
        placed.append(PlacedRun(begin, end, placed[-1].reel_end if placed else Fraction(0), film))
    return tuple(placed)


def _frame_size(pieces: Sequence[FilmPiece], config: ReelConfig) -> tuple[int, int] | None:
    """Return the frame of most seconds, of equally many the larger one, as `config` limits it."""
    videos = _videos(pieces)
    if not videos:
        return None
    width, height = _most([((video.width, video.height), seconds) for video, seconds in videos])
    video = next(each for each, _ in videos if (each.width, each.height) == (width, height))
    return config.geometry_of(video).size


def _frame_rate(pieces: Sequence[FilmPiece]) -> Fraction:
    """Return the rate of most seconds, of equally many the higher one."""
    rates = [(_usual_rate(video.frame_rate), seconds) for video, seconds in _videos(pieces)]
    return min(max(_most(rates), SLOWEST_RATE), FASTEST_RATE) if rates else SLOWEST_RATE


def _usual_rate(frame_rate: float) -> Fraction:
    """Return the usual rate that a counted one stands for, or else the rate itself."""
    rate = Fraction(frame_rate)
    nearest = min(USUAL_RATES, key=lambda usual: abs(usual - rate))
    is_near = abs(nearest - rate) <= NEAR_RATE * nearest
    return nearest if is_near else rate.limit_denominator(1001)


def _sound_form(pieces: Sequence[FilmPiece]) -> tuple[int, str] | None:
    tracks = [piece.sound for piece in pieces if piece.sound is not None]
    if not tracks:
        return None
    rate = max(track.sample_rate or HIGHEST_SAMPLE_RATE for track in tracks)
    is_mono = all(track.num_channels == 1 for track in tracks)
    return min(rate, HIGHEST_SAMPLE_RATE), "mono" if is_mono else "stereo"


def _videos(pieces: Iterable[FilmPiece]) -> list[tuple[VideoStream, float]]:
    """Return the picture of each piece that has one, and how long it is seen, seconds."""
    return [(p.info.video, p.run.duration_seconds) for p in pieces if p.info.video is not None]


def _most(weighted: Sequence[tuple[Kind, float]]) -> Kind:
    """Return what has the greatest weight together, of equal ones the greatest.

    >>> _most([(1, 2.0), (2, 1.5), (2, 0.5)])
    2
    """
    totals: dict[Kind, float] = {}
    for kind, weight in weighted:
        totals[kind] = totals.get(kind, 0.0) + weight
    return max(totals, key=lambda kind: (round(totals[kind], 6), kind))
