"""The parser of every command line here: typing errors, options between inputs, examples."""

import argparse
import re
import shlex

import pytest
from commands import evaluation, parse_command

from mmva_core.cli.parser import Parser
from mmva_core.cli.program import build_parser
from vsumm.cli.program import _parser


@pytest.fixture
def parser():
    parser = Parser(prog="tool")
    command = parser.add_subparsers(dest="command").add_parser("paint", examples=("tool paint a",))
    command.add_argument("inputs", nargs="+")
    command.add_argument("--colour", choices=("red", "green"))
    return parser


def refusal(parser, arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        parser.parse_args(arguments)
    assert stop.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pant", "a"], "did you mean paint?"),
        (["paint", "a", "--color", "red"], "there is no option --color; did you mean --colour?"),
        (["paint", "a", "--kolour=red"], "there is no option --kolour; did you mean --colour?"),
        (["paint", "a", "--colour", "gren"], "did you mean green?"),
    ],
)
def test_a_typing_error_is_answered_with_what_comes_nearest(parser, arguments, said, capsys):
    assert said in refusal(parser, arguments, capsys)


def test_an_unknown_option_shows_the_usage_of_its_own_command(parser, capsys):
    assert refusal(parser, ["paint", "a", "--xyz"], capsys).startswith("usage: tool paint ")


def test_options_may_stand_between_inputs(parser):
    args = parser.parse_args(["paint", "a", "--colour", "red", "b"])
    assert (args.inputs, args.colour) == (["a", "b"], "red")


def leaves(parser):
    """Yield a parser and those of all its sub-commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from leaves(command)


@pytest.mark.parametrize("make", [_parser, build_parser, evaluation])
def test_every_help_ends_with_examples_that_parse(make):
    for command in leaves(make()):
        if command.prog in ("mmva", "vsumm eval"):
            continue
        _, heading, text = command.format_help().partition("examples:\n")
        assert heading, command.prog
        for line in text.strip().splitlines():
            words = shlex.split(line.partition(" > ")[0])
            if "--help" not in words:
                parse_command(words)


def test_examples_keep_their_lines(parser):
    command = next(p for p in leaves(parser) if p.prog == "tool paint")
    assert re.search(r"^examples:\n  tool paint a$", command.format_help(), re.MULTILINE)


def command_paths(parser, path=()):
    """Yield the words of every command and sub-command."""
    yield path
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield from command_paths(command, (*path, name))


@pytest.mark.parametrize("build", [build_parser, _parser])
def test_every_command_prints_its_help(build, capsys):
    paths = list(command_paths(build()))
    assert len(paths) > 5
    for path in paths:
        with pytest.raises(SystemExit) as stop:
            build().parse_args([*path, "--help"])
        assert stop.value.code == 0, path
        assert "usage:" in capsys.readouterr().out
