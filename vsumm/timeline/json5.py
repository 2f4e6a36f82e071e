"""Read JSON5: JSON with comments, bare keys, single quotes and commas at the end."""

from __future__ import annotations

import re
from typing import Any

_SPACE = re.compile(r"(?:[\s\ufeff]|//[^\n\r\u2028\u2029]*|/\*.*?\*/)*", re.DOTALL)
_NAME = re.compile(r"[\w$]+")
_NUMBER = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F]+|Infinity|NaN|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
)
_PLAIN = re.compile(r"[^\"'\\]+")
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_MAX_DEPTH = 100


def parse_json5(text: str) -> Any:
    """Return the value that a JSON5 text holds: a dict, list, text, number, bool or None.

    Raises:
        ValueError: the text is no JSON5; the message names the line.

    >>> parse_json5("{start: .5, 'name': 'a', tags: {},} // as LosslessCut writes it")
    {'start': 0.5, 'name': 'a', 'tags': {}}
    """
    reader = _Reader(text)
    value = reader.value(0)
    reader.skip_space()
    if reader.position < len(text):
        raise reader.error("nothing more")
    return value


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def error(self, expected: str) -> ValueError:
        line = self.text.count("\n", 0, self.position) + 1
        return ValueError(f"line {line}: expected {expected}")

    def skip_space(self) -> None:
        match = _SPACE.match(self.text, self.position)
        assert match is not None
        self.position = match.end()

    def value(self, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise self.error(f"at most {_MAX_DEPTH} levels")
        self.skip_space()
        match self.text[self.position : self.position + 1]:
            case "{":
                return self._object(depth)
            case "[":
                return self._array(depth)
            case '"' | "'":
                return self._string()
        if match := _NUMBER.match(self.text, self.position):
            self.position = match.end()
            return _number(match[0])
        word = self._name("a value")
        if word not in _WORDS:
            raise self.error("a value")
        return _WORDS[word]

    def _object(self, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        self.position += 1
        while not self._takes("}"):
            quoted = self.text[self.position : self.position + 1] in ("'", '"')
            key = self._string() if quoted else self._name("a key")
            self._expect(":")
            members[key] = self.value(depth + 1)
            if not self._takes(",") and not self._is_next("}"):
                raise self.error('"," or "}"')
        return members

    def _array(self, depth: int) -> list[Any]:
        items: list[Any] = []
        self.position += 1
        while not self._takes("]"):
            items.append(self.value(depth + 1))
            if not self._takes(",") and not self._is_next("]"):
                raise self.error('"," or "]"')
        return items

    def _string(self) -> str:
        quote = self.text[self.position]
        self.position += 1
        parts: list[str] = []
        while True:
            if match := _PLAIN.match(self.text, self.position):
                parts.append(match[0])
                self.position = match.end()
            letter = self.text[self.position : self.position + 1]
            if not letter:
                raise self.error("the end of the text in quotes")
            self.position += 1
            if letter == quote:
                return "".join(parts)
            parts.append(self._escape() if letter == "\\" else letter)

    def _escape(self) -> str:
        letter = self.text[self.position : self.position + 1]
        self.position += 1
        if letter in ("x", "u"):
            length = 2 if letter == "x" else 4
            digits = self.text[self.position : self.position + length]
            if not re.fullmatch(rf"[0-9a-fA-F]{{{length}}}", digits):
                raise self.error(f"{length} hexadecimal digits")
            self.position += length
            return chr(int(digits, 16))
        if letter == "\r" and self.text[self.position : self.position + 1] == "\n":
            self.position += 1
        return "" if letter in "\n\r\u2028\u2029" else _ESCAPES.get(letter, letter)

    def _name(self, expected: str) -> str:
        match = _NAME.match(self.text, self.position)
        if match is None:
            raise self.error(expected)
        self.position = match.end()
        return match[0]

    def _is_next(self, letter: str) -> bool:
        self.skip_space()
        return self.text.startswith(letter, self.position)

    def _takes(self, letter: str) -> bool:
        """Pass over a letter, if it is next; pass over the space around it."""
        is_next = self._is_next(letter)
        if is_next:
            self.position += 1
            if letter == ",":
                self.skip_space()
        return is_next

    def _expect(self, letter: str) -> None:
        if not self._takes(letter):
            raise self.error(f'"{letter}"')


def _number(text: str) -> float | int:
    digits = text.lstrip("+-")
    sign = -1 if text.startswith("-") else 1
    if digits[:2] in ("0x", "0X"):
        return sign * int(digits, 16)
    if digits.isdecimal():
        return sign * int(digits)
    return sign * float(digits)
