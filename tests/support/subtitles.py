"""Films with subtitles, and what a file says in them."""

from __future__ import annotations

import struct
from pathlib import Path

import av
from films import make_film, run_ffmpeg

WORDS = ((1.0, 3.0, "one"), (4.0, 5.0, "two <i>slanted</i>"), (5.5, 9.0, "three\nlines"))
"""Cues of `srt_text`: start, end, words."""


def srt_text(cues=WORDS):
    """Return cues as SubRip."""
    return "\n".join(
        f"{n}\n{_stamp(start)} --> {_stamp(end)}\n{words}\n"
        for n, (start, end, words) in enumerate(cues, 1)
    )


def ass_text(cues=((1.0, 3.0, "one"), (4.0, 5.0, "{\\pos(10,20)}two"))):
    """Return cues as ASS, in a style of its own."""
    return (
        "[Script Info]\nScriptType: v4.00+\nPlayResX: 640\nPlayResY: 360\n\n[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, "
        "BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, "
        "BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n"
        "Style: Sign,Arial,44,&H0000FFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,"
        "2,2,2,10,10,10,1\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    ) + "".join(
        f"Dialogue: 0,{_stamp(start)[1:-1].replace(',', '.')},"
        f"{_stamp(end)[1:-1].replace(',', '.')},Sign,,0,0,0,,{words}\n"
        for start, end, words in cues
    )


def film_with_subtitles(path: Path, *tracks: tuple[str, list[str]], **options) -> Path:
    """Make a film of 10 s with tracks of subtitles inside.

    Args:
        path: where to write.
        tracks: for each the text (SubRip, or ASS where it has styles) and FFmpeg's options, in
            which "#" stands for the number of the track.
        options: of `make_film`.
    """
    small = {"seconds": 10.0, "size": (64, 36), "frame_rate": 10, "sample_rate": 48_000}
    plain = make_film(path.with_name(f"plain{path.suffix}"), **{**small, **options})
    codec = {".mp4": "mov_text", ".mov": "mov_text", ".webm": "webvtt"}
    inputs, arguments = ["-i", plain], ["-map", "0"]
    for number, (text, settings) in enumerate(tracks):
        suffix = "ass" if "[V4+ Styles]" in text else "srt"
        file = path.with_name(f"track-{number}.{suffix}")
        file.write_text(text, encoding="utf-8")
        inputs += ["-i", file]
        kept = codec.get(path.suffix, "ass" if suffix == "ass" else "subrip")
        arguments += ["-map", f"{number + 1}", f"-c:s:{number}", kept]
        arguments += [argument.replace("#", str(number)) for argument in settings]
    run_ffmpeg("-copyts", *inputs, *arguments, "-c:v", "copy", "-c:a", "copy", path)
    for file in [plain, *path.parent.glob("track-*")]:
        file.unlink()
    return path


SCC = """Scenarist_SCC V1.0

00:00:01:00\t9420 9420 9452 9452 c8e5 ecec ef80 942f 942f

00:00:03:00\t942c 942c

00:00:05:00\t9420 9420 9452 9452 c8e5 ecec ef80 942f 942f

00:00:07:00\t942c 942c
"""
"""Closed captions: "Hello" from 1 to 3 s and from 5 to 7 s; FFmpeg leaves out the last line."""


def film_with_captions(path: Path) -> Path:
    """Make a QuickTime film of 10 s with a track of closed captions (EIA-608)."""
    plain = make_film(path.with_name("plain.mov"), seconds=10.0, size=(64, 36), frame_rate=10)
    text = path.with_name("captions.scc")
    text.write_text(SCC, encoding="ascii")
    run_ffmpeg("-i", plain, "-i", text, "-map", "0", "-map", "1", "-c", "copy", path)
    text.unlink()
    plain.unlink()
    return path


def film_with_picture_subtitles(path: Path) -> Path:
    """Make a Matroska film of 4 s with a track of subtitles that are pictures (PGS), all empty."""
    plain = make_film(path.with_name("plain.mkv"), seconds=4.0, size=(64, 36), frame_rate=10)
    pictures = path.with_name("pictures.sup")
    composition = struct.pack(">HHBHBBBB", 64, 36, 0x10, 0, 0x80, 0, 0, 0)
    parts = [(time, *part) for time in (1, 3) for part in ((0x16, composition), (0x80, b""))]
    pictures.write_bytes(
        b"".join(
            b"PG" + struct.pack(">IIBH", time * 90_000, 0, kind, len(data)) + data
            for time, kind, data in parts
        )
    )
    run_ffmpeg("-i", plain, "-i", pictures, "-map", "0", "-map", "1", "-c", "copy", path)
    return path


def with_captions_in_pictures(source: Path, path: Path) -> Path:
    """Copy an H.264 film to MP4, with closed captions in front of every picture (ATSC A/53)."""
    captions = b"\xb5\0\x31GA94" + bytes([3, 0x41, 0xFF, 0xFC, 0x94, 0x20, 0xFF])
    unit = bytes([6, 4, len(captions)]) + captions + b"\x80"
    with av.open(str(source)) as film, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(video=0):
            if packet.size:
                new = av.Packet(len(unit).to_bytes(4) + unit + bytes(packet))
                new.pts, new.dts, new.time_base = packet.pts, packet.dts, packet.time_base
                new.duration, new.is_keyframe = packet.duration, packet.is_keyframe
                new.stream = stream
                container.mux(new)
    return path


def subtitles_in(path: Path) -> list[dict]:
    """Return the tracks of subtitles of a file, each with its cues: start, end, words as ASS."""
    with av.open(str(path)) as container:
        tracks = [
            {
                "codec": stream.codec_context.codec.canonical_name,
                "language": stream.metadata.get("language"),
                "title": stream.metadata.get("title") or stream.metadata.get("name"),
                "flags": [f.name for f in av.stream.Disposition if f & stream.disposition],
                "index": stream.index,
                "cues": [],
            }
            for stream in container.streams.subtitles
        ]
        of_index = {track["index"]: track for track in tracks}
        for packet in container.demux(*container.streams.subtitles) if tracks else ():
            for rect in packet.stream.decode(packet) if packet.size else ():
                start = float(packet.pts * packet.time_base)
                end = start + float(packet.duration * packet.time_base)
                words = rect.ass.decode().split(",", 8)[8]
                of_index[packet.stream_index]["cues"].append(
                    (round(start, 3), round(end, 3), words)
                )
        return tracks


def _stamp(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d},{rest % 1000:03d}"
