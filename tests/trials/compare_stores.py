"""Which embedded store a library is kept in: LanceDB, DuckDB, or mapped arrays of NumPy.

    python tests/trials/compare_stores.py {lance,duckdb,numpy} LIBRARY WORK [--segments 1800000]

Every segment is a concept vector of LIBRARY (made by `vsumm library add` from films) with noise,
and four numbers. Prints what building takes, its size, and for 20 queries the latency of comparing
all and, for LanceDB, of its index at several settings with recall@10. DuckDB has no index without
an extension that it downloads: it compares all. WORK is a folder that is made, and removed in the
end.
"""

import argparse
import resource
import shutil
import time
from pathlib import Path

import numpy as np

from vsumm.film_library.indexes import vector_index
from vsumm.film_library.schema import rows_of_vectors
from vsumm.film_library.store import open_library

ROWS_AT_ONCE = 20_000
NUM_QUERIES = 20
NUM_HITS = 20


def blocks(base, count, noise, seed):
    """Yield first row, vectors of length 1, and valence and arousal."""
    generator = np.random.default_rng(seed)
    width = base.shape[1]
    for first in range(0, count, ROWS_AT_ONCE):
        size = min(ROWS_AT_ONCE, count - first)
        spread = generator.standard_normal((size, width), dtype=np.float32)
        vectors = base[generator.integers(len(base), size=size)]
        vectors = vectors + spread * np.float32(noise / np.sqrt(width))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        yield first, vectors, generator.random((size, 2), dtype=np.float32)


def spent(work):
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - processor


def time_search(name, queries, search):
    search(queries[0])
    found = [spent(lambda query=query: search(query)) for query in queries]
    walls, processors = (1e3 * np.array([one[k] for one in found]) for k in (1, 2))
    line = f"{name:36} p50 {np.median(walls):6.0f} p95 {np.percentile(walls, 95):6.0f} ms wall"
    print(f"{line}, {np.median(processors):5.0f} ms of processor", flush=True)
    return [one[0] for one in found]


def try_numpy(work, rows, width, count, queries):
    vectors = np.lib.format.open_memmap(
        work / "vectors.npy", mode="w+", dtype=np.float32, shape=(count, width)
    )
    for first, block, _ in rows:
        vectors[first : first + len(block)] = block
    vectors.flush()
    yield
    time_search(
        "all compared", queries, lambda query: np.argpartition(-(vectors @ query), NUM_HITS)
    )


def try_duckdb(work, rows, width, count, queries):
    import duckdb
    import pandas as pd

    connection = duckdb.connect(work / "store.duckdb")
    connection.execute("SET memory_limit = '3GB'")
    connection.execute(
        f"CREATE TABLE segments (film INT, number INT, valence FLOAT, arousal FLOAT, "
        f"concepts FLOAT[{width}])"
    )
    for first, block, plane in rows:
        frame = pd.DataFrame({"number": np.arange(first, first + len(block), dtype=np.int32)})
        frame["valence"], frame["arousal"] = plane.T
        frame["concepts"] = list(block)
        connection.register("block", frame)
        connection.execute(
            f"INSERT INTO segments SELECT number // 1800, number, valence, arousal, "
            f"concepts::FLOAT[{width}] FROM block"
        )
    connection.execute("CHECKPOINT")
    yield

    def search(query, condition="true"):
        return connection.execute(
            f"SELECT number, array_inner_product(concepts, $1::FLOAT[{width}]) AS closeness "
            f"FROM segments WHERE {condition} ORDER BY closeness DESC LIMIT {NUM_HITS}",
            [query],
        ).fetchall()

    time_search("all compared", queries, search)
    few = "valence < 0.2 AND arousal > 0.8"
    time_search("4 % by condition", queries, lambda query: search(query, few))


def try_lance(work, rows, width, count, queries):
    import lancedb
    import pyarrow as pa

    numbers = [pa.field(name, pa.int32()) for name in ("film", "number")]
    numbers += [pa.field(name, pa.float32()) for name in ("valence", "arousal")]
    schema = pa.schema([*numbers, pa.field("concepts", pa.list_(pa.float32(), width))])
    table = lancedb.connect(work).create_table("segments", schema=schema)
    for first, block, plane in rows:
        number = np.arange(first, first + len(block), dtype=np.int32)
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(block.ravel()), width)
        columns = [number // 1800, number, plane[:, 0], plane[:, 1]]
        table.add(pa.table([*map(pa.array, columns), vectors], schema=schema))
    yield

    def search(query, condition=None, probes=20, refined=10, is_exact=False):
        found = table.search(query).distance_type("cosine").limit(NUM_HITS)
        found = found.nprobes(probes).refine_factor(refined).select(["number", "_distance"])
        if is_exact:
            found = found.bypass_vector_index()
        if condition:
            found = found.where(condition, prefilter=True)
        return found.to_arrow()["number"].to_pylist()[:10]

    exact = time_search("all compared", queries, lambda query: search(query, is_exact=True))
    _, wall, processor = spent(lambda: table.create_index("concepts", config=vector_index(width)))
    print(f"index {wall:.0f} s, {processor:.0f} s of processor, {_size(work):.2f} GiB")
    for probes, refined in ((20, 4), (40, 4), (100, 4), (200, 4), (100, 12)):
        name = f"index, {probes} probes, refined {refined}"
        settings = {"probes": probes, "refined": refined}
        found = time_search(name, queries, lambda query, kept=settings: search(query, **kept))
        shares = [len({*one} & {*other}) / 10 for one, other in zip(found, exact, strict=True)]
        print(f"{'':36} recall@10 {np.mean(shares):.3f}")
    few = "valence < 0.2 AND arousal > 0.8"
    time_search("index, 4 % by condition", queries, lambda query: search(query, few))


def _size(work):
    return sum(file.stat().st_size for file in work.rglob("*") if file.is_file()) / 2**30


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", choices=("lance", "duckdb", "numpy"))
    parser.add_argument("source", type=Path, metavar="LIBRARY")
    parser.add_argument("work", type=Path)
    parser.add_argument("--segments", type=int, default=1_800_000)
    parser.add_argument("--noise", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rows = open_library(args.source).segments_table.search().limit(None).to_arrow()
    base = rows_of_vectors(rows["concepts"]).astype(np.float32)
    base = base[base.any(axis=1)]
    _, queries, _ = next(blocks(base, NUM_QUERIES, args.noise, args.seed + 1))
    made = blocks(base, args.segments, args.noise, args.seed)
    args.work.mkdir()
    trial = {"lance": try_lance, "duckdb": try_duckdb, "numpy": try_numpy}[args.store](
        args.work, made, base.shape[1], args.segments, queries
    )
    try:
        _, wall, processor = spent(lambda: next(trial))
        print(f"built {wall:.0f} s, {processor:.0f} s of processor, {_size(args.work):.2f} GiB")
        next(trial, None)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{most:.2f} GiB of memory at most")
    finally:
        shutil.rmtree(args.work)


if __name__ == "__main__":
    main()
