"""The settings of a summary as keywords: `summarize("film.mp4", by="image", budget="60s")`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Literal, TypedDict

from vsumm.config import By, CutAt, Decoder, SummaryConfig, check_type, parse_budget
from vsumm.stretches import Keep, Skip


class Settings(TypedDict, total=False):
    """The fields of `SummaryConfig` but `model`, an argument of `summarize`, and `budget`."""

    budget: str | float
    by: By
    weights: dict[str, float]
    spread: float
    about: str | None
    about_model: str | None
    query: str | None
    mood: str | None
    arc: str | None
    reorder: bool
    budget_fraction: float
    budget_seconds: float | None
    segment_seconds: float | None
    cut_at: CutAt
    min_run_seconds: float
    max_run_seconds: float | None
    padding_seconds: tuple[float, float]
    keep: tuple[Keep, ...]
    skip: tuple[Skip, ...]
    frames_per_segment: int
    smoothing_segments: int
    motion_weight: float
    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    decoder: Decoder
    quick: bool
    strict: bool
    audio_track: int | None
    seed: int


def with_settings(config: SummaryConfig | None, settings: Mapping[str, Any]) -> SummaryConfig:
    """Return settings with some of them replaced.

    Args:
        config: the others; the defaults of `SummaryConfig` if None.
        settings: fields of `SummaryConfig` by name, and "budget" as a person writes it.

    Raises:
        TypeError: there is no such setting, or its value is of another type.
        ValueError: a value is out of range.

    >>> with_settings(None, {"budget": "1m30s"}).budget_seconds
    90.0
    """
    is_config = config is None or isinstance(config, SummaryConfig)
    check_type("config", config, is_config, "a SummaryConfig; settings are keywords, as by='image'")
    changes = dict(settings)
    names = [field.name for field in fields(SummaryConfig)]
    for name in changes.keys() - {*names, "budget"}:
        nearest = difflib.get_close_matches(name, [*names, "budget"], n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"there are budget, {', '.join(names)}"
        raise TypeError(f"there is no setting {name!r}; {hint}")
    if "budget" in changes:
        budget = changes.pop("budget")
        is_budget = isinstance(budget, str | int | float) and not isinstance(budget, bool)
        check_type("budget", budget, is_budget, "a text such as '60s' or '15%', or seconds")
        changes |= {k: v for k, v in vars(parse_budget(str(budget))).items() if v is not None}
        if "budget_fraction" in changes:
            changes.setdefault("budget_seconds", None)
    return replace(config or SummaryConfig(), **changes)
