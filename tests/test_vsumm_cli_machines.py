"""What other programs want to know: the form of a summary, and completion in the shell."""

import json
import subprocess
import sys

import msgspec
import pytest
from films import make_film
from foretold import BrightLoudModel

import vsumm
from vsumm.cli.program import main


def test_the_schema_names_what_a_summary_holds(tmp_path, capsys):
    assert main(["schema"]) == 0
    definitions = json.loads(capsys.readouterr().out)["$defs"]
    film = make_film(tmp_path / "film.mp4", seconds=4.0, size=(64, 48))
    made = json.loads(vsumm.summarize(film, model=BrightLoudModel(), budget="2s").to_json())
    assert definitions["Summary"]["properties"].keys() == made.keys()
    assert definitions["ScoredSegment"]["properties"].keys() == made["segments"][0].keys()
    assert set(definitions["Summary"]["required"]) <= made.keys()
    assert msgspec.convert(made["budget_seconds"], float) == 2.0


def test_completion_without_its_extra_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert "pip install 'vsumm[completion]'" in capsys.readouterr().err


def test_bash_completes_an_option(tmp_path, capsys):
    pytest.importorskip("shtab")
    assert main(["completion", "bash"]) == 0
    (tmp_path / "script").write_text(capsys.readouterr().out)
    lines = "source ./script; COMP_WORDS=(vsumm summarize --budg); COMP_CWORD=2; _shtab_vsumm"
    command = ["bash", "-c", f'{lines} vsumm --budg summarize; echo "${{COMPREPLY[@]}}"']
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "--budget"
