"""How a library of films grows and answers: made segments, as many as an archive has.

    python tests/trials/measure_library.py LIBRARY WORK [--segments 1800000] [--seed 0]
    python tests/trials/measure_library.py LIBRARY WORK --steps search --queries 50

LIBRARY was made from films by `vsumm library add`. Every made segment lies between two of its
segments, drawn at random, with noise: embeddings, valence and arousal alike. They are added film by
film, an hour each, as `vsumm library add` adds films. Queries are made in the same way from other
random numbers. The steps are build (adds what is missing of the segments), compare (searches that
compare all), index (joins files, and makes the indexes) and search (warm searches by them, with
recall@10 of the first ten queries against comparing all); each prints what it takes, wall and
processor. WORK is left as it is for another look; remove it by hand.
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from vsumm.film_library.indexes import FILTERED, make_value_index, make_vector_index
from vsumm.film_library.query import Query, query_point
from vsumm.film_library.schema import (
    CHECKED,
    number_column,
    rows_of_vectors,
    segments_schema,
    vector_column,
)
from vsumm.film_library.search import _alike, search
from vsumm.film_library.store import FilmRow, checksum_of, make_library, open_library

SEGMENTS_PER_FILM = 1800
NOISE = 0.3
"""Length of the noise beside vectors of length 1: pictures of a shot differ about as much."""
PLANE_NOISE = 0.05
NUM_EXACT = 10
"""Queries whose answer by the index is compared with that of comparing all, which takes seconds."""
STEPS = ("build", "compare", "index", "search")
RECORDED = ("2015-01-01", "2019-06-30", "2023-12-31")


class Maker:
    """Makes segments between those of a library."""

    def __init__(self, library, seed):
        rows = library.segments_table.search().limit(None).to_arrow()
        self.seed, self.generator = seed, np.random.default_rng(seed)
        self.vectors = {}
        for name in CHECKED:
            known = rows_of_vectors(rows[name]).astype(np.float32)
            self.vectors[name] = known[known.any(axis=1)]
        plane = np.stack([rows[name].to_numpy() for name in ("valence", "arousal")], axis=1)
        self.plane = plane[np.isfinite(plane).all(axis=1)]
        self.signals = [
            name
            for name in rows.column_names
            if name in set(library.segments_table.schema.names) - {"valence", "arousal", "score"}
            and pa.types.is_float32(rows[name].type)
        ]
        self.values = {name: rows[name].to_numpy() for name in self.signals}
        self.widths = {name: library.header.widths[name] for name in CHECKED}

    def vectors_of(self, name, count):
        known = self.vectors[name]
        first, second = self.generator.integers(len(known), size=(2, count))
        share = self.generator.random((count, 1), dtype=np.float32)
        noise = self.generator.standard_normal((count, known.shape[1]), dtype=np.float32)
        noise *= np.float32(NOISE / np.sqrt(known.shape[1]))
        made = share * known[first] + (1 - share) * known[second] + noise
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    def film(self, number, count):
        """Return a film and its segments, which do not depend on those before."""
        sha256 = f"{number:064x}"
        draw = self.generator = np.random.default_rng([self.seed, number])
        plane = self.plane[draw.integers(len(self.plane), size=count)]
        plane = np.clip(plane + PLANE_NOISE * draw.standard_normal((count, 2)), 0, 1)
        drawn = {n: draw.choice(v, size=count).astype(float) for n, v in self.values.items()}
        recorded = RECORDED[number % len(RECORDED)]
        starts = 2.0 * np.arange(count)
        cells = {
            "film": pa.array([sha256] * count),
            "number": pa.array(range(count), pa.int32()),
            "start_seconds": pa.array(starts),
            "end_seconds": pa.array(starts + 2.0),
            "recorded": pa.array([recorded] * count),
            "valence": number_column(plane[:, 0]),
            "arousal": number_column(plane[:, 1]),
            "score": number_column(draw.random(count)),
            "why": pa.array(["much motion, loud sound"] * count),
            **{name: number_column(values) for name, values in drawn.items()},
            **{n: vector_column(self.vectors_of(n, count), self.widths[n], count) for n in CHECKED},
        }
        segments = pa.table(cells, schema=segments_schema(self.signals, self.widths))
        path = Path(f"/archive/{number:06}.mp4")
        row = FilmRow(
            sha256, path, 1, 1, 2.0 * count, count, 0, None, recorded, (), (),
            checksum_of(segments), "2026-01-01T00:00:00+00:00",
        )  # fmt: skip
        return row, segments


def spent(work):
    """Return the result of some work, and its seconds on the wall and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - processor


def build(library, maker, num_segments):
    """Add the films that are not there."""
    wall = processor = 0.0
    num_before = library.segments_table.count_rows()
    for number in range(len(library.films()), -(-num_segments // SEGMENTS_PER_FILM)):
        count = min(SEGMENTS_PER_FILM, num_segments - number * SEGMENTS_PER_FILM)
        film, segments = maker.film(number, count)
        is_new, *seconds = spent(lambda film=film, rows=segments: library.add(film, rows))
        assert is_new
        wall, processor = wall + seconds[0], processor + seconds[1]
        if number % 100 == 99:
            print(f"    {number + 1} films, {memory()}", flush=True)
    num_added = library.segments_table.count_rows() - num_before
    print(f"added    {num_added} segments: {wall:.0f} s, processor {processor:.0f} s")
    print(f"         {num_added / max(processor, 1e-9):.0f} segments per second of processor")
    print(f"size     {library.num_bytes / 2**30:.2f} GiB, {memory()}", flush=True)


def measure(name, library, queries, **settings):
    """Print latency of searches, and recall@10 where an index answers."""
    search(library, queries[0], **settings)
    walls, processors = [], []
    for query in queries:
        _, wall, processor = spent(lambda query=query: search(library, query, **settings))
        walls.append(1e3 * wall)
        processors.append(1e3 * processor)
    line = f"{name:28} p50 {np.median(walls):6.0f} p95 {np.percentile(walls, 95):6.0f} ms"
    line += f"  processor p50 {np.median(processors):5.0f} p95 {np.percentile(processors, 95):5.0f}"
    if queries[0].column in CHECKED and not settings:
        shares = [recall(library, query) for query in queries[:NUM_EXACT]]
        line += f"  recall@10 {np.mean(shares):.3f} of {len(shares)}"
    print(line, flush=True)


def recall(library, query):
    """Return the share of the ten closest segments that the index finds."""
    found, exact = (
        {(hit.film, hit.number) for hit in _alike(library, query, 200, None, is_exact=flag)[:10]}
        for flag in (False, True)
    )
    return len(found & exact) / len(exact)


def memory():
    """Return the most memory that this process has had."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB of memory at most"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, metavar="LIBRARY")
    parser.add_argument("work", type=Path)
    parser.add_argument("--segments", type=int, default=1_800_000)
    parser.add_argument("--index", nargs="*", default=CHECKED, help="columns that get an index")
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    args = parser.parse_args()
    real = open_library(args.source)
    maker = Maker(real, args.seed)
    print(f"made from {len(maker.plane)} segments of {len(real.films())} films")
    library = make_library(
        args.work, model=real.header.model, widths=maker.widths, signals=maker.signals
    )
    other = Maker(real, args.seed + 1)
    queries = {
        name: [Query(name, vector, "made") for vector in other.vectors_of(name, args.queries)]
        for name in CHECKED
    }
    points = [query_point(*point) for point in other.generator.random((args.queries, 2))]
    if "build" in args.steps:
        build(library, maker, args.segments)
    if "compare" in args.steps:
        for name in CHECKED:
            measure(f"{name}, all compared", library, queries[name][:NUM_EXACT], is_exact=True)
        measure("a point of the plane, all compared", library, points[:NUM_EXACT])
    if "index" in args.steps:
        for table in (library.films_table, library.segments_table):
            _, wall, processor = spent(table.optimize)
            print(f"files of {table.name} joined: {wall:.0f} s, processor {processor:.0f} s")
        for name in args.index:
            _, wall, processor = spent(lambda name=name: make_vector_index(library, name))
            print(f"index of {name}: {wall:.0f} s, processor {processor:.0f} s, {memory()}")
        for name in FILTERED:
            _, wall, processor = spent(lambda name=name: make_value_index(library, name))
            print(f"index of {name}: {wall:.1f} s, processor {processor:.1f} s")
        print(f"size     {library.num_bytes / 2**30:.2f} GiB", flush=True)
    if "search" in args.steps:
        for name in args.index:
            measure(name, library, queries[name])
        concepts = queries["concepts"]
        measure("concepts, mood", library, concepts, mood=(0.3, 0.8))
        measure("concepts, a third by day", library, concepts, since="2020")
        measure("concepts, few by condition", library, concepts, where="arousal > 0.7")
        measure("concepts, a signal", library, concepts, where="motion > 1")
        measure("a point of the plane", library, points)
    print(memory())


if __name__ == "__main__":
    main()
