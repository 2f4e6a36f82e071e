"""Read the structure of the three packages from their imports: rooms, arrows, floors, circles.

A room is a folder with an `__init__.py`, or a module at the top of a package. An arrow is an import
from one room to another. A name taken from a folder's face (`__init__.pyi`) points to the module
that defines it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGES = ("vsumm", "mmva_core", "eval")


@dataclass(frozen=True)
class Import:
    """One import statement, one line for each imported name."""

    importer: str
    """Dotted name of the module that imports."""
    target: str
    """Dotted name of the module that is imported, or of the package's face."""
    written: str
    """The module as it is written in the statement."""
    function: str | None
    """The function that holds the statement; None at the top of the file."""
    is_for_types: bool
    """Whether the statement runs for type checkers only."""


class Structure:
    """Imports of the packages below a folder."""

    def __init__(self, root: Path, packages: tuple[str, ...] = PACKAGES) -> None:
        self.root, self.packages = root, packages
        self.files = {
            _dotted(path.relative_to(root)): path
            for package in packages
            for path in sorted((root / package).rglob("*.py"))
        }

    @cached_property
    def imports(self) -> list[Import]:
        """Every import, including those of other projects' packages."""
        return [found for name in self.files for found in self._imports_of(name)]

    def is_ours(self, module: str) -> bool:
        return module.partition(".")[0] in self.packages

    def is_folder(self, module: str) -> bool:
        return module in self.files and self.files[module].name == "__init__.py"

    def room(self, module: str) -> str:
        """Return the room of a module: its folder below the package, else the module itself."""
        parts = module.split(".") if self.is_folder(module) else module.split(".")[:-1]
        if len(parts) < 2:
            return module
        return ".".join(parts[: 3 if parts[1] == "data" else 2])

    def face(self, module: str, importer: str) -> str | None:
        """Return the topmost folder that holds `module` but not `importer`, if there is one."""
        parts = module.split(".")
        for length in range(2, len(parts)):
            folder = ".".join(parts[:length])
            if self._has_face(folder) and not f"{importer}.".startswith(f"{folder}."):
                return folder
        return None

    def arrows(self, package: str) -> dict[str, set[str]]:
        """Return, for each room of a package, the rooms of that package that it imports from."""
        found: dict[str, set[str]] = defaultdict(set)
        for line in self.imports:
            source, target = self.room(line.importer), self.room(line.target)
            both = {source.partition(".")[0], target.partition(".")[0]}
            if both == {package} and source != target and package not in (source, target):
                found[source].add(target)
        return dict(found)

    def num_floors(self, package: str) -> int:
        """Return the length of the longest chain of rooms that import one another."""
        arrows = self.arrows(package)
        heights: dict[str, int] = {}

        def height(room: str) -> int:
            if room not in heights:
                heights[room] = 0  # a circle ends here; `circles` finds it
                heights[room] = 1 + max(map(height, arrows.get(room, ())), default=0)
            return heights[room]

        return max(map(height, arrows), default=0)

    def circles(self) -> list[set[str]]:
        """Return the sets of modules that import one another at run time, directly or not."""
        graph: dict[str, set[str]] = defaultdict(set)
        for line in self.imports:
            if self.is_ours(line.target) and not line.is_for_types and line.target in self.files:
                graph[line.importer].add(line.target)
        reached = {module: _reachable(graph, module) for module in self.files}
        circles = {
            frozenset(other for other in reached[module] if module in reached[other])
            for module in self.files
            if module in reached[module]
        }
        return [set(circle) for circle in circles if len(circle) > 1]

    def _has_face(self, module: str) -> bool:
        return self.is_folder(module) and self.files[module].with_suffix(".pyi").exists()

    def _imports_of(self, name: str) -> Iterator[Import]:
        tree = ast.parse(self.files[name].read_text(encoding="utf-8"))
        holders = {
            child: node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for child in ast.walk(node)
        }
        for_types = {
            child
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for child in ast.walk(node)
        }
        for node in ast.walk(tree):
            for written, target in self._targets(node):
                yield Import(name, target, written, holders.get(node), node in for_types)

    def _targets(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.Import):
            yield from ((alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                home = inner if inner in self.files else self._home(node.module, alias.name)
                yield node.module, home
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            # The arguments that are written out; an f-string or a name says nothing here.
            yield from (
                (text.value, text.value)
                for argument in node.args
                for text in ast.walk(argument)
                if isinstance(text, ast.Constant) and text.value in self.files
            )

    def _home(self, module: str, name: str) -> str:
        """Return the module that defines a name which a face offers."""
        for _ in range(3):  # a face may offer what the face of an inner folder offers
            if not self._has_face(module):
                break
            stub = self.files[module].with_suffix(".pyi").read_text(encoding="utf-8")
            for node in ast.parse(stub).body:
                if isinstance(node, ast.ImportFrom) and name in [a.name for a in node.names]:
                    module = f"{module}.{node.module}"
        return module


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for target in graph.get(waiting.pop(), ()):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found
