"""Decode the runs of a film, encode them and write them into one file, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vsumm.decode import StreamReader
from vsumm.media import MediaInfo, VideoStream
from vsumm.reel.chapters import chapters_of_film, chapters_of_runs, to_pyav
from vsumm.reel.copy import CopiedPictureTrack, NotCopiableError
from vsumm.reel.interleave import Track, interleaved, open_reel
from vsumm.reel.languages import code_for
from vsumm.reel.layout import PlacedRun
from vsumm.reel.picture_track import PictureTrack
from vsumm.reel.plan import ReelPlan
from vsumm.reel.request import EncodeReport, EncodeRequest
from vsumm.reel.sound_track import SoundTrack, open_sound
from vsumm.reel.subtitles import SubtitleTrack, copy_fonts, keeps_fonts


@dataclass(frozen=True)
class _Tracks:
    """What the reel consists of."""

    picture: PictureTrack | CopiedPictureTrack | None
    sound: SoundTrack | None
    refusal: str | None = None
    """Why no picture can be copied although that was asked for."""
    subtitles: Sequence[SubtitleTrack] = ()
    film_of_fonts: str | None = None
    """Where to take fonts from, if the reel has them."""

    @property
    def members(self) -> list[Track]:
        """All of them, in their order in the container."""
        both = [track for track in (self.picture, self.sound) if track is not None]
        return [*both, *self.subtitles]


def encode_reel(
    request: EncodeRequest,
    on_progress: Callable[[float], None] = lambda _: None,
    *,
    on_finishing: Callable[[], None] = lambda: None,
) -> EncodeReport:
    """Write a reel. Native code in here can crash or hang: `write_reel` runs it in a process.

    Args:
        request: what to write, and where.
        on_progress: called after every step with the seconds of the reel that are done.
        on_finishing: called when only the index remains to be written, which may take long.

    Raises:
        InputError: the source cannot be opened.
        OutputError: the container or encoder cannot take it, or the file cannot be written.
    """
    plan = request.plan
    with ExitStack() as stack:
        tracks = _open_tracks(request, stack)
        with open_reel(request.output, plan.target, plan.format) as container:
            container.metadata.update(_tags(plan.info))
            container.set_chapters(_chapters(plan, request.runs))
            members = tracks.members
            for track in members:
                track.add_to(container)
            if tracks.film_of_fonts is not None:
                # Behind the tracks: the muxer counts on it.
                copy_fonts(tracks.film_of_fonts, container)
            for reached_seconds, packets in interleaved(members):
                container.mux(packets)
                on_progress(reached_seconds)
            on_finishing()
    return _report(tracks)


def _language(plan: ReelPlan) -> str | None:
    """Return the language of the film's sound, if it is what is heard."""
    is_replaced = plan.soundtrack is not None and plan.config.soundtrack_mode == "replace"
    if is_replaced or not plan.info.audio:
        return None
    language = plan.info.audio[plan.audio_track].language
    return code_for(language, plan.format.muxer) if language else None


def _tags(info: MediaInfo) -> dict[str, str]:
    """Return what the reel says of itself as the film does."""
    tags = {"title": info.title, "creation_time": info.creation_time}
    return {name: text for name, text in tags.items() if text}


def _chapters(plan: ReelPlan, runs: Sequence[PlacedRun]) -> list[Any]:
    """Return the chapters of the reel in the form of PyAV."""
    if not plan.format.has_chapters:
        return []
    make = chapters_of_runs if plan.config.with_chapters else chapters_of_film
    return to_pyav(make(runs, plan.info.chapters))


def _open_tracks(request: EncodeRequest, stack: ExitStack) -> _Tracks:
    """Open the source for every track of the reel; `stack` closes it."""
    plan = request.plan
    refusal = "there is no picture" if plan.config.is_fast else None
    picture: PictureTrack | CopiedPictureTrack | None = None
    if plan.video is not None:
        num_readers = 2 if plan.config.crossfade_seconds else 1
        readers = [_open_video(request, plan.video, stack) for _ in range(num_readers)]
        picture = encoded = PictureTrack(plan, request.runs, readers, plan.video, request.shots)
        if plan.config.is_fast:
            try:
                picture, refusal = _with_copies(encoded, request, plan.video, stack), None
            except NotCopiableError as error:
                refusal = str(error)
    source = open_sound(plan, request.heard_runs, stack)
    sound = None
    if source is not None:
        loudness = None if plan.config.loudness == "off" else plan.config.loudness
        sound = SoundTrack(
            plan.format, request.heard_runs, source, language=_language(plan), loudness=loudness
        )
    muxer = plan.format.muxer
    subtitles = [SubtitleTrack(track, muxer, stack) for track in request.subtitles]
    film = str(Path(plan.info.path).absolute()) if keeps_fonts(plan.subtitles) else None
    return _Tracks(picture, sound, refusal, subtitles, film)


def _open_video(request: EncodeRequest, video: VideoStream, stack: ExitStack) -> StreamReader:
    return stack.enter_context(StreamReader(request.plan.info, video.index, "video"))


def _with_copies(
    encoded: PictureTrack, request: EncodeRequest, video: VideoStream, stack: ExitStack
) -> CopiedPictureTrack:
    """Copy what can be copied.

    Raises:
        NotCopiableError: nothing can.
    """
    if request.plan.config.changes_picture:
        raise NotCopiableError("a reel with cross-fades or a title is encoded anew")
    reader = _open_video(request, video, stack)
    return CopiedPictureTrack(encoded, request.runs, reader, video)


def _report(tracks: _Tracks) -> EncodeReport:
    picture, sound = tracks.picture, tracks.sound
    return EncodeReport(
        video_seconds=picture.written_seconds if picture else 0.0,
        audio_seconds=sound.written_seconds if sound else 0.0,
        held_seconds=picture.placer.held_seconds if picture else 0.0,
        silent_seconds=sound.source.silent_seconds if sound else 0.0,
        video_encoder=picture.encoder if picture else None,
        audio_encoder=sound.encoder if sound else None,
        copied_seconds=picture.copied_seconds if picture else 0.0,
        not_copied=(
            picture.not_copied if isinstance(picture, CopiedPictureTrack) else tracks.refusal
        ),
        missing_glyphs=picture.missing_glyphs if picture else "",
        sound_note=sound.note if sound else None,
        lost=picture.lost if isinstance(picture, PictureTrack) else (),
    )
