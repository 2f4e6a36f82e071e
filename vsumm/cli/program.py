"""The command line: every handler parses, calls one library function and prints.

Results go to stdout, everything else to stderr; exit codes see `mmva_core.cli.shell`. Handlers
import what they need, so that `vsumm --help` loads neither torch nor a decoder.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mmva_core.cli import EXIT_FAILED, Parser, Shell
from vsumm._version import __version__
from vsumm.cli.batch import add_batch
from vsumm.cli.defaults import default_arguments, defaults_file
from vsumm.cli.film_library import add_library
from vsumm.cli.inputs import find_films, input_path
from vsumm.cli.machines import add_completion, add_schema, completion_text, schema_text
from vsumm.cli.medley import check_medley_options, run_medley
from vsumm.cli.music import open_music
from vsumm.cli.options import add_progress_option, add_summarize_options
from vsumm.cli.outputs import wanted_outputs
from vsumm.cli.render_options import add_render_options
from vsumm.cli.settings import open_cache, reel_config, summary_config
from vsumm.cli.watch import room_for_text, shown_progress, tell_loading, tell_skipped
from vsumm.config import SummaryConfig
from vsumm.errors import VsummError
from vsumm.words import counted

if TYPE_CHECKING:
    from vsumm.batch import Job, Outcome
    from vsumm.files import RecordCache
    from vsumm.progress import Watch
    from vsumm.reel import ReelConfig

    Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # Read when NumPy is loaded. Networks and decoders share out the cores already; threads of
    # OpenBLAS would wait for each other, busily.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    arguments = with_command(sys.argv[1:] if argv is None else argv)
    with Shell("vsumm", VsummError) as shell:
        if arguments[:1] == ["eval"]:  # its options live in a package that only it imports
            _eval(arguments[1:], shell)
        else:
            args = _parser(*arguments[:1]).parse_args(with_defaults(arguments))
            shell.log_to_stderr(logging.DEBUG if args.verbose else logging.WARNING)
            HANDLERS[args.command](args, shell)
    return shell.exit_code


def with_command(arguments: Sequence[str]) -> list[str]:
    """Put `summarize` in front of arguments that start with a file, an option or an address.

    >>> with_command(["film.mp4", "--budget", "30s"])
    ['summarize', 'film.mp4', '--budget', '30s']
    """
    first = next(iter(arguments), "--help")
    if first in (*HANDLERS, "eval", "-h", "--help", "--version"):
        return list(arguments) or ["--help"]
    is_file = "." in first or os.sep in first or Path(first).exists()
    return ["summarize", *arguments] if is_file or first.startswith("-") else list(arguments)


def with_defaults(arguments: Sequence[str]) -> list[str]:
    """Put the defaults of `vsumm.toml` between `summarize`, or `batch`, and its arguments.

    Raises:
        UsageError: the file cannot be read, or names an option that there is not.
    """
    command = "".join(arguments[:1])
    is_other = command not in ("summarize", "batch") or {"-h", "--help"} & set(arguments)
    if is_other or (path := defaults_file()) is None:
        return list(arguments)
    options: argparse.ArgumentParser = Parser(prog="vsumm summarize")
    add_summarize_options(options)
    if command == "summarize":
        return [command, *default_arguments(path, options), *arguments[1:]]
    batch = add_batch(Parser(prog="vsumm").add_subparsers())
    return [command, *default_arguments(path, batch, others=options), *arguments[1:]]


def _parser(command: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of one command, or of all of them, which takes ten milliseconds longer."""
    parser = Parser(
        prog="vsumm",
        description="Turn any video into a highlight reel within a time budget.",
        examples=("vsumm film.mp4", "vsumm demo", "vsumm summarize --help"),
    )
    parser.add_argument("--version", action="version", version=f"vsumm {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in [PARSERS[command]] if command in PARSERS else PARSERS.values():
        add(commands).add_argument(
            "-v", "--verbose", action="store_true", help="say on stderr what is done and how"
        )
    return parser


def _add_summarize(commands: Commands) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        "summarize",
        help="cut the highlights of films or sound files",
        description="Score every 2-second segment by arousal, pick the best within the budget, "
        "and write a reel and a summary (JSON) beside the input. The word summarize may be left "
        "out.",
        usage="vsumm [summarize] [OPTIONS] INPUT [INPUT ...]",
        examples=(
            "vsumm film.mp4",
            "vsumm film.mp4 --budget 1m30s --for shorts -o reel.webm",
            "vsumm concert.mkv --by music --title 'Live' --crossfade 0.5",
            "vsumm film.mp4 --keep 3:10-3:20 --skip credits",
            "vsumm film.mp4 --soundtrack-from music/",
            "vsumm holiday/ --to song.mp3 -o reel.mp4",
            "vsumm holiday/ --exclude '*.ts' --skip-existing --jobs 2 -o reels/",
        ),
    )
    add_summarize_options(parser)
    return parser


def _summarize(args: argparse.Namespace, shell: Shell) -> None:
    films = find_films(args.inputs, exclude=args.exclude)
    cache = open_cache(args, shell)
    if not (args.no_reel and cache and _are_probed(films, cache)):
        from vsumm.workers import prepare_server

        # It starts while the rest is imported.
        prepare_server("vsumm.decode.probe")  # a film that is cached needs no other job
    check_medley_options(args)
    summary, reel = summary_config(args), reel_config(args)
    with shown_progress(args) as watch:
        tell_loading(watch, films)  # imports take most of a second
        if args.to is not None:
            for line in run_medley(args, shell, films, (summary, reel), cache, watch):
                print(line, flush=True)
            return
        from vsumm.batch import summarize_files

        jobs = _jobs(args, films, summary, reel, open_music(args, shell))
        if args.skip_existing:
            jobs = list(_not_done(jobs, watch, shell))
        outcomes = summarize_files(jobs, num_jobs=args.jobs, cache=cache, progress=watch)
        with closing(outcomes):  # stops all work when a signal ends the loop
            for outcome in outcomes:
                with room_for_text():
                    _report(outcome, args, shell)


def _are_probed(films: Sequence[Path], cache: RecordCache) -> bool:
    from vsumm.media import is_probed

    return all(is_probed(film, cache) for film in films)


def _jobs(
    args: argparse.Namespace,
    films: Sequence[Path],
    summary: SummaryConfig,
    reel: ReelConfig,
    music: Path | None,
) -> list[Job]:
    from vsumm.batch import Job

    outputs = wanted_outputs(args, len(films))
    # Who names timelines alone wants no reel.
    is_list_alone = bool(outputs.lists) and outputs.reel is None and outputs.folder is None
    with_reel = not args.no_reel and not is_list_alone
    written = reel if with_reel else None
    return [Job(path, outputs, summary, written, music, args.moves_cuts) for path in films]


def _not_done(jobs: Sequence[Job], watch: Watch, shell: Shell) -> Iterator[Job]:
    from vsumm.batch import is_done

    for job in jobs:
        if is_done(job):
            tell_skipped(watch, job.source)
            with room_for_text():
                shell.say(f"{job.source}: its results are there, skipped")
        else:
            yield job


def _report(outcome: Outcome, args: argparse.Namespace, shell: Shell) -> None:
    """Print what became of one film."""
    from vsumm.cli.text import describe

    if outcome.error is not None:
        shell.complain(outcome.error)
        shell.exit_code = EXIT_FAILED
    if outcome.result is None:
        return
    for note in outcome.result.summary.notes:
        shell.say(f"{outcome.job.source}: {note}")
    for note in outcome.result.notes:
        shell.say(note)
    if args.json:
        print(outcome.result.summary.to_json())
    elif not args.quiet:
        print(describe(outcome.result), flush=True)


def _batch(args: argparse.Namespace, shell: Shell) -> None:
    from vsumm.cli.batch import run

    for line in run(args, shell):
        print(line, flush=True)


def _library(args: argparse.Namespace, shell: Shell) -> None:
    from vsumm.cli.film_library import run

    for line in run(args, shell):
        print(line, flush=True)


def _add_render(commands: Commands) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        "render",
        help="make a reel again from a summary or an edited timeline",
        description="Read a summary (JSON) or the timeline of an editing program, change what it "
        "picks, and write a reel, timelines or chapters, each by the extension of its file.",
        usage="vsumm render [OPTIONS] FILE",
        examples=(
            "vsumm render film.summary.json --drop 2,5 --extend 3:+2s -o new.mp4",
            "vsumm render film.summary.json -o film.fcpxml -o film.edl",
            "vsumm render edited.otio --aspect 1:1 -o square.mp4",
            "vsumm render film.summary.json --chapters-for source -o chapters.ffmeta",
            "vsumm render film.summary.json --variants 3 --max-overlap 0.4 -o new.mp4",
        ),
    )
    add_render_options(parser)
    return parser


def _render(args: argparse.Namespace, shell: Shell) -> None:
    from vsumm.cli.render import run_render

    with shown_progress(args) as watch:
        lines = run_render(args, shell, progress=watch)
    for line in lines:
        print(line)


def _add_demo(commands: Commands) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        "demo",
        help="make a sample film and summarise it",
        description="Make a film with calm and intense passages, summarise it, and leave the "
        "film, its reel and its summary in a new folder.",
        examples=("vsumm demo", "vsumm demo my-folder"),
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        help="folder to make (default: vsumm-demo, or with a number)",
    )
    add_progress_option(parser)
    parser.set_defaults(quiet=False)
    return parser


def _demo(args: argparse.Namespace, shell: Shell) -> None:
    from vsumm.cli.text import describe
    from vsumm.demo import run_demo

    with shown_progress(args) as watch:
        result = run_demo(args.folder, progress=watch)
    print(describe(result))
    print(f"Everything is in {result.summary_path.parent}{os.sep}")


def _add_doctor(commands: Commands) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        "doctor",
        help="say what a file is and what will happen to it, or what is installed",
        description="Print streams, durations by container and by decoding, the decoder that "
        "will be used, and the problems found; without a file, what is installed: FFmpeg, torch, "
        "processor, model, extras and cache.",
        examples=("vsumm doctor film.mp4", "vsumm doctor"),
    )
    parser.add_argument("inputs", nargs="*", type=input_path, metavar="FILE")
    return parser


def _doctor(args: argparse.Namespace, shell: Shell) -> None:
    from vsumm.doctor import examine
    from vsumm.installation import describe_installation

    if not args.inputs:
        print(describe_installation())
    for source in args.inputs:
        try:
            print(examine(source))
        except VsummError as error:
            shell.complain(error)
            shell.exit_code = EXIT_FAILED


def _add_cache(commands: Commands) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        "cache",
        help="show or clear the cache of scores and of music",
        description="The scores of a film are cached, so that another budget costs next to "
        "nothing, and so are the indexes of folders of music. Print where they are and how much "
        "space they take, or remove them.",
        examples=("vsumm cache", "vsumm cache --clear"),
    )
    parser.add_argument("--clear", action="store_true", help="remove everything")
    return parser


def _cache(args: argparse.Namespace, shell: Shell) -> None:
    from vsumm.files import MusicCache, RecordCache, default_cache_folder

    cache, music = RecordCache(default_cache_folder()), MusicCache(default_cache_folder())
    if args.clear:
        print(f"{cache.folder}: {cache.clear()} records removed")
        print(f"{music.folder}: music of {counted(music.clear(), 'folder')} removed")
        return
    count, size = cache.size()
    print(f"{cache.folder}: {count} records, {size / 2**20:.1f} of {cache.max_bytes >> 20} MiB")
    count, size = music.size()
    print(f"{music.folder}: music of {counted(count, 'folder')}, {size / 2**20:.1f} MiB")


def _add_eval(commands: Commands) -> argparse.ArgumentParser:
    return commands.add_parser("eval", help="measure summaries on TVSum or SumMe")


EVAL_EXAMPLES = ("vsumm eval tvsum --data tvsum/", "vsumm eval highlights films/")


def _eval(arguments: list[str], shell: Shell) -> None:
    from eval.cli import add_arguments, run

    parser = Parser(prog="vsumm eval", examples=EVAL_EXAMPLES)
    add_arguments(parser)
    shell.exit_code = run(parser.parse_args(arguments))


def _schema(args: argparse.Namespace, shell: Shell) -> None:
    print(schema_text())


def _completion(args: argparse.Namespace, shell: Shell) -> None:
    print(completion_text(_parser(), args.shell))


PARSERS: dict[str | None, Callable[[Commands], argparse.ArgumentParser]] = {
    "summarize": _add_summarize,
    "render": _add_render,
    "demo": _add_demo,
    "doctor": _add_doctor,
    "cache": _add_cache,
    "eval": _add_eval,
    "batch": add_batch,
    "library": add_library,
    "schema": add_schema,
    "completion": add_completion,
}
HANDLERS: dict[str, Callable[[argparse.Namespace, Shell], None]] = {
    "summarize": _summarize,
    "batch": _batch,
    "library": _library,
    "render": _render,
    "demo": _demo,
    "doctor": _doctor,
    "cache": _cache,
    "schema": _schema,
    "completion": _completion,
}
