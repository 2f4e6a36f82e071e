"""Languages as file names and containers write them, and how their old text files are encoded."""

from __future__ import annotations

import re

_CODES = """
ar:ara bg:bul bn:ben bs:bos ca:cat cs:ces da:dan de:deu el:ell en:eng es:spa et:est eu:eus fa:fas
fi:fin fr:fra ga:gle gl:glg he:heb hi:hin hr:hrv hu:hun hy:hye id:ind is:isl it:ita ja:jpn ka:kat
ko:kor lt:lit lv:lav mk:mkd ms:msa mt:mlt nb:nob nl:nld nn:nno no:nor pl:pol pt:por ro:ron ru:rus
sk:slk sl:slv sq:sqi sr:srp sv:swe ta:tam te:tel th:tha tr:tur uk:ukr ur:urd vi:vie zh:zho
"""
LONG_CODES = dict(pair.split(":") for pair in _CODES.split())
"""ISO 639-2 (terminology) by ISO 639-1, for common languages."""

_NAMES_IN_QUICKTIME = {
    "deu": "ger", "ell": "gre", "isl": "ice", "nld": "dut", "sqi": "alb", "zho": "chi",
    "fre": "fra", "rum": "ron", "cze": "ces", "slo": "slk",
}  # fmt: skip
"""Codes that FFmpeg writes into QuickTime files under another name only."""

_ENCODINGS = {
    "cp1250": "bos ces hrv hun pol ron slk slv",
    "cp1251": "bul mkd rus srp ukr",
    "cp1253": "ell",
    "cp1254": "tur",
    "cp1255": "heb",
    "cp1256": "ara fas urd",
    "cp1257": "est lav lit",
    "cp1258": "vie",
    "cp874": "tha",
    "cp932": "jpn",
    "cp949": "kor",
    "gb18030": "zho",
}
_ENCODING_OF = {code: name for name, codes in _ENCODINGS.items() for code in codes.split()}


def long_code(text: str) -> str | None:
    """Return the three-letter code of a language tag; None if it is no such tag.

    >>> long_code("de"), long_code("pt-BR"), long_code("eng"), long_code("summary")
    ('deu', 'por', 'eng', None)
    """
    match = re.fullmatch(r"([a-z]{2,3})(?:[-_][a-z0-9]{2,8})*", text.lower())
    if match is None:
        return None
    code = match[1]
    return code if len(code) == 3 else LONG_CODES.get(code)


def code_for(language: str, muxer: str) -> str:
    """Return a language tag as a container of FFmpeg keeps it.

    >>> code_for("deu", "mov"), code_for("en", "mp4"), code_for("de-AT", "matroska")
    ('ger', 'eng', 'deu')
    """
    code = long_code(language) or language
    return _NAMES_IN_QUICKTIME.get(code, code) if muxer == "mov" else code


def usual_encoding(language: str | None) -> str:
    """Return how text files of a language were encoded before UTF-8, by Python's name."""
    return _ENCODING_OF.get(language or "", "cp1252")
