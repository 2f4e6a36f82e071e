"""Read and write XML without surprises: nothing in a file can name another file or an entity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from xml.etree import ElementTree as ET

from vsumm.errors import ScoresError

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MAX_DEPTH = 200
"""Elements inside each other; editing programs need fewer than twenty."""


def parse(text: str, *, root: str) -> ET.Element:
    """Return the root element of an XML text.

    Entities are what XML bombs and thefts of files are made of. All that may be declared begin
    with the same letters, and the text is decoded already, so that no encoding can hide them.

    Raises:
        ScoresError: it is no XML, declares entities, is nested too deep, or has another root.
    """
    if "<!ENTITY" in text:
        raise ScoresError("the XML declares entities, which no timeline needs: refused")
    builder = _Builder()
    parser = ET.XMLParser(target=builder)  # noqa: S314  # see above
    try:
        parser.feed(_DECLARATION.sub("", text, count=1))
        element = parser.close()
    except ET.ParseError as error:
        raise ScoresError(f"no XML: {error}") from error
    if element.tag != root:
        raise ScoresError(f"the XML holds <{element.tag}>, not <{root}>")
    return element


class _Builder(ET.TreeBuilder):
    """Builds elements, but not without end inside each other."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ScoresError(f"the XML is nested deeper than {MAX_DEPTH} elements: refused")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def add(
    parent: ET.Element, tag: str, text: str | int | None = None, **attributes: str | int
) -> ET.Element:
    """Add an element; a trailing underscore of a name is dropped, for `in_`."""
    named = {name.rstrip("_"): _clean(str(value)) for name, value in attributes.items()}
    element = ET.SubElement(parent, tag, named)
    if text is not None:
        element.text = _clean(str(text))
    return element


def to_text(root: ET.Element, *, doctype: str | None = None) -> str:
    """Return a whole XML file as text."""
    ET.indent(root)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    head += f"<!DOCTYPE {doctype}>\n" if doctype else ""
    return head + ET.tostring(root, encoding="unicode") + "\n"


def text_of(element: ET.Element, path: str, default: str = "") -> str:
    """Return the text of an element below another one."""
    return (element.findtext(path) or default).strip()


def whole(element: ET.Element, path: str) -> int | None:
    """Return a whole number that stands below an element, None where there is none."""
    try:
        return round(Fraction(text_of(element, path)))
    except (ValueError, ZeroDivisionError):
        return None


def properties(element: ET.Element) -> Iterator[tuple[str, str]]:
    """Yield names and values of the `property` elements right below an element."""
    for item in element.findall("property"):
        yield item.get("name", ""), (item.text or "").strip()


def _clean(text: str) -> str:
    """Replace characters that XML cannot hold in any form."""
    return _UNWRITABLE.sub("\ufffd", text)
