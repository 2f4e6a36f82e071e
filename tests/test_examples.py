"""Every example runs as it stands, offline, and is short.

They share one process, which loads PyTorch once, and one sample film; one of them runs as a user
runs it, in a process of its own.
"""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vsumm import demo

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*.py"))
ALONE = "highlights_in_three_lines"


@pytest.fixture(scope="module")
def copy_sample_film(tmp_path_factory):
    """What takes the place of `make_sample_film`: each kind of file is made once."""
    folder, make = tmp_path_factory.mktemp("sample"), demo.make_sample_film

    def copy(path):
        made = folder / f"sample{path.suffix}"
        if not made.exists():
            make(made)
        shutil.copyfile(made, path)

    return copy


def test_there_are_examples():
    assert ALONE in [path.stem for path in EXAMPLES]


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in EXAMPLES if p.stem != ALONE], ids=lambda p: p.stem)
def test_example_runs(path, copy_sample_film, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(path)])
    monkeypatch.setattr(demo, "make_sample_film", copy_sample_film)
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out


@pytest.mark.slow
def test_an_example_runs_alone(tmp_path):
    (path,) = (path for path in EXAMPLES if path.stem == ALONE)
    done = subprocess.run(
        [sys.executable, str(path)], cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_under_sixty_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 60
