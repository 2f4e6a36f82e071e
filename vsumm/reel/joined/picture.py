"""The pictures of several films in one frame and at one rate.

Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction

import av

from vsumm.decode import PictureTarget, StreamReader, black_picture, usual_matrix
from vsumm.errors import OutputError
from vsumm.media import VideoStream
from vsumm.reel.encode_pictures import EncodedPictures, PictureForm
from vsumm.reel.encoders import choose_video_encoder, encoder_options
from vsumm.reel.joined.plan import JoinedPlan
from vsumm.reel.layout import PlacedRun, ticks_of_runs
from vsumm.reel.place_pictures import PicturePlacer, ReelClock, ReelPicture
from vsumm.reel.shape import Geometry, Reshaper

PIXEL_FORMAT = "yuv420p"
"""Eight bits, of limited range: what all films can be brought to."""


class JoinedPictures:
    """The pictures of all pieces, read from one open film at a time.

    Attributes:
        held_seconds: how long the last good frame replaces damaged or missing ones.
    """

    def __init__(
        self, plan: JoinedPlan, clock: ReelClock, target: PictureTarget, stack: ExitStack
    ) -> None:
        """Prepare to read.

        Args:
            plan: the pieces.
            clock: the rate of the reel.
            target: what its pictures look like, whatever the film.
            stack: closes the film that is open in the end.
        """
        self.held_seconds = 0.0
        self._plan = plan
        self._clock = clock
        self._target = target
        self._open = stack.enter_context(ExitStack())

    def pictures(self, runs: Sequence[PlacedRun]) -> Iterator[ReelPicture]:
        """Yield the pictures of all runs in the order of the reel."""
        placer, film = None, None
        for run, ticks in zip(runs, ticks_of_runs(runs, self._clock.rate), strict=True):
            if run.film != film:
                placer, film = self._placer_of(run), run.film
            if placer is None:
                yield from self._black(ticks)
                continue
            held_before = placer.held_seconds
            yield from placer.pictures_of(run, ticks)
            self.held_seconds += placer.held_seconds - held_before

    def _placer_of(self, run: PlacedRun) -> PicturePlacer | None:
        """Open the film of a run instead of the one before; None where it has no picture."""
        self._open.close()
        info = self._plan.pieces[run.film].info
        video = info.video
        if video is None:
            return None
        reader = self._open.enter_context(StreamReader(info, video.index, "video"))
        begin = Fraction(video.start_seconds)
        size = self._target.width, self._target.height
        return PicturePlacer(
            reader,
            self._clock,
            _target_for(video, self._target),
            span=(begin, begin + Fraction(video.duration_seconds)),
            reshaper=Reshaper(Geometry(size, size, size, "crop"), ()),
            frame_rate=min(reader.average_rate, self._clock.rate),
        )

    def _black(self, ticks: range) -> Iterator[ReelPicture]:
        """Yield black: there is only sound."""
        frame = black_picture(self._target)
        for tick in ticks:
            yield ReelPicture(frame, tick, 1, is_first_of_run=tick == ticks.start)


def open_pictures(plan: JoinedPlan, stack: ExitStack) -> EncodedPictures | None:
    """Open what the reel's picture consists of; None where it has none.

    Raises:
        OutputError: the encoder does not take such pictures, or a setting.
    """
    if plan.size is None:
        return None
    encoder = choose_video_encoder(plan.format, plan.config, hdr=False)
    known = {form.name for form in av.Codec(encoder, "w").video_formats or []}
    if PIXEL_FORMAT not in known:
        raise OutputError(f"the encoder {encoder} does not take {PIXEL_FORMAT}")
    matrix = usual_matrix(*plan.size)
    width, height = plan.size
    target = PictureTarget(
        width,
        height,
        PIXEL_FORMAT,
        rotation_degrees=0,
        display_width=width,
        display_height=height,
        matrix=matrix,
    )
    clock = ReelClock(plan.frame_rate, is_constant=True)
    form = PictureForm(
        encoder,
        encoder_options(encoder, plan.config),
        clock,
        target,
        matrix,
        primaries=matrix,
        transfer=matrix,
        frame_rate=plan.frame_rate,
        has_one_clock=plan.format.has_constant_rate,
    )
    return EncodedPictures(form, JoinedPictures(plan, clock, target, stack), plan.runs)


def _target_for(video: VideoStream, target: PictureTarget) -> PictureTarget:
    """Return how the pictures of a film become those of the reel."""
    of_film = PictureTarget.of_video(
        video, (target.width, target.height), target.pixel_format, matrix=target.matrix
    )
    # Its shape is compared with that of the reel, so that bars fill the difference.
    return replace(
        of_film, display_width=target.display_width, display_height=target.display_height
    )
