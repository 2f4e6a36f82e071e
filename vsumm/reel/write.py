"""Decode the runs of a film, encode them and write them into one file, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError

from vsumm.errors import OutputError
from vsumm.media import MediaInfo
from vsumm.reel.compose import CrossfadedSound, DuckedSound, SoundSource, Soundtrack
from vsumm.reel.copy import NotCopiableError, SmartPictureTrack
from vsumm.reel.formats import ReelFormat, reel_format
from vsumm.reel.layout import Cut, lay_out
from vsumm.reel.picture_track import PictureTrack, SoundTrack
from vsumm.reel.place_sound import SoundPlacer
from vsumm.reel.read import StreamReader
from vsumm.reel.settings import ReelJob, ReelReport


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
    crossfade_seconds = job.composition.crossfade_seconds
    cuts = lay_out(job.runs, overlap_seconds=crossfade_seconds)
    chosen = reel_format(job.target, job.info)
    with ExitStack() as stack:
        sound: SoundTrack | None = None
        picture: PictureTrack | SmartPictureTrack | None = None
        not_copied = "there is no picture" if job.settings.is_fast else None
        if job.info.video is not None and chosen.video_encoder is not None:
            index = job.info.video.index
            readers = [
                stack.enter_context(StreamReader(job.info, index, "video"))
                for _ in range(2 if crossfade_seconds else 1)
            ]
            plain = picture = PictureTrack(job, chosen, cuts, readers, job.info.video)
            if job.settings.is_fast:
                try:
                    picture, not_copied = _with_copies(plain, job, cuts, stack), None
                except NotCopiableError as error:
                    not_copied = str(error)
        source = _open_sound(job, cuts, stack) if chosen.audio_encoder is not None else None
        if source is not None:
            sound = SoundTrack(chosen, cuts, source)
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
        silent_seconds=sound.source.silent_seconds if sound else 0.0,
        video_encoder=picture.encoder if picture else None,
        audio_encoder=sound.encoder if sound else None,
        copied_seconds=picture.copied_seconds if picture else 0.0,
        not_copied=picture.not_copied if isinstance(picture, SmartPictureTrack) else not_copied,
        missing_glyphs=picture.missing_glyphs if picture else "",
    )


def _with_copies(
    plain: PictureTrack, job: ReelJob, cuts: Sequence[Cut], stack: ExitStack
) -> SmartPictureTrack:
    """Copy what can be copied.

    Raises:
        NotCopiableError: nothing can.
    """
    assert job.info.video is not None
    if job.composition.changes_picture:
        raise NotCopiableError("a reel with cross-fades or a title is encoded anew")
    reader = stack.enter_context(StreamReader(job.info, job.info.video.index, "video"))
    return SmartPictureTrack(plain, cuts, reader, job.info.video)


def _open_sound(job: ReelJob, cuts: Sequence[Cut], stack: ExitStack) -> SoundSource | None:
    """Open what the reel sounds like; None where it has no sound."""
    film: SoundSource | None = None
    mode = job.composition.soundtrack_mode if job.soundtrack else None
    if job.info.audio and mode != "replace":
        placer = _open_track(job.info, job.track, cuts[0].source_start, stack)
        film = CrossfadedSound(placer) if job.composition.crossfade_seconds else placer
    if job.soundtrack is None:
        return film
    form = (film.sample_rate, film.layout) if film else None
    soundtrack = Soundtrack(_open_track(job.soundtrack, 0, Fraction(0), stack, form))
    return DuckedSound(film, soundtrack) if film else soundtrack


def _open_track(
    info: MediaInfo,
    number: int,
    start: Fraction,
    stack: ExitStack,
    form: tuple[int, str] | None = None,
) -> SoundPlacer:
    track = info.audio[number]
    reader = stack.enter_context(StreamReader(info, track.index, "audio"))
    begin = Fraction(track.start_seconds)
    heard = begin, begin + Fraction(track.duration_seconds)
    return SoundPlacer(reader, reader.peek(start), track, heard=heard, form=form)


def _write(
    path: Path,
    chosen: ReelFormat,
    tracks: Sequence[PictureTrack | SmartPictureTrack | SoundTrack],
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
