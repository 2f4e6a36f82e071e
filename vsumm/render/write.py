"""Write what was picked: a reel, timelines, chapters, each by the extension of its file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from vsumm.errors import OutputError
from vsumm.files import check_output, shown
from vsumm.progress import Watch
from vsumm.reel import ReelPlan, plan_reel, write_reel
from vsumm.render.picks import Picks
from vsumm.timeline import (
    CHAPTER_FORMS,
    ChaptersFor,
    chapters_of,
    is_timeline,
    write_chapters,
    write_timeline,
)


def render(
    picks: Picks,
    targets: Sequence[Path],
    *,
    chapters_for: ChaptersFor = "reel",
    inputs: Sequence[Path] = (),
    overwrite: bool = False,
    progress: bool | Watch = False,
) -> list[str]:
    """Write picks to one or more files.

    Args:
        picks: what is shown of which film.
        targets: where to; the extension says whether a file is a reel, a timeline or chapters.
        chapters_for: whether chapters mark the clips of the reel, or the highlights in the film.
        inputs: files that must not be replaced, beside the film.
        overwrite: whether files that are there already may be replaced.
        progress: whether to show a bar on stderr, or a function that is told how far it is.

    Returns:
        What the files do not say as it was meant, one line each.

    Raises:
        InputError: the film cannot be read.
        OutputError: a file cannot be written; nothing was written then, unless it is the disk.
    """
    if len(set(targets)) < len(targets):
        raise OutputError("two outputs have the same name")
    plans: dict[Path, ReelPlan] = {}
    for target in targets:
        if not is_list(target):
            track, config = picks.audio_track, picks.reel
            plan = plan_reel(picks.info, target, config, audio_track=track, overwrite=overwrite)
            plans[target] = plan
        check_output(target, overwrite=overwrite, inputs=[picks.info.path, *inputs])
    others = [target for target in targets if target not in plans]
    notes = write_lists(picks, others, chapters_for=chapters_for, overwrite=overwrite)
    for plan in plans.values():
        write_reel(
            plan,
            picks.runs,
            sound_shifts=picks.sound_shifts,
            seen_cuts=picks.summary.seen_cuts if picks.summary is not None else None,
            progress=progress,
        )
    return notes


def is_list(path: str | os.PathLike[str]) -> bool:
    """Return whether a file of this name lists clips or chapters, instead of being a reel."""
    return is_timeline(path) or Path(path).suffix.lower() in CHAPTER_FORMS


def write_lists(
    picks: Picks,
    targets: Sequence[Path],
    *,
    chapters_for: ChaptersFor = "reel",
    overwrite: bool = False,
) -> list[str]:
    """Write timelines and chapters, as `render` does.

    Raises:
        InputError: the film cannot be read.
        OutputError: a file cannot be written, or a cross-fade is too long for a run.
    """
    if not targets:
        return []
    try:
        timeline = picks.timeline()
    except ValueError as error:
        raise OutputError(f"{shown(targets[0])}: {error}") from error
    film = picks.info
    notes = []
    for target in targets:
        if is_timeline(target):
            write_timeline(timeline, target, overwrite=overwrite)
            notes += [f"{shown(target)}: {note}" for note in timeline.notes]
            notes += [f"{shown(target)}: {note}" for note in _losses(picks, target)]
        else:
            chapters = chapters_of(
                timeline,
                chapters_for,
                duration_seconds=film.duration_seconds,
                of_film=film.chapters,
            )
            write_chapters(chapters, timeline.name, target, overwrite=overwrite)
    return notes


def _losses(picks: Picks, target: Path) -> list[str]:
    """Return what a timeline cannot hold of the reel."""
    losses = ["the title is left out"] if picks.reel.title is not None else []
    video = picks.info.video
    if video is not None and not picks.reel.geometry_of(video).is_whole:
        losses.append("it shows whole pictures, without the crop or bars of the reel")
    losses += ["the loudness is left out"] if picks.reel.loudness != "off" else []
    if num_split := sum(shift != 0 for shift in picks.sound_shifts):
        cuts = "1 cut" if num_split == 1 else f"{num_split} cuts"
        losses.append(f"sound is cut with the picture: in the reel it leads or trails at {cuts}")
    if picks.audio_track:
        losses.append(f"it does not say which audio track: render it with {picks.track_option}")
    if target.suffix.lower() == ".llc":
        losses += ["cross-fades are left out"] if picks.reel.crossfade_seconds else []
        losses += ["the soundtrack is left out"] if picks.reel.soundtrack is not None else []
    elif target.suffix.lower() == ".edl" and picks.reel.soundtrack is not None:
        losses.append("the soundtrack is named in a comment alone")
    return losses
