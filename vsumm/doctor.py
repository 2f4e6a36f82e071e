"""Describe what a film is and what will happen to it: the library behind `vsumm doctor`.

The film is read the way a summary reads it, so what is found here is what a summary would meet.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vsumm.decode import HLG, PQ, read_audio, read_frames
from vsumm.errors import InputError
from vsumm.files import shown
from vsumm.media import AudioStream, DecodeReport, MediaInfo, VideoStream, probe
from vsumm.workers import WorkerLostError, run_in_worker

SAMPLE_SECONDS = 2.0
"""Distance of the frames that are decoded: one in a segment, as for a summary."""

SAMPLE_RATE = 16_000
"""Samples per second that the sound is decoded to, Hz."""

DIFFERENCE_SECONDS = 0.5
"""A stream that starts this much later than the other is noted."""

RATE_TICKS = 2
"""Frame steps of a constant rate differ by the rounding of two timestamps at most."""

HDR_TRANSFERS = {PQ: "PQ", HLG: "HLG"}
"""Names of the transfer characteristics of high dynamic range."""


@dataclass(frozen=True)
class StreamDiagnosis:
    """What reading one stream has shown."""

    end_seconds: float
    """End of the last packet, on the presentation clock."""
    num_packets: int
    """Packets in the file: frames, for a picture."""
    is_variable_rate: bool
    """Whether the distance of the frames changes; False for sound."""
    max_key_step_seconds: float
    """Longest distance of two key frames; 0 for sound."""
    report: DecodeReport
    """What could be decoded, and by which decoder."""
    decoded_end_seconds: float
    """How far decoding came, on the presentation clock."""


@dataclass(frozen=True)
class Diagnosis:
    """What a film is, and what will happen to it."""

    info: MediaInfo
    """What its headers say."""
    picture: StreamDiagnosis | None
    """What reading the picture has shown."""
    sound: tuple[StreamDiagnosis, ...]
    """What reading the sound tracks has shown, in the order of `info.audio`."""
    problems: tuple[str, ...]
    """What is wrong, one line each; empty for a film without a fault."""
    notes: tuple[str, ...]
    """What is unusual but right, one line each."""

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def examine(path: str | os.PathLike[str]) -> Diagnosis:
    """Read a film from end to end and say what it is.

    Args:
        path: a film or sound file.

    Raises:
        InputError: it is missing, unreadable, no film or sound, or nothing in it can be decoded.
    """
    info = probe(path)
    streams = [] if info.video is None else [info.video.index]
    streams += [stream.index for stream in info.audio]
    try:
        (answer,) = run_in_worker(
            "vsumm.decode.scan:run_scan",
            path=str(info.path.absolute()),
            streams=streams,
            start_seconds=info.start_seconds,
        )
    except (InputError, WorkerLostError) as error:
        raise InputError(f"cannot read {shown(info.path)}: {error}") from error
    facts = answer.header["facts"]
    picture = None if info.video is None else _examine_picture(info, facts.pop(0))
    sound = tuple(_examine_sound(info, track, found) for track, found in enumerate(facts))
    problems = (*info.problems, *_problems(picture, sound))
    return Diagnosis(info, picture, sound, problems, tuple(_notes(info)))


def _examine_picture(info: MediaInfo, facts: dict[str, Any]) -> StreamDiagnosis:
    assert info.video is not None
    end = info.video.start_seconds + info.video.duration_seconds
    times = [step * SAMPLE_SECONDS for step in range(int(end / SAMPLE_SECONDS) + 1)]
    last = 0.0
    # The very last frame shows how far the picture can be decoded.
    with read_frames(info, [*(t for t in times if t < end - 1e-3), end - 1e-3]) as reader:
        try:
            for frame in reader:
                last = frame.time_seconds
        except InputError:
            last = 0.0  # the report says why
    spread = facts["max_step_seconds"] - facts["min_step_seconds"]
    return StreamDiagnosis(
        end_seconds=facts["end_seconds"],
        num_packets=facts["num_packets"],
        is_variable_rate=spread > (RATE_TICKS + 0.5) * facts["tick_seconds"],
        max_key_step_seconds=facts["max_key_step_seconds"],
        report=reader.report,
        decoded_end_seconds=min(last + facts["max_step_seconds"], end) if last else last,
    )


def _examine_sound(info: MediaInfo, track: int, facts: dict[str, Any]) -> StreamDiagnosis:
    end = 0.0
    with read_audio(info, sample_rate=SAMPLE_RATE, track=track) as reader:
        try:
            for block in reader:
                end = block.start_seconds + len(block.samples) / SAMPLE_RATE
        except InputError:
            end = 0.0  # the report says why
    return StreamDiagnosis(
        end_seconds=facts["end_seconds"],
        num_packets=facts["num_packets"],
        is_variable_rate=False,
        max_key_step_seconds=0.0,
        report=reader.report,
        decoded_end_seconds=end,
    )


def _problems(picture: StreamDiagnosis | None, sound: tuple[StreamDiagnosis, ...]) -> Iterator[str]:
    named = [] if picture is None else [("picture", picture)]
    named += [(f"sound {track}", found) for track, found in enumerate(sound)]
    for name, found in named:
        report = found.report
        if report.unreadable_seconds > 0:
            yield (
                f"{name}: {report.unreadable_seconds:.1f} s ({report.unreadable_share:.0%}) "
                f"cannot be read ({', '.join(report.reasons)})"
            )


def _notes(info: MediaInfo) -> Iterator[str]:
    if info.video is None:
        yield "no picture: it can be summarised by its sound only"
    elif info.video.start_seconds > DIFFERENCE_SECONDS:
        yield f"the picture starts {info.video.start_seconds:.2f} s after the sound"
    if not info.audio:
        yield "no sound: it can be summarised by its picture only"
    for track, stream in enumerate(info.audio):
        if stream.start_seconds > DIFFERENCE_SECONDS:
            yield f"sound {track} starts {stream.start_seconds:.2f} s after the picture"


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    info = diagnosis.info
    start = f", starts at {info.start_seconds:.3f} s on its own clock" if info.start_seconds else ""
    yield f"{shown(info.path)}: {info.container}, {info.duration_seconds:.2f} s{start}"
    if info.video is not None and diagnosis.picture is not None:
        yield f"  picture  {_describe_picture(info.video, diagnosis.picture)}"
        yield f"           {_describe_reading(info.video, diagnosis.picture)}"
    for track, (stream, found) in enumerate(zip(info.audio, diagnosis.sound, strict=True)):
        language = f", {stream.language}" if stream.language else ""
        yield (
            f"  sound {track}  {stream.codec}, {stream.sample_rate} Hz, "
            f"{stream.num_channels} channel{'s' if stream.num_channels > 1 else ''}{language}"
        )
        yield f"           {_describe_reading(stream, found)}"
    yield from _other_lines(info)
    for note in diagnosis.notes:
        yield f"  note     {note}"
    for problem in diagnosis.problems:
        yield f"  problem  {problem}"
    if not diagnosis.problems:
        yield "  no problems found"


def _other_lines(info: MediaInfo) -> Iterator[str]:
    """Describe what is cut with the reel, and what is left out of it."""
    for track in info.subtitles:
        kind = track.codec if track.is_text else f"{track.codec}, pictures: left out of a reel"
        facts = (kind, track.language, track.title, *track.flags)
        yield f"  subtitle {', '.join(fact for fact in facts if fact)}"
    if info.chapters:
        yield f"  chapters {len(info.chapters)}"
    for kind, number in sorted(Counter(info.other_streams).items()):
        fate = "kept with ASS subtitles in MKV" if kind == "font" else "left out of a reel"
        yield f"  besides  {number} {kind}{'s' if number > 1 else ''}: {fate}"


def _describe_picture(video: VideoStream, found: StreamDiagnosis) -> str:
    parts = [
        f"{video.codec}, {video.width} x {video.height}",
        f"{video.frame_rate:.5g} frames/s ({'variable' if found.is_variable_rate else 'constant'})",
        video.pixel_format,
    ]
    if video.is_mirrored:
        parts.append("mirrored")
    if video.rotation_degrees:
        parts.append(f"rotated by {video.rotation_degrees} degrees")
    if abs(video.sample_aspect_ratio - 1) > 1e-6:
        parts.append(f"samples {video.sample_aspect_ratio:.3g} times as wide as high")
    if video.is_interlaced:
        parts.append("interlaced")
    if video.transfer in HDR_TRANSFERS:
        parts.append(f"HDR ({HDR_TRANSFERS[video.transfer]})")
    if found.max_key_step_seconds:
        parts.append(f"key frames up to {found.max_key_step_seconds:.1f} s apart")
    return ", ".join(parts)


def _describe_reading(stream: VideoStream | AudioStream, found: StreamDiagnosis) -> str:
    declared = stream.start_seconds + stream.duration_seconds
    return (
        f"ends at {declared:.2f} s by its headers, {found.end_seconds:.2f} s by its packets, "
        f"{found.decoded_end_seconds:.2f} s by decoding; decoder {found.report.decoder}"
    )
