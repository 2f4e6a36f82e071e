"""Print how the packages are built: rooms, arrows, floors, circles, lines.

    python tests/trials/measure_structure.py [--root FOLDER] [--arrows]

`count_files.py` counts the files on the way of one frame, `count_hops.py` the calls on the way of a
reel.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from structure import PACKAGES, Structure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--arrows", action="store_true", help="list the arrows of every room")
    args = parser.parse_args()
    structure = Structure(args.root)
    for package in PACKAGES:
        arrows = structure.arrows(package)
        rooms = {*arrows, *(room for targets in arrows.values() for room in targets)}
        files = [path for name, path in structure.files.items() if name.startswith(package)]
        lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
        print(
            f"{package}: {len(files)} files, {lines} lines, {len(rooms)} rooms, "
            f"{structure.num_floors(package)} floors, {sum(map(len, arrows.values()))} arrows"
        )
        for room in sorted(arrows) if args.arrows else ():
            print(f"    {room} -> {', '.join(sorted(arrows[room]))}")
    inside = [line for line in structure.imports if line.function]
    print(f"imports inside functions: {len(inside)}")
    print(f"circles of modules: {structure.circles() or 'none'}")


if __name__ == "__main__":
    main()
