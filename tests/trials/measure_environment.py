"""Say how much of the disk the packages take that vsumm brings, part by part.

    python tests/trials/measure_environment.py              # of the environment it runs in
    python tests/trials/measure_environment.py --extras text

Every requirement of vsumm stands with all that comes with it and not with an earlier one, the
largest first. Sizes are those of the installed files, MB of 1,000,000 bytes, without byte code.
"""

from __future__ import annotations

import argparse
import importlib.metadata as metadata
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FIRST = ("numpy", "torch", "huggingface-hub", "safetensors", "pillow", "av")
"""Packages that others share; what they bring is counted as theirs."""
MEGABYTE = 1_000_000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extras", nargs="*", default=[], help="extras of vsumm to count too")
    arguments = parser.parse_args()
    names = list(_needs("vsumm", ""))
    names.sort(key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    seen: set[str] = set()
    rows = []
    for name in names:
        rows.append((name, *_size_of_tree(name, seen)))
    for extra in arguments.extras:
        for name in _needs("vsumm", extra):
            rows.append((f"[{extra}] {name}", *_size_of_tree(name, seen)))
    for name, size, largest in sorted(rows, key=lambda row: -row[1]):
        print(f"{size / MEGABYTE:8.1f} MB  {name:40} {', '.join(largest)}")
    print(f"{sum(size for _, size, _ in rows) / MEGABYTE:8.1f} MB  in all")


def _size_of_tree(name: str, seen: set[str]) -> tuple[int, list[str]]:
    """Return the size of what `name` brings that is not in `seen`, and the largest of it."""
    sizes = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in seen or not _is_installed(current):
            continue
        seen.add(current)
        sizes[current] = _size(current)
        waiting += _needs(current, "")
    others = sorted((other for other in sizes if other != name), key=lambda other: -sizes[other])
    return sum(sizes.values()), [f"{o} {sizes[o] / MEGABYTE:.0f}" for o in others[:5]]


def _needs(name: str, extra: str) -> Iterator[str]:
    """Yield what a package requires here; with an extra, what that one adds."""
    for line in metadata.requires(name) or ():
        need = Requirement(line)
        is_plain = need.marker is None or need.marker.evaluate({"extra": ""})
        is_wanted = need.marker is None or need.marker.evaluate({"extra": extra})
        if is_wanted and (not extra or not is_plain):
            yield canonicalize_name(need.name)
            for inner in need.extras:
                yield from _needs(need.name, inner)


@cache
def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _size(name: str) -> int:
    files: Sequence[metadata.PackagePath] = metadata.distribution(name).files or ()
    paths = [Path(str(file.locate())) for file in files if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.is_file())


if __name__ == "__main__":
    main()
