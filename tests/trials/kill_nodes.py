"""Kill a machine of a Ray cluster and add another while a batch runs: every film is done once.

    python tests/trials/kill_nodes.py --films 12 --seed 0

Three raylets on this machine stand for three machines. Once the first film has ended one of them is
killed, and once the second has, another joins. The results must be, byte for byte, those of
`--engine local`, and records may be written once only. Needs the extra cluster. Linux only.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import ray
from films import make_film
from kill_batches import BrokenError, contents
from ray.cluster_utils import Cluster

import vsumm

NODE = {"num_cpus": 1, "memory": 2_000_000_000, "object_store_memory": 100_000_000}


def main() -> int:
    """Make films, do them on the cluster and on this machine, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        films = Path(name) / "films"
        films.mkdir()
        for k in range(arguments.films):
            flashes = [chance.uniform(0, 6) for _ in range(3)]
            make_film(films / f"{k}.mp4", seconds=8 + k / 4, size=(160, 90), flashes=flashes)
        seconds = {"ray": _on_a_cluster(films), "local": _on_this_machine(films)}
        for engine, taken in seconds.items():
            print(f"{engine}: {taken:.0f} s, {taken / arguments.films:.1f} s per film")
        if contents(films.parent / "ray") != contents(films.parent / "local"):
            raise BrokenError("not the same results")
        print("the same results, byte for byte")
    return 0


def _on_a_cluster(films: Path) -> float:
    nodes = Cluster(initialize_head=True, head_node_args=NODE)
    others = [nodes.add_node(**NODE) for _ in range(2)]
    nodes.wait_for_nodes()
    plan = vsumm.plan_batch(films, films.parent / "ray")
    begin = time.monotonic()
    records = []
    for record in vsumm.run_batch(plan, engine="ray", address=nodes.address):
        records.append(record)
        print(f"{time.monotonic() - begin:5.0f} s {record.state} {record.path}", flush=True)
        if len(records) == 1:
            nodes.remove_node(others[0], allow_graceful=False)
            print("a node is killed", flush=True)
        if len(records) == 2:
            nodes.add_node(**NODE)
            print("a node joins", flush=True)
    seconds = time.monotonic() - begin
    nodes.shutdown()
    ray.shutdown()
    if sorted(record.path for record in records) != sorted(map(str, films.iterdir())):
        raise BrokenError("not every film once")
    if any(record.state != "done" for record in records):
        raise BrokenError(f"not every film is done: {records}")
    return seconds


def _on_this_machine(films: Path) -> float:
    plan = vsumm.plan_batch(films, films.parent / "local")
    begin = time.monotonic()
    list(vsumm.run_batch(plan, num_jobs=2))
    return time.monotonic() - begin


if __name__ == "__main__":
    sys.exit(main())
