"""A parser of arguments that helps with typing errors and takes options anywhere."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """`argparse.ArgumentParser` with these differences.

    An unknown option is an error of the sub-command that it was given to, with its usage and the
    option that comes nearest; options may stand between inputs; the description and the examples
    below the help keep their lines.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **settings: Any) -> None:
        """Make a parser.

        Args:
            args: as for `argparse.ArgumentParser`.
            examples: command lines for the end of the help text.
            settings: as for `argparse.ArgumentParser`.
        """
        if examples:
            lines = "\n".join(f"  {line}" for line in examples)
            settings["epilog"] = f"examples:\n{lines}"
            settings["formatter_class"] = _ExampleFormatter
        super().__init__(*args, **settings)
        self._is_inside = False

    # The signature of argparse has overloads; this one method serves all of them.
    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse, and refuse what is left over here, where the options of the command are known."""
        if self._is_inside or self._subparsers is not None:
            found, rest = super().parse_known_args(args, namespace)
            if self._is_inside:
                return found, rest
        else:
            if self.add_help and {"-h", "--help"} & set(sys.argv[1:] if args is None else args):
                # Intermixed parsing hides the defaults of inputs, which the help names.
                super().parse_known_args(args)
            self._is_inside = True  # intermixed parsing calls this method for each of its passes
            try:
                found, rest = self.parse_known_intermixed_args(args, namespace)
            finally:
                self._is_inside = False
        if rest:
            self._refuse(rest)
        return found, rest

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            error.message += did_you_mean(str(value), map(str, action.choices or ()))
            raise

    def _refuse(self, rest: Sequence[str]) -> NoReturn:
        name = next((text for text in rest if text.startswith("-")), rest[0]).partition("=")[0]
        if not name.startswith("-"):
            self.error(f"one argument too many: {name}")
        options = [text for text in self._option_string_actions if text.startswith("--")]
        self.error(f"there is no option {name}{did_you_mean(name, options)}")


def positive_integer(text: str) -> int:
    """Read a whole number from 1 on, as argparse wants it.

    Raises:
        ArgumentTypeError: the text is none.
    """
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, got {text!r}")
    return int(text)


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return "; did you mean ...?" with the nearest of some words, or nothing if none is near.

    >>> did_you_mean("sumarize", ["doctor", "summarize"])
    '; did you mean summarize?'
    """
    nearest = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean {nearest[0]}?" if nearest else ""


class _ExampleFormatter(argparse.HelpFormatter):
    """Keeps the lines of examples; other text is filled as usual."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.startswith("examples:"):
            return "".join(indent + line for line in text.splitlines(keepends=True))
        return super()._fill_text(text, width, indent)
