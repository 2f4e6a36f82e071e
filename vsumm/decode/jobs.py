"""The jobs of the decoding process: probe a file, read its frames, read its sound.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from vsumm.decode.decord_frames import pick_with_decord
from vsumm.decode.open_track import groups_of_wanted, open_sound, open_stream
from vsumm.decode.pick_frames import FramePicker
from vsumm.decode.pixels import PixelConverter
from vsumm.decode.probe import probe_media
from vsumm.decode.scan import scan_media
from vsumm.decode.size import Geometry
from vsumm.decode.sound import SoundDamage, read_mono
from vsumm.errors import InputError

if TYPE_CHECKING:
    from vsumm.workers import Messages


def run_probe(messages: Messages, *, path: str) -> None:
    """Send the facts about a file as one "probe" message."""
    messages.send("probe", info=probe_media(path, messages.tick))


def run_scan(messages: Messages, *, path: str, streams: list[int], start_seconds: float) -> None:
    """Send facts about all packets of some streams as one "scan" message."""
    messages.send("scan", facts=scan_media(path, streams, start_seconds, messages.tick))


def run_frames(
    messages: Messages,
    *,
    path: str,
    stream: int,
    start_seconds: float,
    wanted: list[tuple[float, float]],
    size: tuple[int, int],
    rotation_degrees: int,
    is_mirrored: bool,
    crop: tuple[int, int, int, int],
) -> None:
    """Send one "frame" or "missing" message per wanted time.

    Args:
        messages: where to.
        path: the file.
        stream: index of the video stream.
        start_seconds: start of the presentation on the container's clock.
        wanted: wanted times on the presentation clock, ascending, each with the time before which
            another frame may begin that stands in.
        size: width and height of the upright picture.
        rotation_degrees: clockwise turn that makes it upright.
        is_mirrored: whether left and right are swapped before the turn.
        crop: columns and rows that are cut off before that: left, top, right, bottom.
    """
    converter = PixelConverter(Geometry(*size, rotation_degrees, is_mirrored, crop))
    on_container = [(time + start_seconds, latest + start_seconds) for time, latest in wanted]
    num_done = 0
    for group in groups_of_wanted(path, stream, on_container):
        around = (group[0][0], group[-1][1]) if group else None
        with open_stream(path, stream, "video", around=around) as (container, picture):
            for picked in FramePicker(container, picture, messages.tick).pick(group):
                index = num_done + picked.index
                if picked.frame is None:
                    messages.send("missing", index=index, problem=picked.problem)
                    continue
                seconds = picked.time_seconds - start_seconds
                pixels = converter.convert(picked.frame)
                shape = list(pixels.shape)
                messages.send("frame", pixels, index=index, time=seconds, shape=shape)
        num_done += len(group)


def run_decord_frames(
    messages: Messages,
    *,
    path: str,
    stream: int,
    start_seconds: float,
    wanted: list[tuple[float, float]],
    size: tuple[int, int],
    is_mirrored: bool,
    crop: tuple[int, int, int, int],
    **_: object,
) -> None:
    """Do what `run_frames` does with decord, which is exact only and rotates by itself.

    Raises:
        InputError: decord cannot show the film: it knows nothing of mirrored pictures, say.
    """
    if any(crop):
        raise InputError("decord cannot crop it")
    if is_mirrored:
        raise InputError("decord cannot mirror it")
    times = [time + start_seconds for time, _ in wanted]
    for picked in pick_with_decord(path, stream, times, size, messages.tick):
        messages.send(
            "frame",
            picked.pixels,
            index=picked.index,
            time=picked.time_seconds - start_seconds,
            shape=list(picked.pixels.shape),
        )


def run_sound(
    messages: Messages, *, path: str, stream: int, start_seconds: float, sample_rate: int
) -> None:
    """Send the track as "sound" messages, then one "damage" message."""
    damage = SoundDamage()
    with open_sound(path, stream) as (_, track, packets):
        blocks = read_mono(
            packets,
            track,
            start_seconds=start_seconds,
            sample_rate=sample_rate,
            damage=damage,
            tick=messages.tick,
        )
        for block in blocks:
            messages.send("sound", block)
    messages.send("damage", **asdict(damage))
