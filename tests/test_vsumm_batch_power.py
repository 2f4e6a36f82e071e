"""Whenever the power fails: a film that has a record has its results, whole."""

import os
import stat

import pytest
from films import make_film
from foretold import BrightLoudModel

from vsumm.batch.ledger import Ledger
from vsumm.batch.task import BatchSettings, FilmTask, do_film
from vsumm.config import SummaryConfig
from vsumm.files import make_folder
from vsumm.reel import ReelConfig


class LazyDisk:
    """Has of a folder what was synced, and nothing else; a name without that is an empty file."""

    def __init__(self, folder):
        self._root = folder.stat().st_ino
        self._contents, self._entries = {}, {}
        self.states = []

    def sync(self, descriptor):
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            with os.scandir(descriptor) as entries:
                self._entries[status.st_ino] = [(e.name, e.inode(), e.is_dir()) for e in entries]
        else:
            self._contents[status.st_ino] = os.pread(descriptor, status.st_size, 0)
        self.states.append(dict(self._files(self._root, "")))

    def _files(self, folder, path):
        for name, inode, is_folder in self._entries.get(folder, []):
            if is_folder:
                yield from self._files(inode, f"{path}{name}/")
            else:
                yield f"{path}{name}", self._contents.get(inode, b"")


@pytest.fixture
def disk(tmp_path, monkeypatch):
    (tmp_path / "disk").mkdir()
    disk = LazyDisk(tmp_path / "disk")
    monkeypatch.setattr(os, "fsync", disk.sync)
    return disk


@pytest.fixture
def task(tmp_path, monkeypatch):
    source = "vsumm.score.model_source"
    monkeypatch.setattr(f"{source}.load_model", lambda _: BrightLoudModel())
    monkeypatch.setattr(f"{source}.model_fingerprint", lambda name: "bright and loud")
    monkeypatch.setattr(f"{source}._shared", {})
    film = make_film(tmp_path / "film.mp4", seconds=6, size=(64, 36), flashes=[3.0])
    settings = BatchSettings(SummaryConfig(budget_seconds=2), ReelConfig())
    return FilmTask(film, tmp_path / "disk" / "out", settings, settings.to_plain())


def test_a_record_is_on_the_disk_after_its_results_and_before_it_is_told(task, disk, tmp_path):
    make_folder(task.output)
    record = do_film(task)
    results = {f"out/{n}": (task.output / n).read_bytes() for n in (record.reel, record.summary)}
    assert all(results.values())
    with_record = []
    for number, files in enumerate(disk.states):
        left = tmp_path / f"left {number}"
        for name, content in files.items():
            (left / name).parent.mkdir(parents=True, exist_ok=True)
            (left / name).write_bytes(content)
        if list(Ledger(left / "out").records()):
            assert results.items() <= files.items()
            with_record.append(number)
    assert with_record[-1:] == [len(disk.states) - 1]
