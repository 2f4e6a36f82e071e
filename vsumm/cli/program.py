"""The command line: every handler parses, calls one library function and prints.

Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 a file or its result could
not be dealt with, 2 wrong usage, 130 interrupted. Handlers import what they need, so that
`vsumm --help` loads neither torch nor a decoder.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeAlias

from vsumm._version import __version__
from vsumm.cli.options import add_summarize_options
from vsumm.config import SummaryConfig
from vsumm.errors import VsummError
from vsumm.files import one_line

if TYPE_CHECKING:
    from vsumm.batch import Outcome
    from vsumm.reel import Composition

    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED, EXIT_TERMINATED = 0, 1, 2, 130, 143


class UsageError(Exception):
    """The command line asks for something impossible."""


class _LineFormatter(logging.Formatter):
    """Puts a warning on one line, whatever the names in it hold."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return one_line(text) if record.levelno >= logging.WARNING else text


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    signal.signal(signal.SIGTERM, _exit_on_signal)
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        if arguments[:1] == ["eval"]:  # its options live in a package that only it imports
            return _eval(arguments[1:])
        args = _parser().parse_args(arguments)
        level = logging.DEBUG if args.verbose else logging.WARNING
        handler = logging.StreamHandler()
        handler.setFormatter(_LineFormatter("%(name)s: %(message)s"))
        logging.basicConfig(level=level, handlers=[handler])
        return HANDLERS[args.command](args)
    except UsageError as error:
        _complain(error)
        return EXIT_USAGE
    except VsummError as error:
        _complain(error)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("vsumm: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED


def _exit_on_signal(number: int, frame: FrameType | None) -> None:
    raise SystemExit(EXIT_TERMINATED)


def _complain(error: Exception) -> None:
    print(one_line(f"vsumm: error: {error}"), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vsumm", description="Turn any video into a highlight reel within a time budget."
    )
    parser.add_argument("--version", action="version", version=f"vsumm {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_summarize, _add_demo, _add_doctor, _add_cache, _add_eval):
        add(commands).add_argument(
            "-v", "--verbose", action="store_true", help="say on stderr what is done and how"
        )
    return parser


def _add_summarize(commands: Commands) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        "summarize",
        help="cut the highlights of films or sound files",
        description="Score every 2-second segment by arousal, pick the best within the budget, "
        "and write a reel and a summary (JSON) beside the input.",
    )
    add_summarize_options(parser)
    return parser


def _summarize(args: argparse.Namespace) -> int:
    from vsumm.workers import prepare_server

    config = _config(args)
    composition = _composition(args)
    prepare_server("vsumm.decode.jobs")  # it starts while the rest is imported

    from tqdm import tqdm

    from vsumm.batch import Job, run_jobs
    from vsumm.files import RecordCache, default_cache_folder
    from vsumm.reel import EncodeSettings

    is_folder = args.output is not None and (
        args.output.endswith(os.sep) or Path(args.output).is_dir() or len(args.inputs) > 1
    )
    target = "output_folder" if is_folder else "output"
    output = {target: Path(args.output)} if args.output is not None else {}
    outcomes = run_jobs(
        [
            Job(path, with_reel=not args.no_reel, overwrite=args.force, **output)
            for path in args.inputs
        ],
        config,
        num_jobs=args.jobs,
        cache=None if args.no_cache else RecordCache(default_cache_folder()),
        settings=EncodeSettings(args.encoder, args.crf, args.preset, is_fast=args.is_fast),
        composition=composition,
        progress=_shows_progress(args),
    )
    code = EXIT_DONE
    with closing(outcomes):  # wherever a signal comes, all work ends
        for outcome in outcomes:
            with tqdm.external_write_mode(sys.stderr):  # the bars of other films make room
                _report(outcome, args)
            if outcome.error is not None:
                code = EXIT_FAILED
    return code


def _report(outcome: Outcome, args: argparse.Namespace) -> None:
    """Print what became of one film."""
    from vsumm.cli.text import describe

    if outcome.error is not None:
        _complain(outcome.error)
    if outcome.result is None:
        return
    for note in outcome.result.summary.notes:
        print(one_line(f"vsumm: {outcome.job.source}: {note}"), file=sys.stderr)
    if args.json:
        print(outcome.result.summary.to_json())
    elif not args.quiet:
        print(describe(outcome.result, elapsed_seconds=outcome.elapsed_seconds), flush=True)


def _config(args: argparse.Namespace) -> SummaryConfig:
    names = SummaryConfig.__dataclass_fields__
    fields = {name: value for name, value in vars(args).items() if name in names}
    budget = {name: value for name, value in vars(args.budget).items() if value is not None}
    try:
        return SummaryConfig(**fields, **budget)
    except ValueError as error:
        raise UsageError(error) from error


def _composition(args: argparse.Namespace) -> Composition:
    from vsumm.reel import Composition

    if args.soundtrack_mode is not None and args.soundtrack is None:
        raise UsageError("--soundtrack-mode needs --soundtrack")
    if args.title_font is not None and args.title is None:
        raise UsageError("--title-font needs --title")
    names = Composition.__dataclass_fields__
    fields = {name: value for name, value in vars(args).items() if name in names}
    try:
        return Composition(**{name: value for name, value in fields.items() if value is not None})
    except ValueError as error:
        raise UsageError(error) from error


def _shows_progress(args: argparse.Namespace) -> bool:
    return sys.stderr.isatty() and not args.quiet


def _add_demo(commands: Commands) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        "demo",
        help="make a sample film and summarise it",
        description="Make a film with calm and intense passages, summarise it, and leave the "
        "film, its reel and its summary in a new folder.",
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        help="folder to make (default: vsumm-demo, or with a number)",
    )
    parser.set_defaults(quiet=False)
    return parser


def _demo(args: argparse.Namespace) -> int:
    from vsumm.cli.text import describe
    from vsumm.demo import run_demo

    start_seconds = time.monotonic()
    result = run_demo(args.folder, progress=_shows_progress(args))
    print(describe(result, elapsed_seconds=time.monotonic() - start_seconds))
    print(f"Everything is in {result.summary_path.parent}{os.sep}")
    return EXIT_DONE


def _add_doctor(commands: Commands) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        "doctor",
        help="say what a file is and what will happen to it",
        description="Print streams, durations by container and by decoding, the decoder that "
        "will be used, and the problems found.",
    )
    parser.add_argument("inputs", nargs="+", type=Path, metavar="FILE")
    return parser


def _doctor(args: argparse.Namespace) -> int:
    from vsumm.doctor import examine

    code = EXIT_DONE
    for source in args.inputs:
        try:
            print(examine(source))
        except VsummError as error:
            _complain(error)
            code = EXIT_FAILED
    return code


def _add_cache(commands: Commands) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        "cache",
        help="say what is remembered, or forget it",
        description="What was seen and heard in a film is remembered, so that another budget "
        "costs next to nothing. Print where and how much, or remove it.",
    )
    parser.add_argument("--clear", action="store_true", help="remove everything")
    return parser


def _cache(args: argparse.Namespace) -> int:
    from vsumm.files import RecordCache, default_cache_folder

    cache = RecordCache(default_cache_folder())
    if args.clear:
        print(f"{cache.folder}: {cache.clear()} records removed")
    else:
        count, size = cache.size()
        print(f"{cache.folder}: {count} records, {size / 2**20:.1f} of {cache.max_bytes >> 20} MiB")
    return EXIT_DONE


def _add_eval(commands: Commands) -> argparse.ArgumentParser:
    return commands.add_parser("eval", help="measure summaries on TVSum or SumMe")


def _eval(arguments: list[str]) -> int:
    from eval.cli import add_arguments, run

    parser = argparse.ArgumentParser(prog="vsumm eval")
    add_arguments(parser)
    return run(parser.parse_args(arguments))


HANDLERS = {"summarize": _summarize, "demo": _demo, "doctor": _doctor, "cache": _cache}
