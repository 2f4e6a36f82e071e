"""Measure a film as `vsumm.summarize` does, and return its rows of a library."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmva_core import retrieval
from vsumm.analysis import Analysis, analyse
from vsumm.borders import find_cuts
from vsumm.config import SummaryConfig
from vsumm.edges import seen_in
from vsumm.errors import InputError, NoSignalError
from vsumm.files import RecordCache
from vsumm.film_library.header import Header
from vsumm.film_library.known import file_facts
from vsumm.film_library.migrate import joint_rows
from vsumm.film_library.schema import number_column, segments_schema, vector_column
from vsumm.film_library.store import FilmRow, checksum_of, now
from vsumm.media import Segment, probe
from vsumm.progress import Watch
from vsumm.score import (
    IMAGE,
    MUSIC,
    FloatArray,
    ModelSource,
    contributions,
    embeds_measurements,
    reasons,
    score_highlights,
    signals_of,
    weights_of,
)

if TYPE_CHECKING:
    import pyarrow as pa


def signal_names() -> list[str]:
    """Return the names of all signals, in the order of the columns."""
    return [signal.name for signal in signals_of("highlights")]


def measure_film(
    header: Header,
    path: Path,
    config: SummaryConfig,
    source: ModelSource,
    cache: RecordCache | None,
    watch: Watch,
) -> tuple[FilmRow, pa.Table]:
    """Return the rows of a film.

    Raises:
        InputError: it cannot be read, or is black and silent throughout.
    """
    before = file_facts(path)
    info = probe(path)
    analysis = analyse(
        info, config, source=source, cache=cache, progress=watch, also=embeds_measurements
    )
    if not analysis.measured.has(IMAGE) and not analysis.measured.has(MUSIC):
        raise NoSignalError(f"{path}: it is black and silent, or unreadable, throughout")
    cuts = find_cuts(
        info,
        [Segment(0.0, info.duration_seconds)],
        seen_in(info, analysis.measured.arrays),
        content=analysis.content,
        cache=cache,
    )
    recorded = _recorded(info.creation_time, path)
    segments = _segments(analysis, recorded, header)
    facts = file_facts(path)
    if facts is None or facts != before:
        raise InputError(f"{path}: it was changed while it was read")
    film = FilmRow(
        sha256=analysis.content,
        path=path,
        num_bytes=facts[0],
        modified_ns=facts[1],
        duration_seconds=info.duration_seconds,
        num_segments=analysis.film.num_segments,
        audio_track=analysis.film.config.audio_track if info.audio else None,
        title=info.title,
        recorded=recorded,
        shots=cuts.cuts,
        notes=(*info.problems, *([cuts.problem] if cuts.problem else [])),
        checksum=checksum_of(segments),
        added=now(),
    )
    return film, segments


def _segments(analysis: Analysis, recorded: str, header: Header) -> pa.Table:
    import pyarrow as pa

    film, arrays, columns = analysis.film, analysis.measured.arrays, analysis.columns
    size = film.num_segments
    nothing = np.full(size, np.nan)
    parts = contributions(columns, film.config, by="highlights")
    embeds = {
        "concepts": arrays.get("text_embeds"),
        "picture": arrays.get("image_embeds"),
        "sound": arrays.get("music_embeds"),
    }
    if "joint" in header.widths:
        sound = embeds["sound"]
        head = retrieval.load_joint_head(header.model)
        embeds["joint"] = None if sound is None else joint_rows(sound, head)
    cells = {
        "film": pa.array([analysis.content] * size, pa.string()),
        "number": pa.array(range(size), pa.int32()),
        "start_seconds": pa.array([s.start_seconds for s in film.segments], pa.float64()),
        "end_seconds": pa.array([s.end_seconds for s in film.segments], pa.float64()),
        "recorded": pa.array([recorded] * size, pa.string()),
        "valence": number_column(_either("valence", columns, nothing)),
        "arousal": number_column(_either("arousal", columns, nothing)),
        "score": number_column(score_highlights(columns, weights_of(film.config)).scores),
        "why": pa.array([", ".join(reasons(parts, [row])) for row in range(size)], pa.string()),
        **{name: number_column(columns.get(name, nothing)) for name in signal_names()},
        **{name: vector_column(rows, header.widths[name], size) for name, rows in embeds.items()},
    }
    return pa.table(cells, schema=segments_schema(signal_names(), header.widths))


def _either(name: str, columns: Mapping[str, FloatArray], nothing: FloatArray) -> FloatArray:
    """Return valence or arousal of the picture, or of the music where there is no picture."""
    image = columns.get(f"image_{name}", nothing)
    return np.where(np.isfinite(image), image, columns.get(f"music_{name}", nothing))


def _recorded(creation_time: str | None, path: Path) -> str:
    """Return the day that the container names, or else that of the last change of the file."""
    try:
        return datetime.fromisoformat(creation_time or "").date().isoformat()
    except ValueError:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
