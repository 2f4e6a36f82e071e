"""Films as tasks of a Ray cluster."""

import sys

import pytest

from vsumm.batch.folders import plan_batch, run_batch
from vsumm.cli.program import main
from vsumm.errors import OutputError


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "bad.mp4").write_text("no film")
    return plan_batch(tmp_path / "bad.mp4", tmp_path / "out")


def test_an_unknown_engine_is_refused(plan):
    with pytest.raises(ValueError, match="engine must be one of local, ray; got 'slurm'"):
        run_batch(plan, engine="slurm")


def test_without_ray_there_is_one_line(plan, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    films, out = plan.films[0].path, plan.output
    assert main(["batch", str(films), "-o", str(out), "--engine", "ray"]) == 1
    assert "this needs ray: pip install 'vsumm[cluster]'" in capsys.readouterr().err


def test_an_address_needs_the_engine(plan, capsys):
    assert main(["batch", str(plan.output), "-o", "x", "--address", "auto"]) == 2
    assert "needs --engine ray" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_film_is_done_by_ray(plan):
    pytest.importorskip("ray")
    (record,) = run_batch(plan, engine="ray")
    assert record.state == "broken"
    assert "no film or sound file" in record.notes[0]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_is_not_there_is_said(plan):
    pytest.importorskip("ray")
    with pytest.raises(OutputError, match="there is no Ray cluster at auto"):
        list(run_batch(plan, engine="ray", address="auto"))
