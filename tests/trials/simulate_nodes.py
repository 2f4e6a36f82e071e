"""What stragglers and failing nodes cost an archive that is analysed by many machines.

    python tests/trials/simulate_nodes.py [--hours 100000] [--nodes 64] [--seed 0]

Films are tasks, as in `vsumm batch --engine ray`: lengths are log-normal around half an hour; a
task runs on one slot of a node until it ends or the node dies, and is then queued again. Nodes
differ in speed, some tasks are slow for no reason that is known before (a busy disk, an odd codec),
nodes die at random and come back. Long films may be split into ranges, the longest may go first,
and a task that takes long may be started a second time where a slot is free: whichever ends first
counts. Prints, against a cluster in which nothing goes wrong, how much longer all of it takes, how
much work is thrown away, and how often a film was committed (once, or the trial fails).
"""

import argparse
import heapq
import math
from collections import Counter, deque

import numpy as np

SLOTS_PER_NODE = 8
CORE_SECONDS_PER_SECOND = 0.03
"""Processor seconds per second of film: what `vsumm library add` took of Big Buck Bunny, 144 lines.
Only the absolute hours depend on it."""
MEDIAN_SECONDS, SIGMA = 1800.0, 0.9
"""Of the lengths of films."""
SPEED_SIGMA = 0.15
"""Of the logarithm of the speeds of nodes."""
SLOW_SHARE, SLOW_FACTOR = 0.01, 10.0
"""Share of tasks that are slow, and how slow."""
MEAN_LIFE_SECONDS, REPAIR_SECONDS = 10 * 3600.0, 1800.0
"""Mean time until a node dies, shorter than real ones' so that many do, and until it is back."""
RANGE_SECONDS = 600.0
"""Length of the ranges that long films are split into."""
LATE_FACTOR = 3.0
"""A task that takes so many times what its length lets expect is started a second time."""


class Cluster:
    """Runs tasks on nodes that die; a discrete simulation, event by event."""

    def __init__(self, lengths, num_nodes, generator, *, is_perfect, with_copies):
        self.lengths = lengths
        self.draw = generator
        self.is_perfect = is_perfect
        self.with_copies = with_copies
        spread = 0.0 if is_perfect else SPEED_SIGMA
        self.speeds = np.exp(spread * generator.standard_normal(num_nodes))
        self.free = deque(node for _ in range(SLOTS_PER_NODE) for node in range(num_nodes))
        self.lives = Counter()  # how often each node has died: marks what ran before as lost
        self.waiting = deque(range(len(lengths)))
        self.running = {}  # attempt -> (task, node, life, start)
        self.of_task = {}  # task -> attempts that run
        self.overdue = deque()
        self.idle_from = None  # when a slot had nothing to do for the first time
        self.committed = Counter()
        self.wasted = self.useful = 0.0
        self.num_deaths = 0
        self.events = []
        self.serial = 0

    def run(self):
        """Return when the last task ends, seconds."""
        if not self.is_perfect:
            for node in range(len(self.speeds)):
                self._at(self.draw.exponential(MEAN_LIFE_SECONDS), "die", node)
        now = 0.0
        self._start(now)
        while len(self.committed) < len(self.lengths):
            now, _, kind, value = heapq.heappop(self.events)
            getattr(self, f"_{kind}")(now, value)
            self._start(now)
        return now

    def _at(self, time, kind, value):
        self.serial += 1
        heapq.heappush(self.events, (time, self.serial, kind, value))

    def _expected(self, task):
        return self.lengths[task] * CORE_SECONDS_PER_SECOND

    def _start(self, now):
        while self.free and (self.waiting or self._next_copy()):
            task, node = self.waiting.popleft(), self.free.popleft()
            is_slow = not self.is_perfect and self.draw.random() < SLOW_SHARE
            seconds = self._expected(task) / self.speeds[node] * (SLOW_FACTOR if is_slow else 1.0)
            self.serial += 1
            attempt = self.serial
            self.running[attempt] = (task, node, self.lives[node], now)
            self.of_task.setdefault(task, set()).add(attempt)
            self._at(now + seconds, "end", attempt)
            if self.with_copies and len(self.of_task[task]) == 1:
                self._at(now + LATE_FACTOR * self._expected(task), "late", attempt)
        if self.free and self.idle_from is None:
            self.idle_from = now

    def _end(self, now, attempt):
        if attempt not in self.running:
            return
        task, _, _, start = self.running[attempt]
        self._stop(attempt)
        self.committed[task] += 1
        self.useful += now - start
        for other in list(self.of_task[task]):  # a copy: stopped, its work is lost
            self.wasted += now - self.running[other][3]
            self._stop(other)

    def _stop(self, attempt):
        task, node, life, _ = self.running.pop(attempt)
        self.of_task[task].discard(attempt)
        if life == self.lives[node]:
            self.free.append(node)

    def _late(self, now, attempt):
        self.overdue.append(attempt)

    def _next_copy(self):
        """Queue a task that is late for a second time; say whether there was one."""
        while self.overdue:
            attempt = self.overdue.popleft()
            if attempt in self.running and len(self.of_task[self.running[attempt][0]]) == 1:
                self.waiting.append(self.running[attempt][0])
                return True
        return False

    def _die(self, now, node):
        self.num_deaths += 1
        lost = [a for a, (_, where, _, _) in self.running.items() if where == node]
        self.free = deque(other for other in self.free if other != node)
        self.lives[node] += 1
        for attempt in lost:
            task, _, _, start = self.running[attempt]
            self.wasted += now - start
            self._stop(attempt)
            if not self.of_task[task]:
                self.waiting.appendleft(task)
        self._at(now + REPAIR_SECONDS, "back", node)

    def _back(self, now, node):
        self.free.extend([node] * SLOTS_PER_NODE)
        self._at(now + self.draw.exponential(MEAN_LIFE_SECONDS), "die", node)


def tasks_of(films, *, are_split, longest_first):
    """Return the lengths of tasks."""
    if are_split:
        films = np.concatenate(
            [np.full(math.ceil(f / RANGE_SECONDS), f / math.ceil(f / RANGE_SECONDS)) for f in films]
        )
    return np.sort(films)[::-1] if longest_first else films


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=100_000.0)
    parser.add_argument("--nodes", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    generator = np.random.default_rng(args.seed)
    mean = MEDIAN_SECONDS * math.exp(SIGMA**2 / 2)
    num_films = round(args.hours * 3600 / mean)
    films = MEDIAN_SECONDS * np.exp(SIGMA * generator.standard_normal(num_films))
    total = films.sum() * CORE_SECONDS_PER_SECOND
    ideal = total / (args.nodes * SLOTS_PER_NODE)
    print(f"{num_films} films, {films.sum() / 3600:.0f} hours, longest {films.max() / 3600:.1f} h")
    print(f"{total / 3600:.0f} processor hours; all slots busy to the end: {ideal / 3600:.2f} h")
    print(f"{'':44} {'hours':>6} {'to ideal':>8} {'wasted':>7} {'deaths':>6} {'tail min':>8}")
    forms = [
        ("nothing goes wrong, in any order", True, False, False, False),
        ("nothing goes wrong, longest first", True, False, True, False),
        ("in any order", False, False, False, False),
        ("longest first", False, False, True, False),
        ("longest first, late ones twice", False, False, True, True),
        ("ranges of 10 minutes", False, True, False, False),
        ("ranges of 10 minutes, late ones twice", False, True, False, True),
    ]
    for name, is_perfect, are_split, longest_first, with_copies in forms:
        lengths = tasks_of(films, are_split=are_split, longest_first=longest_first)
        cluster = Cluster(
            lengths,
            args.nodes,
            np.random.default_rng(args.seed + 1),
            is_perfect=is_perfect,
            with_copies=with_copies,
        )
        end = cluster.run()
        assert sorted(cluster.committed) == list(range(len(lengths)))
        assert set(cluster.committed.values()) == {1}
        wasted = cluster.wasted / (cluster.wasted + cluster.useful)
        print(
            f"{name:44} {end / 3600:6.2f} {end / ideal:8.3f} {wasted:7.2%} "
            f"{cluster.num_deaths:6} {(end - cluster.idle_from) / 60:8.1f}"
        )


if __name__ == "__main__":
    main()
