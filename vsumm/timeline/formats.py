"""Timelines by the extension of their file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from vsumm.errors import InputError, OutputError, ScoresError
from vsumm.files import atomic_output, open_regular_file, shown
from vsumm.timeline import edl, fcp7, fcpxml, losslesscut, mlt, opentimeline, own_json
from vsumm.timeline.model import Timeline

MAX_BYTES = 64 << 20
"""Largest timeline that is read; 10,000 clips take about 20 MB in the most talkative form."""

RateOf = Callable[[Path], Fraction]
"""Finds out the frame rate of the film that a timeline names."""


@dataclass(frozen=True)
class TimelineFormat:
    """How timelines of one kind are written and read."""

    write: Callable[[Timeline, Path], str]
    """Takes a timeline and the folder of its file, returns the file's text."""
    read: Callable[[str, RateOf], Timeline] | None
    """Takes the text of a file; None where a format can only be written."""


def _rate_inside(read: Callable[[str], Timeline]) -> Callable[[str, RateOf], Timeline]:
    return lambda text, rate_of: read(text)


def _read_xml(text: str) -> Timeline:
    """Read XML by its first element: PySceneDetect calls files of Final Cut Pro `.xml`, say."""
    first = re.search(r"<(fcpxml|xmeml|mlt)[\s>]", text)
    readers = {"fcpxml": fcpxml.read, "mlt": mlt.read}
    return readers.get(first[1] if first else "", fcp7.read)(text)


FORMATS: Mapping[str, TimelineFormat] = {
    ".json": TimelineFormat(own_json.write, _rate_inside(own_json.read)),
    ".otio": TimelineFormat(opentimeline.write, _rate_inside(opentimeline.read)),
    ".fcpxml": TimelineFormat(fcpxml.write, _rate_inside(fcpxml.read)),
    ".xml": TimelineFormat(fcp7.write, _rate_inside(_read_xml)),
    ".edl": TimelineFormat(edl.write, edl.read),
    ".mlt": TimelineFormat(mlt.write, _rate_inside(mlt.read)),
    ".kdenlive": TimelineFormat(mlt.write_kdenlive, _rate_inside(mlt.read)),
    ".llc": TimelineFormat(losslesscut.write, _rate_inside(losslesscut.read)),
}
"""Formats by extension, lower case."""


def is_timeline(path: str | os.PathLike[str]) -> bool:
    """Return whether a file of this name is written as a timeline."""
    return Path(path).suffix.lower() in FORMATS


def write_timeline(
    timeline: Timeline, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a timeline in the form that the extension names.

    Raises:
        OutputError: no form has this extension, it cannot hold the timeline, or the file cannot
            be written.
    """
    target = Path(path)
    chosen = FORMATS.get(target.suffix.lower())
    if chosen is None:
        raise OutputError(
            f"{shown(target)}: no timeline has this extension; use {', '.join(FORMATS)}"
        )
    try:
        text = chosen.write(timeline, target.absolute().parent)
    except OutputError as error:
        raise OutputError(f"{shown(target)}: {error}") from error
    with atomic_output(target, overwrite=overwrite) as partial:
        partial.write_text(text, encoding="utf-8")
    return target


def read_timeline(path: str | os.PathLike[str], *, rate_of: RateOf) -> Timeline:
    """Read a timeline, as it was written or after another program changed it.

    Args:
        path: the file; the extension names its form.
        rate_of: asked for the frame rate of a film where the file names none, as in an EDL.

    Raises:
        InputError: the file is missing or cannot be read.
        ScoresError: no form that can be read has this extension, or the file has another form.
    """
    source = Path(path)
    chosen = FORMATS.get(source.suffix.lower())
    if chosen is None or chosen.read is None:
        known = ", ".join(name for name, known in FORMATS.items() if known.read is not None)
        raise ScoresError(f"{shown(source)}: no timeline has this extension; known are {known}")
    text = read_text(source)
    try:
        return chosen.read(text, rate_of)
    except ScoresError as error:
        raise error.about(shown(source)) from error
    except ValueError as error:
        raise ScoresError(f"{shown(source)}: {error}") from error


def read_text(path: Path) -> str:
    """Return the text of a file of moderate size: UTF-8, or what its first bytes say.

    Raises:
        InputError: it is missing, unreadable, too large or no text.
    """
    try:
        with os.fdopen(open_regular_file(str(path)), "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except InputError as error:
        raise InputError(f"cannot read {shown(path)}: {error}") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{shown(path)}: larger than {MAX_BYTES >> 20} MiB, no timeline")
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{shown(path)}: no text, no timeline") from error
