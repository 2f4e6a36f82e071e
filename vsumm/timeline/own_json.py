"""Timelines as JSON of our own form: nothing is rounded, fractions are text like "1001/30000"."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from vsumm.errors import ScoresError
from vsumm.timeline.model import Timeline

FORM = "vsumm-timeline"
VERSION = 1


def write(timeline: Timeline, folder: Path) -> str:
    """Return a timeline as JSON text."""
    plain = msgspec.to_builtins(timeline, enc_hook=_to_text)
    document = {"form": FORM, "version": VERSION, **plain}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def read(text: str) -> Timeline:
    """Read what `write` wrote.

    Raises:
        ScoresError: it has another form.
    """
    try:
        document = msgspec.json.decode(text, type=dict[str, Any])
        form, version = document.pop("form", None), document.pop("version", None)
        if (form, version) != (FORM, VERSION):
            raise ScoresError(f"no summary, and no timeline of version {VERSION}")
        return msgspec.convert(document, Timeline, dec_hook=_from_text)
    except (msgspec.DecodeError, ValueError, ZeroDivisionError) as error:
        raise ScoresError(f"no timeline: {error}") from error


def _to_text(value: object) -> str:
    if isinstance(value, (Path, Fraction)):
        return str(value)
    raise NotImplementedError(f"no JSON form for {type(value)}")


def _from_text(kind: type, value: Any) -> Any:
    if kind in (Path, Fraction) and isinstance(value, str):
        return kind(value)
    raise NotImplementedError(f"no {kind} from {value!r}")
