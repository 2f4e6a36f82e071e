"""Run `vsumm eval tvsum` and `summe`: find the data, get the scores, evaluate, format."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm import tqdm

from eval.datasets import Benchmark, FloatArray, load_h5, load_summe, load_tvsum, with_topics
from eval.output import format_evaluation, to_record
from eval.protocol import (
    PROTOCOLS,
    Evaluation,
    EvaluationSettings,
    ProtocolName,
    ScoresUnit,
    evaluate,
    match_scores,
    read_scores,
)
from mmva_core.cli import UsageError, check_engine_options
from mmva_core.engines import Engine
from vsumm.config import SummaryConfig
from vsumm.engines import open_engine
from vsumm.errors import InputError
from vsumm.files import RecordCache, default_cache_folder

LOADERS = {"tvsum": load_tvsum, "summe": load_summe}


@dataclass(frozen=True)
class CommandResult:
    """What to print, and whether all went well."""

    text: str
    """For stdout."""
    failures: tuple[str, ...] = ()
    """One line per video that could not be evaluated, for stderr."""


@dataclass(frozen=True)
class _Input:
    """The videos, and the scores to evaluate on them."""

    benchmark: Benchmark
    scores: dict[str, FloatArray] | None = None
    cues: dict[str, dict[str, FloatArray]] = field(default_factory=dict)
    method: str = ""
    failures: tuple[str, ...] = ()


def run_benchmark(args: argparse.Namespace) -> CommandResult:
    """Carry out one benchmark command.

    Raises:
        VsummError: data or scores are missing or do not fit together.
        UsageError: options contradict each other.
    """
    check_engine_options(args)
    if args.engine != "local" and args.data is None:
        raise UsageError("--engine is who scores the videos of --data")
    protocols = _protocols(args)
    given = _gather(load_benchmark(args), args, needs_own_kts="kts" in protocols and not args.h5)
    evaluations = [_evaluate(given, protocol, args) for protocol in protocols]
    return CommandResult(_format(evaluations, args), given.failures)


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
        return [p for p in PROTOCOLS if p != "kts" or args.h5 or args.data]
    return list(dict.fromkeys(args.protocol))


def _gather(benchmark: Benchmark, args: argparse.Namespace, *, needs_own_kts: bool) -> _Input:
    """Get the scores from a file, captions, training or the model; none for baselines alone."""
    given = _Input(benchmark)
    if args.scores is not None:
        matched, scores = match_scores(read_scores(args.scores), benchmark)
        given = _Input(matched, scores, method=args.scores.name)
    elif args.captions is not None:
        given = _score_captions(given, args)
    elif args.method is not None:
        given = _train(given, args)
    scores_videos = args.data is not None and given.scores is None
    if args.data is not None and (scores_videos or needs_own_kts):
        given = _score_and_segment(
            given, args, scores_videos=scores_videos, needs_own_kts=needs_own_kts
        )
    return given


def _score_and_segment(
    given: _Input, args: argparse.Namespace, *, scores_videos: bool, needs_own_kts: bool
) -> _Input:
    # Here, since they load torch, which scores from a file do not need.
    from eval.model import VideoScorer, find_videos, score_videos, segment_videos

    config = SummaryConfig(by=args.by, model=args.model)
    scorer = VideoScorer(config, _cache(args))
    paths = find_videos(args.data, given.benchmark)
    with _engine(args) as engine:
        if scores_videos:
            with _progress(len(paths), "scoring", args) as tick:
                titled = with_topics(given.benchmark, args.topic)
                scored = score_videos(titled, paths, scorer, engine=engine, on_video=tick)
            method = f"{Path(config.model).name} by {config.by}"
            given = _Input(scored.benchmark, scored.scores, scored.cues, method, scored.failures)
        if needs_own_kts:
            with _progress(len(paths), "segmenting", args) as tick:
                cut = segment_videos(given.benchmark, paths, scorer, engine=engine, on_video=tick)
            failures = (*given.failures, *cut.failures)
            given = replace(given, benchmark=cut.benchmark, failures=failures)
    return given


def _engine(args: argparse.Namespace) -> AbstractContextManager[Engine | None]:
    """Return who scores videos: a cluster, or None for this process."""
    if args.engine == "local":
        return nullcontext()
    return open_engine(args.engine, address=args.address)


def _score_captions(given: _Input, args: argparse.Namespace) -> _Input:
    # Here, since it loads torch.
    from eval.model import FORMULA, read_captions, score_captions

    captions = read_captions(args.captions)
    with _progress(len(captions), "captions", args) as tick:
        titled = with_topics(given.benchmark, args.topic)
        matched, scores, alone = score_captions(titled, captions, on_video=tick)
    note = f"captions scored without training: {FORMULA}"
    noted = replace(matched, notes=(*matched.notes, note))
    return _Input(noted, scores, alone, "captions")


def _train(given: _Input, args: argparse.Namespace) -> _Input:
    # Here, since it loads torch.
    from eval.summarisers import TrainingPlan, make_folds, read_splits, train_and_score

    if args.h5 is None:
        raise InputError(f"--method {args.method} learns from features: name their file with --h5")
    keys = [v.key for v in given.benchmark.videos if v.key is not None]
    own = args.splits is None
    plan = TrainingPlan(
        method=args.method,
        splits=make_folds(keys, seed=args.seed) if own else read_splits(args.splits),
        splits_label="5 folds, each video tested once" if own else f"splits of {args.splits.name}",
        seeds=tuple(range(args.seed, args.seed + args.runs)),
        epochs=args.epochs,
    )
    total = plan.num_epochs * len(plan.splits) * len(plan.seeds)
    with _progress(total, args.method, args, unit="epoch") as tick:
        scores = train_and_score(args.h5, given.benchmark, plan, _cache(args), on_epoch=tick)
    kept = given.benchmark.restricted_to(list(scores), "the others are in no test split")
    return _Input(replace(kept, notes=(*kept.notes, plan.label)), scores, method=args.method)


def _cache(args: argparse.Namespace) -> RecordCache | None:
    if args.no_cache:
        return None
    return RecordCache(args.cache or default_cache_folder() / "eval")


def _evaluate(given: _Input, protocol: ProtocolName, args: argparse.Namespace) -> Evaluation:
    settings = EvaluationSettings(
        protocol=protocol,
        scores_unit=_unit(args),
        rank_order=args.rank_order,
        ties=args.ties,
        num_seeds=args.seeds,
        seed=args.seed,
    )
    with _progress(len(given.benchmark.videos), protocol, args) as tick:
        return evaluate(
            given.benchmark,
            given.scores,
            settings,
            method=given.method,
            cues=given.cues,
            num_workers=args.jobs,
            on_video=tick,
        )


def _unit(args: argparse.Namespace) -> ScoresUnit:
    """Return what a score stands for: of videos a frame, of captions and features a pick."""
    if args.scores is not None:
        unit: ScoresUnit = args.scores_unit
        return unit
    return "frame" if args.method is None and args.captions is None else "pick"


@contextmanager
def _progress(
    total: int, what: str, args: argparse.Namespace, *, unit: str = "video"
) -> Iterator[Callable[[], object]]:
    hidden = args.quiet or not sys.stderr.isatty()
    with tqdm(total=total, desc=what, unit=unit, disable=hidden, leave=False) as bar:
        yield bar.update


def _format(evaluations: list[Evaluation], args: argparse.Namespace) -> str:
    if args.json:
        return json.dumps([to_record(e) for e in evaluations], indent=2)
    if args.csv:
        from eval.output import to_csv  # here, since it loads pandas

        return to_csv(evaluations).rstrip("\n")
    return "\n\n\n".join(format_evaluation(e, with_videos=not args.brief) for e in evaluations)
