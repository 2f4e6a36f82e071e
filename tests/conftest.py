"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest
from films import keep_films
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # how fast a test is depends on the machine
settings.load_profile("untimed")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_folder():
    """The folder of real data, or a skip that says how to get one."""
    folder = Path(os.environ.get("VSUMM_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: set VSUMM_DATA to its folder ({folder} does not exist)")
    return folder.resolve()


@pytest.fixture(scope="session", autouse=True)
def kept_films(tmp_path_factory):
    """A folder from which equal films are copied instead of being made again."""
    keep_films(tmp_path_factory.mktemp("films"))
    yield
    keep_films(None)
