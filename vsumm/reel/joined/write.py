"""Encode the pieces of several films into one file, in bounded memory.

Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from mmva_core.clock import clock_text
from vsumm.reel.chapters import ReelChapter, to_pyav
from vsumm.reel.interleave import Track, interleaved, open_reel
from vsumm.reel.joined.picture import open_pictures
from vsumm.reel.joined.plan import JoinedPlan, JoinedRequest
from vsumm.reel.joined.sound import open_sound
from vsumm.reel.request import EncodeReport


def encode_joined(
    request: JoinedRequest,
    on_progress: Callable[[float], None] = lambda _: None,
    *,
    on_finishing: Callable[[], None] = lambda: None,
) -> EncodeReport:
    """Write a reel of several films. Native code in here can crash or hang.

    Args:
        request: what to write, and where.
        on_progress: called after every step with the seconds of the reel that are done.
        on_finishing: called when only the index remains to be written, which may take long.

    Raises:
        InputError: a film cannot be opened.
        OutputError: the container or encoder cannot take it, or the file cannot be written.
    """
    plan = request.plan
    with ExitStack() as stack:
        picture, sound = open_pictures(plan, stack), open_sound(plan, stack)
        with open_reel(request.output, plan.target, plan.format) as container:
            if plan.config.with_chapters:
                container.set_chapters(to_pyav(_chapters(plan)))
            tracks: list[Track] = [track for track in (picture, sound) if track is not None]
            for track in tracks:
                track.add_to(container)
            for reached_seconds, packets in interleaved(tracks):
                container.mux(packets)
                on_progress(reached_seconds)
            on_finishing()
    return EncodeReport(
        video_seconds=picture.written_seconds if picture else 0.0,
        audio_seconds=sound.written_seconds if sound else 0.0,
        held_seconds=picture.placer.held_seconds if picture else 0.0,
        silent_seconds=sound.source.silent_seconds if sound else 0.0,
        video_encoder=picture.encoder if picture else None,
        audio_encoder=sound.encoder if sound else None,
        sound_note=sound.note if sound else None,
    )


def _chapters(plan: JoinedPlan) -> list[ReelChapter]:
    """Return one chapter for each piece, named after its film and its time in it."""
    starts = [*(run.reel_start for run in plan.runs), plan.runs[-1].reel_end]
    return [
        ReelChapter(start, end, f"{clock_text(piece.run.start_seconds)} of {piece.info.path.name}")
        for piece, start, end in zip(plan.pieces, starts, starts[1:], strict=False)
    ]
