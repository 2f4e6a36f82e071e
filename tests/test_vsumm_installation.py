"""What `vsumm doctor` says of the installation."""

import av
import torch

from vsumm import __version__
from vsumm.cli.program import main
from vsumm.files.cache import RecordCache


def test_doctor_without_a_film_describes_the_installation(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    RecordCache(tmp_path / "vsumm").put({"content": "a"}, [1])
    assert main(["doctor"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["vsumm"].startswith(__version__)
    assert av.__version__ in lines["FFmpeg"]
    assert torch.__version__ in lines["torch"]
    assert "mmva-lite" in lines["model"]
    assert lines["cache"].startswith(f"{tmp_path / 'vsumm'}, 1 records")


def test_what_is_missing_is_said_with_the_command_that_brings_it(monkeypatch, capsys):
    monkeypatch.setattr("vsumm.installation._version_of", lambda package: None)
    monkeypatch.setattr("vsumm.installation.ENCODERS", ("libx264", "no-such-encoder"))
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "missing: no-such-encoder" in text
    assert "pip install 'vsumm[paper]'" in text
    assert "decord     not installed" in text


def test_without_a_home_folder_there_is_no_cache(monkeypatch, capsys):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("vsumm.files.cache.Path.home", no_home)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert main(["doctor"]) == 0
    assert "cache      none: there is no home folder" in capsys.readouterr().out
