"""Small films whose every frame says its number, with flashes and beeps at known times.

    upper half   16 bars: the frame number, most significant bit on the left, white is one
    lower half   a grey that drifts, red at the left edge; all white during a flash

Times are seconds on the presentation clock; `start_offset_seconds` shifts the container's clock.
"""

from __future__ import annotations

import math
import os
import pickle
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import wraps
from hashlib import sha256
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
from av.video.reformatter import VideoReformatter

os.environ.setdefault("SVT_LOG", "0")  # or the AV1 encoder talks on stderr

NUM_BARS = 16
FLASH_SECONDS = 0.2
BEEP_SECONDS = 0.2
BEEP_HZ = 1000.0
BEEP_AMPLITUDE = 0.8
HUM_HZ = 110.0
CLOCK = Fraction(1, 90000)
AUDIO_BLOCK = 1024

CODECS = {
    ".mp4": ("libx264", "aac"),
    ".mov": ("libx264", "aac"),
    ".mkv": ("libx264", "aac"),
    ".ts": ("libx264", "aac"),
    ".flv": ("libx264", "aac"),
    ".webm": ("libvpx-vp9", "libopus"),
    ".avi": ("mpeg4", "libmp3lame"),
    ".wmv": ("wmv2", "libmp3lame"),
    ".gif": ("gif", None),
    ".apng": ("apng", None),
    ".h264": ("libx264", None),
    ".m4a": (None, "aac"),
    ".wav": (None, "pcm_s16le"),
    ".mp3": (None, "libmp3lame"),
    ".aac": (None, "aac"),
    ".mka": (None, "aac"),
}
"""Picture and sound codec by extension."""

FAST_OPTIONS = {
    "libx264": {"preset": "veryfast", "sc_threshold": "0"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=none"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libsvtav1": {"preset": "12", "svtav1-params": "lp=1"},
    "libaom-av1": {"cpu-used": "8", "usage": "realtime"},
}


_kept_films: Path | None = None


def keep_films(folder: Path | None) -> None:
    """Keep every film that `make_film` makes in a folder, and copy it where it is asked for again.

    Most tests want one of few films, and encoding one costs a hundred times what a copy does.
    """
    global _kept_films
    _kept_films = folder


def _made_once(make: Callable[..., Path]) -> Callable[..., Path]:
    @wraps(make)
    def copy_film(path: Path, **options: object) -> Path:
        if _kept_films is None:
            return make(path, **options)
        key = sha256(pickle.dumps(sorted(options.items()))).hexdigest()
        kept = _kept_films / f"{key}{path.suffix}"
        if not kept.exists():
            # Another process may be making the same film.
            make(kept.with_name(f"{os.getpid()}{path.suffix}"), **options).replace(kept)
        shutil.copyfile(kept, path)
        return path

    return copy_film


@_made_once
def make_film(
    path: Path,
    *,
    seconds: float = 6.0,
    frame_rate: float | Fraction = 25,
    size: tuple[int, int] = (320, 180),
    flashes: Sequence[float] = (),
    beeps: Sequence[float] = (),
    video: bool = True,
    audio: bool = True,
    codec: str | None = None,
    audio_codec: str | None = None,
    pixel_format: str | None = None,
    rotation: int = 0,
    mirrored: bool = False,
    sample_aspect_ratio: Fraction | None = None,
    frame_times: Sequence[float] | None = None,
    video_start_seconds: float = 0.0,
    audio_start_seconds: float = 0.0,
    audio_seconds: float | None = None,
    start_offset_seconds: float = 0.0,
    sample_rate: int = 44100,
    layout: str = "mono",
    loudness: float = 0.02,
    num_audio_tracks: int = 1,
    languages: Sequence[str] = (),
    silent_tracks: Sequence[int] = (),
    default_track: int | None = None,
    is_antiphase: bool = False,
    gop_seconds: float = 2.0,
    b_frames: int = 2,
    encoder_options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    sound_options: dict[str, str] | None = None,
    cover: bool = False,
    draw: Callable[..., np.ndarray] | None = None,
) -> Path:
    """Write a film and return its path; the extension decides the container.

    Args:
        path: where to write.
        seconds: end of the picture (and of the sound, unless `audio_seconds` says otherwise).
        frame_rate: frames per second of a film with constant rate.
        size: coded width and height in pixels, before rotation and aspect ratio.
        flashes: times at which the lower half turns white for FLASH_SECONDS.
        beeps: times at which a tone sounds for BEEP_SECONDS, in every track and channel.
        video: whether there is a picture.
        audio: whether there is sound.
        codec: picture encoder, if not the usual one of the container.
        audio_codec: sound encoder, if not the usual one of the container.
        pixel_format: pixel format, if not the usual one of the encoder.
        rotation: clockwise degrees a player has to turn the picture by.
        mirrored: whether a player has to swap left and right after that.
        sample_aspect_ratio: width of a sample by its height.
        frame_times: times of all frames, for a variable rate; replaces `frame_rate`.
        video_start_seconds: time of the first frame.
        audio_start_seconds: time of the first sample.
        audio_seconds: end of the sound.
        start_offset_seconds: what the container's clock shows at the start of the presentation.
        sample_rate: samples per second, Hz.
        layout: channel layout, for example "5.1".
        loudness: amplitude of the hum under the beeps; 0 is silence. Track k hums at (k + 1) times
            the base frequency.
        num_audio_tracks: number of equal sound tracks.
        languages: language tag of each track.
        silent_tracks: numbers of tracks that are silent throughout.
        default_track: number of the track that the container flags as the one to take.
        is_antiphase: whether every other channel is turned round.
        gop_seconds: distance of key frames.
        b_frames: most consecutive B-frames, where the encoder has them.
        encoder_options: further options of the picture encoder.
        container_options: options of the muxer.
        sound_options: options of the sound encoder.
        cover: whether an attached picture is added as another video stream (MP4 only).
        draw: draws frames instead of `draw_frame`.
    """
    if frame_times is None:
        num_frames = round((seconds - video_start_seconds) * frame_rate)
        frame_times = [video_start_seconds + i / float(frame_rate) for i in range(num_frames)]
    usual_codec, usual_audio_codec = CODECS[path.suffix]
    with av.open(str(path), "w", options=container_options or {}) as container:
        writers = []
        if video and usual_codec:
            stream = container.add_stream(
                codec or usual_codec, rate=Fraction(frame_rate).limit_denominator(1001)
            )
            stream.width, stream.height = size
            stream.codec_context.gop_size = max(1, round(gop_seconds * float(frame_rate)))
            _configure_picture(stream, pixel_format, b_frames, encoder_options or {})
            if sample_aspect_ratio is not None:
                stream.codec_context.sample_aspect_ratio = sample_aspect_ratio
            if rotation or mirrored:
                stream.set_display_rotation(-rotation, hflip=mirrored)
            writers.append(
                _picture_packets(
                    stream, frame_times, seconds, flashes, start_offset_seconds, draw or draw_frame
                )
            )
        for track in range(num_audio_tracks if audio and usual_audio_codec else 0):
            stream = container.add_stream(
                audio_codec or usual_audio_codec, rate=sample_rate, layout=layout
            )
            stream.codec_context.options = sound_options or {}
            if track < len(languages):
                stream.metadata["language"] = languages[track]
            if default_track is not None:
                is_default = track == default_track
                stream.disposition = av.stream.Disposition.default if is_default else 0
            samples = make_sound(
                (audio_seconds or seconds) - audio_start_seconds,
                sample_rate=sample_rate,
                beeps=[time - audio_start_seconds for time in beeps],
                loudness=loudness,
                hum_hz=HUM_HZ * (track + 1),
            )
            if track in silent_tracks:
                samples[:] = 0
            start_seconds = audio_start_seconds + start_offset_seconds
            signs = [-1 if is_antiphase and k % 2 else 1 for k in range(stream.channels)]
            writers.append(_sound_packets(stream, samples, start_seconds, signs))
        if cover:
            writers.append(_cover_packets(container))
        _mux_in_order(container, writers)
    return path


def run_ffmpeg(*arguments: str | Path) -> None:
    """Run the FFmpeg that comes with the package."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-nostdin", *arguments]
    subprocess.run([os.fspath(argument) for argument in command], check=True)


def trim_film(path: Path, start_seconds: float, end_seconds: float) -> Path:
    """Let the edit lists of an MP4 film show a part of it, as trimming on a phone does.

    Nothing is left out of the file. Every track must have an edit list: one with B-frames or
    priming has, or one that starts late.
    """
    data = bytearray(path.read_bytes())
    (clock,) = struct.unpack_from(">I", data, data.index(b"mvhd") + 16)
    for track in [match.start() for match in re.finditer(b"trak", data)]:
        (track_clock,) = struct.unpack_from(">I", data, data.index(b"mdhd", track) + 16)
        edits = data.index(b"elst", track) + 8
        (count,) = struct.unpack_from(">I", data, edits)
        last = edits + 4 + 12 * (count - 1)  # a pause may come first
        (priming,) = struct.unpack_from(">i", data, last + 4)
        lasts = round((end_seconds - start_seconds) * clock)
        struct.pack_into(">Ii", data, last, lasts, priming + round(start_seconds * track_clock))
    path.write_bytes(data)
    return path


def join_films(target: Path, *parts: Path) -> Path:
    """Put the packets of films one after the other, as those of one film, and return its path."""
    offset = Fraction(0)
    with av.open(str(target), "w") as container:
        streams: list[av.stream.Stream] = []
        for part in parts:
            with av.open(str(part)) as source:
                streams = streams or [
                    container.add_stream_from_template(stream) for stream in source.streams
                ]
                for packet in source.demux():
                    if packet.pts is None:
                        continue
                    shift = round(offset / packet.time_base)
                    packet.pts += shift
                    packet.dts = None if packet.dts is None else packet.dts + shift
                    packet.stream = streams[packet.stream_index]
                    container.mux(packet)
                offset += Fraction(source.duration, av.time_base)
    return target


def make_sound(
    seconds: float,
    *,
    sample_rate: int,
    beeps: Iterable[float] = (),
    loudness: float = 0.02,
    hum_hz: float = HUM_HZ,
) -> np.ndarray:
    """A hum with beeps: float32 (T,) in [-1, 1]."""
    times = np.arange(round(seconds * sample_rate)) / sample_rate
    samples = loudness * np.sin(2 * np.pi * hum_hz * times)
    for beep in beeps:
        inside = (times >= beep) & (times < beep + BEEP_SECONDS)
        samples[inside] = BEEP_AMPLITUDE * np.sin(2 * np.pi * BEEP_HZ * (times[inside] - beep))
    return samples.astype(np.float32)


def draw_frame(number: int, time: float, size: tuple[int, int], *, flash: bool) -> np.ndarray:
    """The picture of one frame: uint8 (H, W, 3) RGB."""
    width, height = size
    picture = np.full((height, width, 3), 60 + round(40 * math.sin(time)), np.uint8)
    picture[height // 2 :, : width // 8] = (200, 20, 20)
    if flash:
        picture[height // 2 :] = 255
    bits = (number >> np.arange(NUM_BARS - 1, -1, -1)) & 1
    columns = np.arange(width) * NUM_BARS // width
    picture[: height // 2] = np.where(bits[columns] == 1, 235, 16)[None, :, None]
    return picture


def read_frame_number(pixels: np.ndarray) -> int:
    """The number a frame of `make_film` shows; pixels uint8 (H, W, 3), upright, any size."""
    height, width = pixels.shape[:2]
    row = pixels[height // 8 : height * 3 // 8].mean(axis=(0, 2))
    centres = ((np.arange(NUM_BARS) + 0.5) * width / NUM_BARS).astype(int)
    bits = row[centres] > 128
    return int((bits * (1 << np.arange(NUM_BARS - 1, -1, -1))).sum())


def is_flash(pixels: np.ndarray) -> bool:
    """Whether the lower half of an upright frame is white."""
    return float(pixels[pixels.shape[0] * 5 // 8 :].mean()) > 200


def find_beeps(samples: np.ndarray, sample_rate: int) -> list[float]:
    """Times at which a tone louder than 0.3 begins; samples float32 (T,)."""
    loud = np.flatnonzero(np.abs(samples) > 0.3)
    if not len(loud):
        return []
    gaps = np.flatnonzero(np.diff(loud) > 0.05 * sample_rate)
    return [float(loud[i]) / sample_rate for i in (0, *(gaps + 1))]


def _configure_picture(stream, pixel_format, b_frames, encoder_options) -> None:
    context = stream.codec_context
    usual = {"gif": "rgb8", "apng": "rgb24"}.get(context.name, "yuv420p")
    stream.pix_fmt = pixel_format or usual
    # MPEG-4 part 2 and its kin store their time base in 16 bits.
    is_coarse = context.name in ("mpeg4", "wmv2")
    context.time_base = 1 / stream.average_rate if is_coarse else CLOCK
    context.thread_count = 1
    context.options = FAST_OPTIONS.get(context.name, {}) | encoder_options
    if context.name in ("libx264", "libx265", "mpeg4"):
        context.max_b_frames = b_frames
    if context.name not in ("gif", "apng", "mjpeg", "ffv1", "png"):
        context.bit_rate = max(400_000, stream.width * stream.height * 4)


def _picture_packets(stream, frame_times, seconds, flashes, offset, draw):
    size = stream.width, stream.height
    clock = stream.codec_context.time_base
    ends = [*frame_times[1:], max(seconds, frame_times[-1] + 1e-3)]
    reformatter = VideoReformatter()
    for number, (time, end) in enumerate(zip(frame_times, ends, strict=True)):
        flash = any(start - 1e-6 <= time < start + FLASH_SECONDS - 1e-6 for start in flashes)
        frame = av.VideoFrame.from_ndarray(draw(number, time, size, flash=flash), "rgb24")
        # Each frame's own reformatter would start threads for it.
        frame = reformatter.reformat(frame, format=stream.pix_fmt, threads=1)
        frame.time_base = clock
        frame.pts = round((time + offset) / clock)
        frame.duration = round((end - time) / clock)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _sound_packets(stream, samples, start_seconds, signs):
    context = stream.codec_context
    rate, layout = context.sample_rate, context.layout.name
    resampler = av.AudioResampler(context.format, layout, rate, context.frame_size or AUDIO_BLOCK)
    for begin in range(0, len(samples), AUDIO_BLOCK):
        block = np.outer(samples[begin : begin + AUDIO_BLOCK], np.float32(signs)).ravel()
        frame = av.AudioFrame.from_ndarray(block[None], "flt", layout)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round(start_seconds * rate) + begin
        for converted in resampler.resample(frame):
            yield from stream.encode(converted)
    for converted in resampler.resample(None):
        yield from stream.encode(converted)
    yield from stream.encode(None)


def _cover_packets(container):
    stream = container.add_stream("png", rate=1)
    stream.width, stream.height, stream.pix_fmt = 64, 64, "rgb24"
    stream.disposition = av.stream.Disposition.attached_pic
    frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), (0, 255, 0), np.uint8), "rgb24")
    frame.pts = 0
    yield from stream.encode(frame)
    yield from stream.encode(None)


def _mux_in_order(container, writers) -> None:
    """Interleave by time, so that players and `-ss` style seeks find both streams together."""
    heads = [[writer, next(writer, None)] for writer in writers]
    while heads := [head for head in heads if head[1] is not None]:
        head = min(heads, key=lambda h: float((h[1].dts or 0) * h[1].time_base))
        container.mux(head[1])
        head[1] = next(head[0], None)
