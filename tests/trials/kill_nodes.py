"""Kill a machine of a Ray cluster and add another while a batch runs: every film is done once.

    python tests/trials/kill_nodes.py --films 24 --rounds 3 --seed 0

Films of 4 to 10 s are made, and one of three minutes that is split into ranges of one. Three
raylets on this machine stand for three machines. Once a quarter of the films has ended one of them
is killed, and once half of them have, another joins. The results must be, byte for byte, those of
`--engine local`, and records may be written once only.

Then what Ray costs: in every round all films are done by Ray on this machine, where nothing is
killed, and by `--engine local --jobs 2`. CPU time is that of all processes, those of Ray and those
that end meanwhile included, looked at every LOOK_SECONDS. Needs the extra cluster. Linux only.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from films import make_film
from kill_batches import BrokenError, contents

import vsumm

NODE = {"num_cpus": 1, "memory": 2_000_000_000, "object_store_memory": 100_000_000}
LONG_SECONDS, SPLIT_SECONDS = 180.0, 60.0
"""Length of the film that is split, and of its ranges."""
LOOK_SECONDS = 0.05
"""Distance of two looks at the processes."""


def main() -> int:
    """Make films, do them by every engine, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        engine, folder = arguments.run
        ENGINES[engine](Path(folder) / "films", Path(folder) / engine)
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _make_films(folder / "films", arguments.films, random.Random(arguments.seed))
        _measured("killed", folder)
        _measured("local", folder)
        expected = contents(folder / "local")
        if contents(folder / "killed") != expected:
            raise BrokenError("not the same results")
        print(f"{len(expected)} results are the same, byte for byte")
        taken = {engine: [] for engine in ("ray", "local")}
        for _ in range(arguments.rounds):
            for engine, costs in taken.items():
                subprocess.run(["rm", "-rf", folder / engine], check=True)
                costs.append(_measured(engine, folder))
        medians = [[statistics.median(each) for each in zip(*taken[e], strict=True)] for e in taken]
        (ray_wall, ray_cpu), (wall, cpu) = medians
        per_film = (ray_cpu - cpu) / (arguments.films + 1)
        print(
            f"medians: {per_film:.2f} s of CPU time per film more by Ray, {ray_cpu / cpu:.2f} times"
        )
        print(f"films per second by Ray: {wall / ray_wall:.2f} of those by --jobs 2")
    return 0


def _make_films(folder: Path, number: int, chance: random.Random) -> None:
    folder.mkdir()
    for k in range(number):
        flashes = [chance.uniform(0, 4) for _ in range(3)]
        make_film(folder / f"{k:02}.mp4", seconds=4 + k / 4, size=(160, 90), flashes=flashes)
    flashes = [chance.uniform(0, LONG_SECONDS) for _ in range(10)]
    # In the middle, so that it is split, and in work, when a machine is killed.
    name = f"{number // 4:02} long.mp4"
    make_film(folder / name, seconds=LONG_SECONDS, size=(160, 90), flashes=flashes, frame_rate=10)


def _on_a_cluster_that_fails(films: Path, output: Path) -> None:
    import ray
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args=NODE)
    others = [nodes.add_node(**NODE) for _ in range(2)]
    nodes.wait_for_nodes()
    logging.basicConfig(format="    %(message)s", stream=sys.stdout)
    logging.getLogger("mmva_core.engines").setLevel(logging.INFO)
    plan = vsumm.plan_batch(films, output)
    number, records = len(plan.to_do), []
    options = {"engine": "ray", "address": nodes.address, "split_seconds": SPLIT_SECONDS}
    for record in vsumm.run_batch(plan, **options):
        records.append(record)
        if len(records) == number // 4:
            nodes.remove_node(others[0], allow_graceful=False)
            print(f"    {len(records)} have ended: a node is killed", flush=True)
        if len(records) == number // 2:
            nodes.add_node(**NODE)
            print(f"    {len(records)} have ended: a node joins", flush=True)
    nodes.shutdown()
    ray.shutdown()
    _check(records, films)


def _by_ray(films: Path, output: Path) -> None:
    plan = vsumm.plan_batch(films, output)
    _check(list(vsumm.run_batch(plan, engine="ray", split_seconds=SPLIT_SECONDS)), films)


def _by_processes(films: Path, output: Path) -> None:
    plan = vsumm.plan_batch(films, output)
    _check(list(vsumm.run_batch(plan, num_jobs=2, split_seconds=SPLIT_SECONDS)), films)


def _check(records: list[vsumm.batch.FilmRecord], films: Path) -> None:
    if sorted(record.path for record in records) != sorted(map(str, films.iterdir())):
        raise BrokenError("not every film once")
    if any(record.state != "done" for record in records):
        raise BrokenError(f"not every film is done: {records}")


def _measured(engine: str, folder: Path) -> tuple[float, float]:
    """Do all films in a process of its own; return the seconds, and those of CPU time."""
    begin = time.monotonic()
    command = [sys.executable, __file__, "--run", engine, folder]
    with subprocess.Popen(command) as process:
        known: dict[int, float] = {process.pid: 0.0}
        while process.poll() is None:
            _look(known)
            time.sleep(LOOK_SECONDS)
    if process.returncode:
        raise BrokenError(f"{engine} ended with {process.returncode}")
    seconds, cpu_seconds = time.monotonic() - begin, sum(known.values())
    print(f"{engine}: {seconds:.1f} s, {cpu_seconds:.1f} s of CPU time", flush=True)
    return seconds, cpu_seconds


def _look(known: dict[int, float]) -> None:
    """Note the CPU time of processes and of all that they start, also once their parent is gone."""
    parents, times = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        number = int(path.name)
        parents[number] = int(fields[1])
        times[number] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    for number in sorted(parents):  # a child's number is greater, but for once in a long while
        if parents[number] in known or number in known:
            known[number] = times[number]


ENGINES = {"killed": _on_a_cluster_that_fails, "ray": _by_ray, "local": _by_processes}


if __name__ == "__main__":
    sys.exit(main())
