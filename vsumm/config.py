"""The settings of a summary, and how a budget is written."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Literal, get_args

from mmva_core.clock import NUMBER, TIME_FORMS, parse_seconds
from mmva_core.errors import check_type as check_type
from vsumm.mood import check_arc, parse_mood
from vsumm.stretches import CREDITS, Keep, Skip, is_stretch

By = Literal["highlights", "image", "music", "both"]
"""What segments are scored by: several signals fused, or the paper's arousal."""

Decoder = Literal["auto", "decord", "pyav"]
"""Who decodes pictures."""

CutAt = Literal["shots+speech", "shots", "speech", "grid"]
"""Where runs begin and end: at cuts between shots, in pauses of speech, on the grid of segments."""

BUDGET_FORMS = f"15%, 0.15, {TIME_FORMS}"
"""How a budget may be written, for messages."""
SEGMENT_SECONDS = 2.0
"""Length of a segment where nothing else is asked for."""
SHORTEST_SEGMENT_SECONDS = 0.1
"""Pieces shorter than this show nothing: a budget below it is refused."""


@dataclass(frozen=True)
class SummaryConfig:
    """What to summarise by, how much to keep, and with which model.

    `weights` and `spread` are for `by="highlights"`; `smoothing_segments` and `motion_weight` for
    the others. Their defaults were chosen on the two films with labelled zones that the README
    names.

    Raises:
        TypeError: a field is of another type.
        ValueError: a field is out of its range.
    """

    by: By = "highlights"
    """Score by several signals, or by the arousal of the picture, of the sound, or of both."""
    weights: dict[str, float] = field(default_factory=dict)
    """Weights of signals that differ from the defaults, by name; 0 leaves a signal out."""
    spread: float = 0.2
    """How much more of one place counts for less, in [0, 1]; 0 counts every segment in full."""
    about: str | None = None
    """What the film is about, in a few words. None: its title, or the words of the file name."""
    about_model: str | None = None
    """A CLIP, by folder or hub id, that compares picture and topic; "clip" is the paper's. None:
    the concepts of the image tower of `mmva-lite` do."""
    query: str | None = None
    """What to look for, in a few words: the only thing that then counts, with `by="highlights"`."""
    mood: str | None = None
    """Prefer pictures of this mood: a name of `vsumm.mood.MOODS`, or valence and arousal, as
    "0.7,0.3"."""
    arc: str | None = None
    """Prefer pictures whose arousal takes this course over the film: "rise", "fall", "wave",
    "flat", or "peak-at-80%"."""
    reorder: bool = False
    """Whether the reel may show its runs in another order than the film, so that the arousal of
    their pictures follows the arc, or, without one, the soundtrack."""
    budget_fraction: float = 0.15
    """Share of the duration that the reel may last, in (0, 1]; the field's convention is 0.15."""
    budget_seconds: float | None = None
    """Length that the reel may have, seconds; takes the place of `budget_fraction`."""
    segment_seconds: float | None = None
    """Length of a segment, seconds. None: 2, or the whole budget where that is shorter."""
    cut_at: CutAt = "shots+speech"
    """Where runs begin and end. "grid": with segments; else within two seconds of that, so that the
    budget is used up: "shots" at cuts, where there are some; "speech" in pauses, where somebody
    speaks."""
    min_run_seconds: float = 1.5
    """Runs are no shorter, seconds, unless the budget is; with `cut_at="grid"` they are as long as
    their segments."""
    max_run_seconds: float | None = None
    """Runs are no longer, seconds; None: as long as they come."""
    padding_seconds: tuple[float, float] = (0.0, 0.0)
    """How much each run shows before and after the edges that were chosen, seconds, exactly; not
    around what is kept, nor where the film ends or what is skipped begins."""
    keep: tuple[Keep, ...] = ()
    """Stretches that the reel shows exactly, whatever their scores: start and end, seconds."""
    skip: tuple[Skip, ...] = ()
    """Stretches that it never shows: start and end, seconds, None for the end of the film; or
    "credits", the title cards at the beginning and at the end."""
    frames_per_segment: int = 1
    """Frames whose valence and arousal are averaged into the segment's. Twice as many are decoded,
    to see motion."""
    smoothing_segments: int = 5
    """Width of the moving mean over neighbouring segments; odd, 1 switches it off."""
    motion_weight: float = 0.5
    """Standard deviations of picture arousal that one of motion is worth; 0 leaves motion out."""
    model: str = "mmva-lite"
    """Name of an embedded model, a folder, or a hub id."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where the model runs; "auto" takes a CUDA device, where there is one, for a model of your
    own, and the CPU for one of the package, which needs no PyTorch there."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Arithmetic of the image tower; "bf16" is faster for CLIP on processors that have it."""
    decoder: Decoder = "auto"
    """Who decodes the picture that is scored; "auto" starts with PyAV and goes on with decord where
    PyAV crashes or hangs."""
    quick: bool = False
    """Whether to look at key frames only, as far as the picture goes: a rough summary, in a
    fraction of the time."""
    strict: bool = False
    """Whether a file of which anything cannot be read is an error; else what is there is used."""
    audio_track: int | None = None
    """Which audio track is heard and exported, counted from 0. None: the one that a player takes,
    or the first that is not silent."""
    seed: int = 0
    """Seed of every random number; the embedded model draws none."""

    def __post_init__(self) -> None:
        self._check_types()
        self._check_stretches()
        _check("by", self.by, self.by in get_args(By), f"one of {', '.join(get_args(By))}")
        _check("spread", self.spread, 0 <= self.spread <= 1, "in [0, 1]")
        if self.query is not None:
            _check("query", self.query, bool(self.query.strip()), "some words")
            is_alone = self.by == "highlights" and self.about is None and not self.weights
            others = "alone: without about and weights, and with by='highlights'"
            _check("query", self.query, is_alone, others)
        if self.mood is not None:
            parse_mood(self.mood)
        if self.arc is not None:
            check_arc(self.arc)
            can_order = self.arc != "flat" or not self.reorder
            _check("arc", self.arc, can_order, "one that changes, where runs are reordered by it")
        are_finite = all(math.isfinite(weight) for weight in self.weights.values())
        _check("weights", self.weights, are_finite, "finite")
        share = self.budget_fraction
        _check("budget_fraction", share, 0 < share <= 1, "in (0, 1]")
        for name in ("budget_seconds", "segment_seconds"):
            value = getattr(self, name)
            _check(name, value, value is None or 0 < value < math.inf, "positive and finite")
        seconds = self.segment_seconds
        is_long_enough = seconds is None or seconds >= SHORTEST_SEGMENT_SECONDS
        _check("segment_seconds", seconds, is_long_enough, f"at least {SHORTEST_SEGMENT_SECONDS}")
        places = get_args(CutAt)
        _check("cut_at", self.cut_at, self.cut_at in places, f"one of {', '.join(places)}")
        shortest = self.min_run_seconds
        _check("min_run_seconds", shortest, 0 <= shortest < math.inf, "at least 0 and finite")
        self._check_runs()
        frames = self.frames_per_segment
        _check("frames_per_segment", frames, frames >= 1, "at least 1")
        width = self.smoothing_segments
        _check("smoothing_segments", width, width >= 1 and width % 2 == 1, "odd and at least 1")
        weight = self.motion_weight
        _check("motion_weight", weight, 0 <= weight < math.inf, "at least 0 and finite")
        devices = ("auto", "cpu", "cuda")
        _check("device", self.device, self.device in devices, "auto, cpu or cuda")
        decoders = get_args(Decoder)
        _check("decoder", self.decoder, self.decoder in decoders, f"one of {', '.join(decoders)}")
        _check("precision", self.precision, self.precision in ("fp32", "bf16"), "fp32 or bf16")
        track = self.audio_track
        _check("audio_track", track, track is None or track >= 0, "at least 0")

    def _check_types(self) -> None:
        numbers = ("spread", "budget_fraction", "motion_weight", "min_run_seconds")
        for name in (*numbers, "budget_seconds", "segment_seconds", "max_run_seconds"):
            value = getattr(self, name)
            is_valid = is_number(value) or (value is None and name not in numbers)
            check_type(name, value, is_valid, "a number")
        for name in ("frames_per_segment", "smoothing_segments", "audio_track", "seed"):
            value = getattr(self, name)
            is_whole = isinstance(value, Integral) and not isinstance(value, bool)
            is_valid = is_whole or (value is None and name == "audio_track")
            check_type(name, value, is_valid, "a whole number")
        for name in ("by", "cut_at", "model", "device", "precision", "decoder"):
            check_type(name, getattr(self, name), isinstance(getattr(self, name), str), "a text")
        for name in ("about", "about_model", "query", "mood", "arc"):
            value = getattr(self, name)
            check_type(name, value, value is None or isinstance(value, str), "a text")
        for name in ("reorder", "quick", "strict"):
            value = getattr(self, name)
            check_type(name, value, isinstance(value, bool), "True or False")
        is_table = isinstance(self.weights, Mapping) and all(map(is_number, self.weights.values()))
        check_type("weights", self.weights, is_table, "numbers by name, as {'motion': 1}")

    def _check_stretches(self) -> None:
        for name in ("keep", "skip"):
            value = getattr(self, name)
            check_type(name, value, isinstance(value, tuple | list), "a list of pairs of seconds")
            plain = tuple(tuple(one) if isinstance(one, list) else one for one in value)
            for one in plain:
                is_valid = is_stretch(one, may_be_open=name == "skip")
                form = f"pairs of seconds in order{f', or {CREDITS!r}' * (name == 'skip')}"
                _check(name, value, is_valid or (name == "skip" and one == CREDITS), form)
            object.__setattr__(self, name, plain)  # equal to what its JSON gives back

    def _check_runs(self) -> None:
        padding, longest = self.padding_seconds, self.max_run_seconds
        is_pair = isinstance(padding, tuple | list) and len(padding) == 2
        check_type("padding_seconds", padding, is_pair and all(map(is_number, padding)), "a pair")
        are_valid = all(0 <= each < math.inf for each in padding)
        _check("padding_seconds", padding, are_valid, "at least 0 and finite")
        object.__setattr__(self, "padding_seconds", tuple(padding))  # as its JSON gives it back
        if longest is None:
            return
        segment = self.segment_seconds or SEGMENT_SECONDS
        shortest = max(segment, self.min_run_seconds) + sum(padding)
        allowed = f"at least {shortest:g}: a segment, or min_run_seconds, and the padding"
        _check("max_run_seconds", longest, shortest <= longest < math.inf, allowed)

    def budget_of(self, duration_seconds: float) -> float:
        """Return how many seconds of a presentation of that length the reel may last."""
        return Budget(self.budget_fraction, self.budget_seconds).seconds_of(duration_seconds)


@dataclass(frozen=True)
class Budget:
    """A budget as a person writes it: one of the two fields is set, or the seconds count."""

    budget_fraction: float | None = None
    """Share of the duration, in (0, 1]."""
    budget_seconds: float | None = None
    """Length, seconds."""

    def seconds_of(self, duration_seconds: float) -> float:
        """Return how many seconds of a presentation of that length it allows."""
        if self.budget_seconds is not None:
            return min(self.budget_seconds, duration_seconds)
        assert self.budget_fraction is not None, "one of the two fields is set"
        return self.budget_fraction * duration_seconds


def parse_budget(text: str) -> Budget:
    """Read "15%", "0.15", "30", "90s", "1m30s", "1:30" or "1:02:30"; units may be spelled out.

    A number without a unit is a share below 1, and seconds from 1 on.

    Raises:
        ValueError: the text has another form, or names nothing or more than everything.

    >>> parse_budget("1:30")
    Budget(budget_fraction=None, budget_seconds=90.0)
    >>> parse_budget("1h 2min")
    Budget(budget_fraction=None, budget_seconds=3720.0)
    """
    if match := re.fullmatch(rf"{NUMBER}\s*%?", text.strip()):
        number = float(match[1])
        if "%" in text:
            budget = Budget(budget_fraction=number / 100)
        else:
            budget = Budget(number) if number < 1 else Budget(budget_seconds=number)
    else:
        try:
            budget = Budget(budget_seconds=parse_seconds(text))
        except ValueError:
            raise ValueError(f"cannot read the budget {text!r}: write {BUDGET_FORMS}") from None
    share = budget.budget_fraction
    if budget.budget_seconds == 0 or (share is not None and not 0 < share <= 1):
        raise ValueError(f"the budget {text!r} must be more than nothing and at most 100%")
    return budget


def is_number(value: object) -> bool:
    """Return whether a value is a real number; True and False are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _check(name: str, value: object, is_valid: bool, allowed: str) -> None:
    if not is_valid:
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
