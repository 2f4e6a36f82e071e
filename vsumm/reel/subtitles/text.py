"""Subtitles as text: read SubRip, ASS and WebVTT, and write them again.

pysubs2 holds them. The words of SubRip and WebVTT cues are kept as they are written, tags and all;
the settings of a WebVTT cue (its place on the screen) are kept in the field "effect".
"""

from __future__ import annotations

import re
import warnings

import pysubs2

from vsumm.errors import InputError
from vsumm.reel.languages import usual_encoding
from vsumm.reel.subtitles.plan import Form

CHAPTERS_MARK = "WEBVTT chapters"
"""First line of WebVTT files that hold chapters, by `vsumm.timeline`: no subtitles."""

_SPAN = re.compile(
    r"\s*((?:\d+:)?\d{2}:\d{2}[.,]\d{2,3})\s+-->\s+((?:\d+:)?\d{2}:\d{2}[.,]\d{2,3})(.*)"
)


def decode_text(data: bytes, language: str | None = None) -> tuple[str, str | None]:
    r"""Return the text of a file, and the encoding that was guessed for it, None if it is sure.

    Raises:
        InputError: it is no text.

    >>> decode_text("é".encode("utf-16")), decode_text(b"caf\xe9")
    (('é', None), ('café', 'cp1252'))
    """
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig"), None
    except UnicodeDecodeError:
        pass
    if b"\0" in data:
        raise InputError("it is no text")
    guess = usual_encoding(language)
    try:
        return data.decode(guess), guess
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def parse_subtitles(text: str) -> tuple[Form, pysubs2.SSAFile]:
    """Read subtitles of any of the three forms; what cannot be understood is left out.

    Raises:
        InputError: there are none in the text.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if text.startswith(CHAPTERS_MARK):
        raise InputError("it holds chapters")
    form: Form = "srt"
    if text.lstrip().startswith("WEBVTT"):
        form, subtitles = "vtt", _parse_webvtt(text)
    elif "[Script Info]" in text or re.search(r"^\[V4\+? Styles\]", text, re.MULTILINE):
        form, subtitles = "ass", _parse_with_pysubs2(text, "ass")
    else:
        subtitles = _parse_with_pysubs2(text, "srt")
    if not any(not event.is_comment for event in subtitles):
        raise InputError("no subtitles can be read in it")
    return form, subtitles


def subtitle_text(subtitles: pysubs2.SSAFile, form: Form, written_as: Form) -> str:
    """Return subtitles as text.

    Args:
        subtitles: what `parse_subtitles` returns, with other times say.
        form: how their words are written.
        written_as: what to return; only "ass" can become another form, "srt".
    """
    if written_as == "vtt":
        return _webvtt(subtitles)
    if written_as == "ass":
        return subtitles.to_string("ass")
    return subtitles.to_string("srt", keep_ssa_tags=form == "srt")


def _parse_with_pysubs2(text: str, form: str) -> pysubs2.SSAFile:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of times that it clamps
        try:
            return pysubs2.SSAFile.from_string(text, form, keep_html_tags=True)
        except (pysubs2.Pysubs2Error, ValueError, KeyError, IndexError, OverflowError) as error:
            raise InputError("no subtitles can be read in it") from error


def _parse_webvtt(text: str) -> pysubs2.SSAFile:
    """Read WebVTT: names of cues, notes and style sheets are no words of a cue."""
    subtitles = pysubs2.SSAFile()
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").split("\n")
        for number, line in enumerate(lines[:2]):
            if match := _SPAN.fullmatch(line):
                start, end = (_milliseconds(stamp) for stamp in match.groups()[:2])
                words = "\\N".join(lines[number + 1 :])
                settings = match[3].strip()
                subtitles.append(pysubs2.SSAEvent(start, end, text=words, effect=settings))
                break
    return subtitles


def _milliseconds(stamp: str) -> int:
    *hours, minutes, seconds = stamp.replace(",", ".").split(":")
    return round(float(seconds) * 1000) + 60_000 * (
        60 * int(hours[0] if hours else 0) + int(minutes)
    )


def _webvtt(subtitles: pysubs2.SSAFile) -> str:
    cues = ["WEBVTT\n"]
    for event in subtitles:
        span = f"{_stamp(event.start)} --> {_stamp(event.end)} {event.effect}".rstrip()
        words = re.sub(r"\n+", "\n", event.text.replace("\\N", "\n")).strip()
        cues.append(f"{span}\n{words}\n")
    return "\n".join(cues)


def _stamp(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
