"""Fixtures that every test may use."""

import os
from importlib import import_module
from pathlib import Path

import pytest
from films import keep_films
from hypothesis import settings

from vsumm.workers.start import end_server

# For models as small as those of the tests, threads cost more than they save.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("untimed", deadline=None)  # how fast a test is depends on the machine
settings.load_profile("untimed")

REPOSITORY = Path(__file__).resolve().parent.parent
MAX_PROCESSES = 4
"""A process holds up to 2 GB, and models that several tests share are made in each."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Share a folder of tests among the cores; run named files in this process, at once."""
    has_folder = any(Path(argument).is_dir() for argument in config.args)
    return min(os.cpu_count() or 1, MAX_PROCESSES) if has_folder else 0


@pytest.fixture(scope="session")
def data_folder():
    """The folder of real data, or a skip that says how to get one."""
    folder = Path(os.environ.get("VSUMM_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: set VSUMM_DATA to its folder ({folder} does not exist)")
    return folder.resolve()


@pytest.fixture
def broken_jobs(monkeypatch):
    """Let workers find the jobs of `broken_jobs.py`; call it to put one in the place of another.

    It takes the place where a caller has the function or class that starts a worker, and the name
    of the job to start instead, whatever is asked for.
    """
    folders = [str(Path(__file__).parent / "support"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, folders)))
    end_server()

    def put_in_place(caller, name):
        module, _, attribute = caller.rpartition(".")
        ask = getattr(import_module(module), attribute)
        job = f"broken_jobs:{name}"
        monkeypatch.setattr(caller, lambda _, **request: ask(job, **request))

    yield put_in_place
    end_server()


@pytest.fixture(scope="session", autouse=True)
def kept_films(tmp_path_factory):
    """A folder of the whole run, from which equal films are copied instead of made again."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes
        folder = folder.parent
    folder /= "films"
    folder.mkdir(exist_ok=True)
    keep_films(folder)
    yield
    keep_films(None)
