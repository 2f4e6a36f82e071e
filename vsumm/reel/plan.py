"""Check what a reel will be before minutes of work go into its runs.

All that does not depend on the runs is checked and looked up here, once; `write_reel` and the
encoding process rely on it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from mmva_core.clock import clock_text
from vsumm.errors import InputError, NoSignalError, OutputError
from vsumm.files import check_output, shown
from vsumm.media import MediaInfo, VideoStream, probe
from vsumm.reel.config import ReelConfig
from vsumm.reel.formats import ReelFormat, reel_format
from vsumm.reel.shape import Geometry
from vsumm.reel.subtitles import TrackPlan, plan_tracks


@dataclass(frozen=True)
class ReelPlan:
    """A reel that can be written: everything but its runs. Made by `plan_reel`."""

    info: MediaInfo
    """The film."""
    target: Path
    """Where the reel goes, as the user spelled it."""
    format: ReelFormat
    """The container and its encoders."""
    config: ReelConfig
    """How to encode, and what to add."""
    soundtrack: MediaInfo | None
    """The file that `config` names as soundtrack."""
    audio_track: int
    """Which of the film's audio tracks to take, counted from 0."""
    overwrite: bool
    """Whether a file at `target` may be replaced."""
    subtitles: tuple[TrackPlan, ...] = ()
    """The film's subtitles, and where each goes."""
    max_width: int | None = None
    """The reel's picture is no wider, pixels; None: as wide as the film's."""

    @property
    def video(self) -> VideoStream | None:
        """The stream that the reel's picture comes from; None for a reel without picture."""
        return self.info.video if self.format.video_encoder is not None else None

    @property
    def geometry(self) -> Geometry:
        """The sizes of its pictures; there must be some."""
        assert self.video is not None
        return self.config.geometry_of(self.video, self.max_width)


def plan_reel(
    info: MediaInfo,
    path: str | os.PathLike[str],
    config: ReelConfig | None = None,
    *,
    audio_track: int | None = None,
    overwrite: bool = False,
    gets_soundtrack: bool = False,
) -> ReelPlan:
    """Check that a reel can be written; its runs are not known yet.

    Args:
        info: the film.
        path: where the reel goes; the extension decides the container.
        config: how to encode, and what to add; the defaults of `ReelConfig` if left out.
        audio_track: which of the film's audio tracks to take, counted from 0; None: the one that a
            player takes.
        overwrite: whether a file that is there already may be replaced.
        gets_soundtrack: whether a soundtrack is chosen later.

    Raises:
        InputError: the soundtrack is missing, cannot be read, or ends before its start.
        NoSignalError: the film has no such audio track, or the soundtrack has none.
        OutputError: no container is known for the extension, the container cannot hold the film or
            what is added to it, what adds it is not installed, or the file cannot be written.
    """
    config = config or ReelConfig()
    audio_track = info.main_track if audio_track is None else audio_track
    target = check_output(path, overwrite=overwrite, inputs=[info.path, *config.files])
    plan = ReelPlan(
        info,
        target,
        reel_format(target, info),
        config,
        probe_soundtrack(config),
        audio_track,
        overwrite,
    )
    if not config.without_subtitles:
        plan = replace(plan, subtitles=plan_tracks(info, target, plan.format))
    for track in plan.subtitles:
        if track.beside is not None:
            check_output(track.beside, overwrite=overwrite, inputs=_files_of(plan))
    if config.changes_picture and find_spec("moviepy") is None:
        raise OutputError(
            "cross-fades and titles need the extra 'compose': pip install 'vsumm[compose]'"
        )
    if config.with_chapters and not plan.format.has_chapters:
        raise OutputError(f"{target}: a {target.suffix.lower()} holds no chapters")
    if config.title is not None and plan.video is None:
        raise OutputError(f"{target}: there is no picture to put a title on")
    if plan.video is None and (config.made_for or config.aspect or config.max_width):
        raise OutputError(f"{target}: there is no picture to give another shape")
    if (plan.soundtrack or gets_soundtrack) and plan.format.audio_encoder is None:
        raise OutputError(f"{target}: a {target.suffix.lower()} holds no sound: no soundtrack")
    if info.audio and not 0 <= audio_track < len(info.audio):
        last = len(info.audio) - 1
        raise NoSignalError(f"{info.path}: has no audio track {audio_track}; they are 0 to {last}")
    return plan


def probe_soundtrack(config: ReelConfig) -> MediaInfo | None:
    """Look at the soundtrack that settings name; None where they name none.

    Raises:
        InputError: it is missing, cannot be read, or ends before its start.
        NoSignalError: there is no sound in it.
    """
    if config.soundtrack is None:
        return None
    soundtrack, start_seconds = probe(config.soundtrack), config.soundtrack_start_seconds
    if not soundtrack.audio:
        raise NoSignalError(f"{shown(soundtrack.path)}: there is no sound in it for a soundtrack")
    length = soundtrack.audio[soundtrack.main_track].duration_seconds
    if start_seconds and start_seconds >= length:
        raise InputError(
            f"{shown(soundtrack.path)}: it lasts {clock_text(length)}, it cannot start at "
            f"{clock_text(start_seconds)}"
        )
    return soundtrack


def _files_of(plan: ReelPlan) -> list[Path]:
    """Return the files that the reel is made from."""
    subtitles = [track.file for track in plan.subtitles if track.file is not None]
    return [plan.info.path, *plan.config.files, *subtitles]
