"""The commands of the README work as they stand."""

import re
from pathlib import Path

import pytest

from vsumm.cli.program import main
from vsumm.demo import INTENSE_PASSAGES, make_sample_film
from vsumm.summary import Summary

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def code_blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture(scope="module")
def sample_film(tmp_path_factory):
    path = tmp_path_factory.mktemp("sample") / "film.mp4"
    make_sample_film(path)
    return path


def test_the_first_command_sets_up_and_runs_the_main_job():
    assert code_blocks("sh")[0].strip() == "pip install -c constraints.txt . && vsumm demo"


def test_ci_runs_the_very_test_command_of_the_readme():
    command = "pip install -c constraints.txt '.[dev]' && pytest"
    assert command in [line for block in code_blocks("sh") for line in block.splitlines()]
    assert command in (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@pytest.mark.slow
def test_the_demo_leaves_film_reel_and_summary_and_picks_the_fire(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["demo"]) == 0
    folder = tmp_path / "vsumm-demo"
    names = {"sample.mp4", "sample.summary.mp4", "sample.summary.json"}
    assert {path.name for path in folder.iterdir()} == names
    assert "vsumm-demo" in capsys.readouterr().out
    summary = Summary.from_json((folder / "sample.summary.json").read_text(encoding="utf-8"))
    inside = [
        row
        for row in summary.segments
        if row.selected
        and any(p.start_seconds <= row.start_seconds < p.end_seconds for p in INTENSE_PASSAGES)
    ]
    selected = [row for row in summary.segments if row.selected]
    assert len(inside) == len(selected) == 4


@pytest.mark.slow
def test_the_python_of_the_readme_runs(sample_film, tmp_path, monkeypatch):
    (tmp_path / "film.mp4").symlink_to(sample_film)
    monkeypatch.chdir(tmp_path)
    (block,) = code_blocks("python")
    exec(compile(block, "README.md", "exec"), {})
    assert (tmp_path / "reel.mp4").exists()
