"""Films with subtitles, and what a file says in them."""

from __future__ import annotations

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
