"""Prompts for music generators: sentences with slots, and every way to fill them.

Sentences and words are data, in `templates.toml` beside this module or in a user's own
file. Nothing here imports torch.

Letters in shapes: P prompts, S slots.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import string
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmva_core.errors import DataError

DEFAULT_TEMPLATES = Path(__file__).with_name("templates.toml")
"""The paper's sentences and words."""
MAX_PROMPTS = 2_000_000
"""Largest number of combinations; at 150 a second, more would take hours."""

Choices = NDArray[np.int16]
"""(P, S) position in its list of the word in each slot."""


@dataclass(frozen=True)
class Templates:
    """Sentences with slots, and the words that fill them.

    Raises:
        ValueError: a slot has no words, a list has no slot, or there are too many combinations.
    """

    sentences: tuple[str, ...]
    """Sentences in order, with slots such as "{genre}"."""
    words: Mapping[str, tuple[str, ...]]
    """Words by kind: "genre" for the slot {genre}, "instrument" for {instrument_1} and so on."""

    def __post_init__(self) -> None:
        used = {kind_of(slot) for slot in self.slots}
        if any(spec or conversion for _, _, spec, conversion in self._parts()):
            raise ValueError("slots are names in braces, without a format: {genre}")
        if not self.slots:
            raise ValueError("the sentences have no slots such as {genre}")
        if lacking := sorted(used - set(self.words)):
            raise ValueError(f"there are no words for {', '.join(lacking)}")
        if idle := sorted(set(self.words) - used):
            raise ValueError(f"no sentence has a slot for {', '.join(idle)}")
        for kind, words in self.words.items():
            if not words or len(set(words)) < len(words) or not all(words):
                raise ValueError(f"the words of {kind} must be at least one, and differ")
        number = int(np.prod([len(self.words[kind_of(slot)]) for slot in self.slots], dtype=float))
        if number > MAX_PROMPTS:
            raise ValueError(f"{number:,} combinations are too many (at most {MAX_PROMPTS:,})")

    @cached_property
    def slots(self) -> tuple[str, ...]:
        """Names of the slots in the order of their first occurrence."""
        names = (name for _, name, _, _ in self._parts())
        return tuple(dict.fromkeys(name for name in names if name is not None))

    @cached_property
    def choices(self) -> Choices:
        """All combinations (P, S); slots of one kind never hold the same word."""
        counts = [len(self.words[kind_of(slot)]) for slot in self.slots]
        table = np.indices(counts, dtype=np.int16).reshape(len(counts), -1).T
        kinds = [kind_of(slot) for slot in self.slots]
        allowed = np.ones(len(table), dtype=bool)
        for first, second in itertools.combinations(range(len(kinds)), 2):
            if kinds[first] == kinds[second]:
                allowed &= table[:, first] != table[:, second]
        return np.ascontiguousarray(table[allowed])

    def __len__(self) -> int:
        """Count the prompts, P."""
        return len(self.choices)

    def prompt(self, position: int) -> str:
        """Write one prompt.

        Args:
            position: row of `choices`.
        """
        return " ".join(self.sentences).format(**self.words_of(position))

    def words_of(self, position: int) -> dict[str, str]:
        """Return the words of one prompt by slot."""
        row = self.choices[position]
        return {
            slot: self.words[kind_of(slot)][choice]
            for slot, choice in zip(self.slots, row, strict=True)
        }

    def allowed(self, wanted: Mapping[str, Collection[str]]) -> NDArray[np.bool_]:
        """Return a mask of the prompts with the wanted words.

        Args:
            wanted: words by slot ("instrument_1") or by kind ("instrument", which any slot of the
                kind may satisfy); a prompt must satisfy all of them, with one of the words each.

        Returns:
            (P,) booleans.

        Raises:
            DataError: there is no such slot or word; the message names the existing ones.
        """
        mask = np.ones(len(self), dtype=bool)
        for name, words in wanted.items():
            places = [
                place for place, slot in enumerate(self.slots) if name in (slot, kind_of(slot))
            ]
            if not places:
                raise DataError(
                    f"no slot {name!r} in the templates; there are {', '.join(self.slots)}"
                )
            known = self.words[kind_of(self.slots[places[0]])]
            if unknown := [word for word in words if word not in known]:
                raise DataError(f"{name} cannot be {unknown[0]!r}; it can be {', '.join(known)}")
            numbers = [known.index(word) for word in words]
            mask &= np.isin(self.choices[:, places], numbers).any(axis=1)
        return mask

    def _parts(self) -> Iterator[tuple[str, str | None, str | None, str | None]]:
        """Return text, slot name, format and conversion of every part of the sentences."""
        return itertools.chain.from_iterable(map(string.Formatter().parse, self.sentences))

    def fingerprint(self) -> str:
        """Hash what decides the prompts and their order."""
        content = {"sentences": self.sentences, "words": dict(self.words)}
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def kind_of(slot: str) -> str:
    """Return the name of the list of words of a slot.

    >>> kind_of("instrument_2"), kind_of("mood")
    ('instrument', 'mood')
    """
    return re.sub(r"_\d+$", "", slot)


def load_templates(path: str | Path = DEFAULT_TEMPLATES) -> Templates:
    """Read sentences and words from a TOML file; see `templates.toml` for the form.

    Raises:
        DataError: the file cannot be read or has another form.
    """
    try:
        with Path(path).open("rb") as file:
            content = tomllib.load(file)
        sentences, words = content.pop("sentences"), content.pop("words")
        if content:
            raise ValueError(f"unknown entry {next(iter(content))!r}")
        if not _is_strings(sentences) or not isinstance(words, dict):
            raise ValueError("sentences must be a list of texts, and words a table of lists")
        if wrong := [kind for kind, values in words.items() if not _is_strings(values)]:
            raise ValueError(f"the words of {wrong[0]} must be a list of texts")
        return Templates(tuple(sentences), {kind: tuple(words[kind]) for kind in words})
    except FileNotFoundError as error:
        raise DataError(f"no such file: {path}") from error
    except KeyError as error:
        raise DataError(f"the templates {path} lack the entry {error}") from error
    except (OSError, ValueError) as error:  # TOML's own errors are ValueErrors
        raise DataError(f"the templates {path} cannot be used: {error}") from error


def _is_strings(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
