"""Dependencies point one way: mmva_core <- vsumm <- eval."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FORBIDDEN = {"mmva_core": {"vsumm", "eval"}, "vsumm": {"eval"}, "eval": set()}


def imports_of(path):
    """Yield (package, function that holds the import or None) for every import of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    holders = {
        child: node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        else:
            continue
        for name in names:
            yield name.partition(".")[0], holders.get(node)


@pytest.mark.parametrize("package", FORBIDDEN)
def test_no_package_imports_what_lies_above_it(package):
    for path in (REPOSITORY / package).rglob("*.py"):
        for name, holder in imports_of(path):
            is_handler = (path.name, holder) == ("program.py", "_eval")
            assert name not in FORBIDDEN[package] or is_handler, f"{path} imports {name}"


def test_the_rule_finds_a_wrong_import(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text("def f():\n    from eval.protocol.metrics import f_score\n", encoding="utf-8")
    assert list(imports_of(path)) == [("eval", "f")]


def test_nobody_hides_the_builtin_eval():
    for package in FORBIDDEN:
        for path in (REPOSITORY / package).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    assert "eval" not in [alias.asname or alias.name for alias in node.names]


def test_modules_stay_small():
    for package in FORBIDDEN:
        for path in (REPOSITORY / package).rglob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
