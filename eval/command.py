"""What `vsumm eval tvsum` and `summe` do: find the data, get the scores, evaluate, format."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass

from tqdm import tqdm

from eval.benchmark import Benchmark, FloatArray
from eval.evaluate import evaluate
from eval.h5_file import load_h5
from eval.protocols import PROTOCOLS, ProtocolName
from eval.records import to_csv, to_record
from eval.results import Evaluation, EvaluationSettings
from eval.scores import match_scores, read_scores
from eval.summe import load_summe
from eval.tables import format_evaluation
from eval.tvsum import load_tvsum
from vsumm.errors import InputError

LOADERS = {"tvsum": load_tvsum, "summe": load_summe}


@dataclass(frozen=True)
class CommandResult:
    """What to print, and whether all went well."""

    text: str
    """For stdout."""
    failures: tuple[str, ...] = ()
    """One line per video that could not be evaluated, for stderr."""


def run_benchmark(args: argparse.Namespace) -> CommandResult:
    """Carry out one benchmark command.

    Raises:
        VsummError: data or scores are missing or do not fit together.
    """
    benchmark = load_benchmark(args)
    if args.scores is not None:
        benchmark, scores = match_scores(read_scores(args.scores), benchmark)
        method = args.scores.name
    elif args.annotations is None and args.h5 is None:
        raise InputError("scoring of videos is not there")
    else:
        scores, method = None, ""
    evaluations = [
        _evaluate(benchmark, scores, method, protocol, args) for protocol in _protocols(args)
    ]
    return CommandResult(_format(evaluations, args))


def load_benchmark(args: argparse.Namespace) -> Benchmark:
    """Read annotation and h5 file, whichever are named.

    Raises:
        InputError: neither is there.
        ScoresError: they contradict each other.
    """
    place = args.annotations or args.data
    if place is None and args.h5 is None:
        raise InputError(
            "nothing to evaluate on: name the folder of videos and annotation with --data, the "
            "annotation alone with --annotations, or an h5 file with --h5"
        )
    annotation = None if place is None else LOADERS[args.benchmark](place)
    if args.h5 is not None:
        return load_h5(args.h5, args.benchmark, annotation)
    assert annotation is not None
    return annotation


def _protocols(args: argparse.Namespace) -> list[ProtocolName]:
    if args.protocol is None:
        return ["kts" if args.h5 is not None else "uniform-2s"]
    if "all" in args.protocol:
        return [p for p in PROTOCOLS if p != "kts" or args.h5 is not None]
    return list(dict.fromkeys(args.protocol))


def _evaluate(
    benchmark: Benchmark,
    scores: dict[str, FloatArray] | None,
    method: str,
    protocol: ProtocolName,
    args: argparse.Namespace,
) -> Evaluation:
    settings = EvaluationSettings(
        protocol=protocol,
        scores_unit=args.scores_unit,
        rank_order=args.rank_order,
        num_seeds=args.seeds,
        seed=args.seed,
    )
    hidden = args.quiet or not sys.stderr.isatty()
    with tqdm(
        total=len(benchmark.videos), desc=protocol, unit="video", disable=hidden, leave=False
    ) as bar:
        return evaluate(
            benchmark,
            scores,
            settings,
            method=method,
            num_workers=args.jobs,
            on_video=bar.update,
        )


def _format(evaluations: list[Evaluation], args: argparse.Namespace) -> str:
    if args.json:
        return json.dumps([to_record(e) for e in evaluations], indent=2)
    if args.csv:
        return to_csv(evaluations).rstrip("\n")
    return "\n\n\n".join(format_evaluation(e, with_videos=not args.brief) for e in evaluations)
