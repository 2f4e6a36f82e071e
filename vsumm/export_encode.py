"""Decode the runs of a film, encode them and write them into one file, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import av
from av.error import FFmpegError

from vsumm.errors import OutputError
from vsumm.export_formats import ReelFormat, reel_format
from vsumm.export_job import ReelJob, ReelReport
from vsumm.export_layout import lay_out
from vsumm.export_read import StreamReader
from vsumm.export_tracks import PictureTrack, SoundTrack


def encode_reel(
    job: ReelJob,
    on_progress: Callable[[float], None] = lambda _: None,
    *,
    on_finishing: Callable[[], None] = lambda: None,
) -> ReelReport:
    """Write a reel; what can crash or hang in it belongs into a process of its own.

    Args:
        job: what to write, and where.
        on_progress: called after every step with the seconds of the reel that are done.
        on_finishing: called when only the index remains to be written, which may take long.

    Raises:
        InputError: the source cannot be opened.
        OutputError: the container or encoder cannot take it, or the file cannot be written.
    """
    cuts = lay_out(job.runs)
    chosen = reel_format(job.target, job.info)
    with ExitStack() as stack:
        picture = sound = None
        if job.info.video is not None and chosen.video_encoder is not None:
            reader = stack.enter_context(StreamReader(job.info, job.info.video.index, "video"))
            picture = PictureTrack(job, chosen, cuts, reader, job.info.video)
        if job.info.audio and chosen.audio_encoder is not None:
            track = job.info.audio[job.track]
            reader = stack.enter_context(StreamReader(job.info, track.index, "audio"))
            sound = SoundTrack(chosen, cuts, reader, track)
        tracks = [track for track in (picture, sound) if track is not None]
        try:
            _write(job.output, chosen, tracks, on_progress, on_finishing)
        except FFmpegError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(f"{job.target}: cannot be written: {reason}") from error
    return ReelReport(
        video_seconds=picture.written_seconds if picture else 0.0,
        audio_seconds=sound.written_seconds if sound else 0.0,
        held_seconds=picture.placer.held_seconds if picture else 0.0,
        silent_seconds=sound.placer.silent_seconds if sound else 0.0,
        video_encoder=picture.encoder if picture else None,
        audio_encoder=sound.encoder if sound else None,
    )


def _write(
    path: Path,
    chosen: ReelFormat,
    tracks: Sequence[PictureTrack | SoundTrack],
    on_progress: Callable[[float], None],
    on_finishing: Callable[[], None],
) -> None:
    """Write the tracks, always advancing the one that is behind."""
    with av.open(str(path), "w", format=chosen.muxer, options=dict(chosen.options)) as container:
        for track in tracks:
            track.add_to(container)
        heads = [(0.0, order, track.packets()) for order, track in enumerate(tracks)]
        while heads:
            heads.sort(key=lambda head: head[:2])
            _, order, packets = heads[0]
            reached, ready = next(packets, (None, []))
            if reached is None:
                heads.pop(0)
                continue
            heads[0] = (reached, order, packets)
            container.mux(ready)
            on_progress(min(head[0] for head in heads))
        on_finishing()
