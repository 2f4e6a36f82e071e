"""Commands as their parsers understand them."""

from argparse import Namespace
from collections.abc import Sequence

from eval.cli import add_arguments
from mmva_core.cli import Parser
from mmva_core.cli.program import build_parser
from vsumm.cli.program import _parser, with_command


def evaluation() -> Parser:
    """Return the parser of `vsumm eval`."""
    parser = Parser(prog="vsumm eval")
    add_arguments(parser)
    return parser


def parse_command(words: Sequence[str]) -> Namespace:
    """Parse a command that begins with `vsumm` or `mmva`; a wrong one ends in `SystemExit`."""
    program, *arguments = words
    if program == "mmva":
        return build_parser().parse_args(arguments)
    if arguments[0] == "eval":
        return evaluation().parse_args(arguments[1:])
    return _parser().parse_args(with_command(arguments))
