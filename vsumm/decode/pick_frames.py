"""Pick the frames on screen at given times, decoding as little as that takes.

    on screen    K b B b P b B b P | K b B b P b B b P | K ...    K key frame, b no reference
    in the file  K P B b b P B b b | K P B b b P B b b | K ...
    wanted           ^                     ^ or soon after
    decoded      K P B               K P                            the rest is read, not decoded

Decoding starts at the latest key frame before a wanted frame; frames that no other frame refers to
are skipped unless they are wanted themselves. A picked frame is the exact one on screen. Where the
caller allows later ones, it is the first key frame among them, or else the first in the file, since
that needs the fewest others.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.container import InputContainer

from vsumm.decode.normalise import PictureFilter
from vsumm.decode.open_file import can_skip_frames, groups_of_wanted, open_stream
from vsumm.decode.packets import PacketsAhead, pts_of
from vsumm.decode.upright import QUICK_SCALER, PictureTarget
from vsumm.media import VideoStream

if TYPE_CHECKING:
    from vsumm.workers import Messages

REFRESH_SECONDS = 10
"""How far back decoding begins where a key frame turned out not to be a whole picture."""

CLOCK_SLACK_SECONDS = 1e-6
"""A wanted time this close before a frame selects it: times arrive as rounded floats."""

FIELD_SECONDS = 0.1
"""A frame at most this far from the wanted one counts as its first field."""

LEAST_SHRINKING = 2
"""Pictures that are shrunk at least so many times need no loop filter: hardly any of the edges of
blocks that it hides is left."""

DECODE_ERRORS = (av.FFmpegError, MemoryError, ValueError)
"""What a damaged packet may raise."""


@dataclass(frozen=True)
class Picked:
    """What is on screen at one wanted time."""

    index: int
    """Index into the wanted times."""
    frame: av.VideoFrame | None
    """The frame, or None where it could not be read."""
    time_seconds: float = 0.0
    """When the frame comes on screen, on the container's clock."""
    problem: str = ""
    """Why it could not be read."""
    num_bytes: int | None = None
    """Size of its packet."""
    most_between: int | None = None
    """Size of the largest packet of the frames between the one that was picked before and this, 0
    without any; None where not all of them were read."""


def run_frames(
    messages: Messages,
    *,
    path: str,
    start_seconds: float,
    wanted: list[tuple[float, float]],
    video: dict[str, Any],
    size: tuple[int, int],
    are_keys: bool = False,
) -> None:
    """Send one "frame" or "missing" message per wanted time.

    Args:
        messages: the way back.
        path: the file.
        start_seconds: start of the presentation on the container's clock.
        wanted: wanted times on the presentation clock, ascending, each with the time up to which a
            later frame may replace the one on screen.
        video: fields of the `VideoStream`.
        size: width and height of the upright picture.
        are_keys: whether all of the frames are key frames.
    """
    stream = VideoStream(**video)
    target = PictureTarget.of_video(
        stream, size, "rgb24", has_first_field_only=True, scaler=QUICK_SCALER
    )
    normaliser = PictureFilter(target, num_threads=1)
    on_container = [(time + start_seconds, latest + start_seconds) for time, latest in wanted]
    num_done = 0
    for group in groups_of_wanted(path, stream.index, on_container):
        around = (group[0][0], group[-1][1]) if group else None
        with open_stream(path, stream.index, "video", around=around) as (container, picture):
            picture.codec_context.options = decoder_options(stream, size, are_keys=are_keys)
            for picked in FramePicker(container, picture, messages.tick).pick(group):
                index = num_done + picked.index
                if picked.frame is None:
                    messages.send("missing", index=index, problem=picked.problem)
                    continue
                seconds = picked.time_seconds - start_seconds
                pixels = np.ascontiguousarray(normaliser.picture(picked.frame).to_ndarray())
                messages.send(
                    "frame",
                    pixels,
                    index=index,
                    time=seconds,
                    shape=list(pixels.shape),
                    is_key=picked.frame.key_frame,
                    num_bytes=picked.num_bytes,
                    most_between=picked.most_between,
                )
        num_done += len(group)


class FramePicker:
    """Pick frames of one video stream at ascending times.

    Args:
        container: an open file, at its beginning.
        stream: the video stream.
        tick: called at every packet, to show that this is alive.
    """

    def __init__(
        self, container: InputContainer, stream: av.VideoStream, tick: Callable[[], None]
    ) -> None:
        self._ahead = PacketsAhead(container, stream, tick)
        self._context = stream.codec_context
        self._context.thread_count = 1
        self._can_skip = can_skip_frames(self._context)
        self._targets: list[int] = []
        self._latest: list[int] = []
        self._num_chosen = 0  # wanted times that have their frame
        self._goal = -(1 << 63)  # time of the frame that is being decoded for
        self._last_picked: int | None = None
        self._num_errors = 0
        self._sent: list[int] = []  # sent to the decoder since it was flushed, in file order
        self._decoded: list[av.VideoFrame] = []  # in order of display

    def pick(self, wanted_seconds: Sequence[tuple[float, float]]) -> Iterator[Picked]:
        """Yield one `Picked` per wanted time.

        Args:
            wanted_seconds: wanted times on the container's clock, ascending, each with the time up
                to which a later frame may replace the one on screen if that takes less decoding;
                where the two are equal, none may.
        """
        to_ticks = self._ahead.to_ticks
        self._targets = [to_ticks(time + CLOCK_SLACK_SECONDS) for time, _ in wanted_seconds]
        self._latest = [
            max(target, to_ticks(latest))
            for target, (_, latest) in zip(self._targets, wanted_seconds, strict=True)
        ]
        for index in range(len(self._targets)):
            self._num_chosen = index
            yield self._pick_one(index)

    def _pick_one(self, index: int) -> Picked:
        target = self._targets[index]
        if self._ahead.approach(target):
            self._forget_decoded()
        self._read_beyond(target)
        wanted = self._choose(index)
        if wanted is None:
            return Picked(index, None, problem="no picture can be read")
        self._num_chosen = index + 1
        num_bytes = self._ahead.size_of(wanted)
        most_between = self._ahead.largest_between(self._last_picked, wanted)
        self._ahead.forget_before(wanted)
        self._sent = [time for time in self._sent if time >= wanted]
        if problem := self._ahead.missing(target, wanted):
            return Picked(index, None, problem=problem)
        frame = self._decode(wanted) or self._decode_again(target, wanted)
        if frame is None:
            return Picked(index, None, problem="damaged frames")
        self._last_picked = wanted
        seconds = float(pts_of(frame) * self._ahead.time_base)
        return Picked(index, frame, seconds, num_bytes=num_bytes, most_between=most_between)

    def _choose(self, index: int) -> int | None:
        """Return the time of the frame to show for a wanted time, None where there is none.

        All packets up to the wanted time must have been read.
        """
        target, latest = self._targets[index], self._latest[index]
        on_screen = self._ahead.on_screen(target)
        if on_screen is None or on_screen in self._ahead.keys or latest <= target:
            return on_screen
        self._read_beyond(latest - 1, target)
        # Key frames first, then what the decoder has already, then what it gets next: with
        #
        #     in the file   K0 P8 b4 b2 b6      on screen at the target 2, latest 7
        #
        # the first candidate in file order within [2, 7) is b4, which needs K0 and P8 alone.
        sent = [] if self._ahead.has_gap else self._sent
        shown = (packet for packet in self._ahead.pending if not packet.is_discard)
        times = chain(self._ahead.keys, sent, map(pts_of, shown))
        return next((time for time in times if on_screen <= time < latest), on_screen)

    def _read_beyond(self, time: int, target: int | None = None) -> None:
        """Read all packets up to `time`; before `target`, or else `time`, nothing is wanted."""
        while not self._ahead.read_beyond(time, time if target is None else target):
            # Too many are pending: no key frame has come to jump to, so half of them are decoded.
            for _ in range(len(self._ahead.pending) // 2):
                self._send_next()

    def _decode(self, wanted: int) -> av.VideoFrame | None:
        """Return the wanted frame, or None where it is damaged."""
        self._num_errors = 0
        self._ahead.jump_to_key(wanted)
        self._goal = wanted
        self._decode_until(wanted)
        self._keep([])  # the frame may have been decoded for an earlier goal
        frame = self._decoded[0] if self._decoded else None
        if frame is None or frame.is_corrupt or not self._is_near(frame, wanted):
            return None
        return frame

    def _decode_again(self, target: int, wanted: int) -> av.VideoFrame | None:
        """Try once more from further back, without starting afresh at key frames.

        Films may spread their key frames over many frames (periodic intra refresh): decoding can
        begin there, but the picture is whole only later, and the file does not say when.
        """
        ahead = self._ahead
        if self._num_errors or not ahead.may_jump or not ahead.can_seek:
            return None
        ahead.may_jump = False
        if not ahead.seek(target - ahead.to_ticks(REFRESH_SECONDS)):
            return None
        self._forget_decoded()
        self._read_beyond(target)
        frame = self._decode(wanted)
        ahead.may_jump = frame is None  # damage, not an incomplete key frame
        return frame

    def _decode_until(self, wanted: int) -> None:
        """Send packets to the decoder until it has returned the wanted frame or a later one."""
        ahead = self._ahead
        while not (self._decoded and pts_of(self._decoded[-1]) >= wanted):
            if not ahead.pending and not ahead.is_at_end:
                ahead.read_one(wanted)
                continue
            if not ahead.pending or self._may_drain(wanted):
                self._drain()
                return
            self._send_next()

    def _may_drain(self, wanted: int) -> bool:
        """Whether the decoder has the wanted frame and can be flushed before the next one."""
        # Draining returns the frames that the decoder holds back to reorder them, without sending
        # it further packets. That only pays where decoding starts at a key frame afterwards.
        ahead = self._ahead
        if not ahead.may_jump or any(pts_of(packet) <= wanted for packet in ahead.pending):
            return False
        if self._num_chosen == len(self._targets):
            return True
        self._read_beyond(self._targets[self._num_chosen])
        following = self._choose(self._num_chosen)
        if not ahead.pending or ahead.has_gap or following is None:
            return ahead.has_gap
        return any(packet.is_keyframe and pts_of(packet) <= following for packet in ahead.pending)

    def _send_next(self) -> None:
        """Send the next packet to the decoder."""
        if self._ahead.has_gap:
            self._context.flush_buffers()
            self._sent.clear()
        packet = self._ahead.take()
        if self._can_skip:
            is_wanted = self._may_be_wanted(pts_of(packet))
            self._context.skip_frame = "DEFAULT" if is_wanted else "NONREF"
        if not packet.is_discard:
            self._sent.append(pts_of(packet))
        try:
            self._keep(packet.decode())
        except DECODE_ERRORS:
            self._num_errors += 1  # if the frame is wanted, it will be found missing

    def _may_be_wanted(self, time: int) -> bool:
        """Whether a frame may be the one to show, now or for one of the next wanted times."""
        if time <= self._goal:
            return time == self._goal
        # This frame can answer the targets [first, last): it begins by their latest time at most,
        # and is on screen until after their own.
        first = max(self._num_chosen, bisect_left(self._latest, time))
        last = bisect_left(self._targets, self._ahead.end_of(time))
        for target, latest in zip(self._targets[first:last], self._latest[first:last], strict=True):
            on_screen = self._ahead.on_screen(target)
            if on_screen is None or not any(on_screen <= sent < latest for sent in self._sent):
                return True  # no frame sent before it can be shown for this target
        return False

    def _drain(self) -> None:
        with suppress(*DECODE_ERRORS):
            self._keep(self._context.decode(None))
        self._context.flush_buffers()
        self._sent.clear()

    def _keep(self, frames: list[av.VideoFrame]) -> None:
        for frame in frames:
            if frame.pts is not None:
                insort(self._decoded, frame, key=pts_of)
        # Of the frames up to the wanted one only the latest can matter; 4K frames are 12 MB each.
        del self._decoded[: bisect_right(self._decoded, self._goal, key=pts_of) - 1]

    def _forget_decoded(self) -> None:
        """Start anew elsewhere in the file; seeking has flushed the decoder."""
        self._sent.clear()
        self._decoded.clear()

    def _is_near(self, frame: av.VideoFrame, wanted: int) -> bool:
        """Whether a frame is the wanted one, or its first field."""
        longest = self._ahead.to_ticks(FIELD_SECONDS)
        return abs(pts_of(frame) - wanted) <= min(self._ahead.end_of(wanted) - wanted, longest)


def decoder_options(
    video: VideoStream, size: tuple[int, int], *, are_keys: bool = False
) -> dict[str, str]:
    """Return options of FFmpeg's decoder that save work on pictures which are shrunk much.

    Args:
        video: what is known of the picture.
        size: width and height that it is shrunk to, upright.
        are_keys: whether only key frames are decoded.
    """
    if min(video.width, video.height) < LEAST_SHRINKING * min(size):
        return {}
    # A sixth of decoding. Key frames keep theirs: what others lack would else add up for longer.
    return {"skip_loop_filter": "all" if are_keys else "nokey"}
