"""Libraries with made-up rows, and films for them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import torch
from foretold import BrightLoudModel

from vsumm.film_library.schema import number_column, segments_schema, vector_column
from vsumm.film_library.store import FilmRow, checksum_of, make_library

WIDTHS = {"concepts": 8, "picture": 4, "sound": 4}
SIGNALS = ("motion", "loudness")
RECORDED = "2019-05-31"


class EmbeddingModel(BrightLoudModel):
    """Embeds a picture as its features and a window of sound as its loudness."""

    config = SimpleNamespace(music_window_seconds=2.0, finetune=(), embedding_dim=2)

    def embeds_of_features(self, modality, features):
        return torch.cat([features[:, -1:].float(), torch.ones(len(features), 1)], dim=1)


def make_empty(folder, signals=SIGNALS, widths=WIDTHS):
    """Make a library without films."""
    return make_library(folder, model="mmva-lite", widths=widths, signals=signals)


def film_row(name, segments, **changes):
    """Return the row of a film with these segments."""
    facts = {
        "sha256": segments["film"][0].as_py(),
        "path": Path("/films") / name,
        "num_bytes": 1,
        "modified_ns": 1,
        "duration_seconds": float(segments["end_seconds"][-1].as_py()),
        "num_segments": segments.num_rows,
        "audio_track": 0,
        "title": None,
        "recorded": RECORDED,
        "shots": (),
        "notes": (),
        "checksum": checksum_of(segments),
        "added": "2026-01-01T00:00:00+00:00",
    }
    return FilmRow(**{**facts, **changes})


def made_segments(
    name,
    size,
    seed=0,
    *,
    signals=SIGNALS,
    widths=WIDTHS,
    recorded=RECORDED,
    plane=None,
    **vectors,
):
    """Return rows of a film of which nothing is known but what is given; the rest is random."""
    generator = np.random.default_rng(seed)
    plane = generator.random((size, 2)) if plane is None else np.asarray(plane, dtype=float)
    rows = {n: vectors.get(n, generator.standard_normal((size, w))) for n, w in widths.items()}
    starts = 2.0 * np.arange(size)
    cells = {
        "film": pa.array([name * 2] * size),
        "number": pa.array(range(size), pa.int32()),
        "start_seconds": pa.array(starts),
        "end_seconds": pa.array(starts + 2.0),
        "recorded": pa.array([recorded] * size),
        "valence": number_column(plane[:, 0]),
        "arousal": number_column(plane[:, 1]),
        "score": number_column(generator.random(size)),
        "why": pa.array(["much motion"] * size),
        **{signal: number_column(generator.random(size)) for signal in signals},
        **{n: vector_column(np.asarray(v, float), widths[n], size) for n, v in rows.items()},
    }
    return pa.table(cells, schema=segments_schema(signals, widths))


def add_made(library, name, size, seed=0, **given):
    """Add a film of made-up segments; return its row."""
    changes = {"recorded": given["recorded"]} if "recorded" in given else {}
    segments = made_segments(name, size, seed, **given)
    film = film_row(f"{name}.mp4", segments, **changes)
    assert library.add(film, segments)
    return film
