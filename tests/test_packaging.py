"""What the wheel holds, and what the installed package promises."""

import importlib
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = {"vsumm", "mmva_core", "eval"}


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory):
    hatchling = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is a dev extra")
    folder = tmp_path_factory.mktemp("wheel")
    builder = hatchling.WheelBuilder(str(REPOSITORY))
    path = next(builder.build(directory=str(folder), versions=["standard"]))
    return zipfile.ZipFile(path).namelist()


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel_names):
    top = {name.partition("/")[0] for name in wheel_names}
    assert {name for name in top if not name.endswith(".dist-info")} == PACKAGES


def test_the_wheel_holds_the_weights_and_their_card(wheel_names):
    folder = "mmva_core/weights/mmva-lite/"
    files = (
        "config.json",
        "model.safetensors",
        "prompts.safetensors",
        "joint.safetensors",
        "README.md",
    )
    assert {f"{folder}{name}" for name in files} <= set(wheel_names)


def test_the_wheel_holds_what_a_report_is_made_of(wheel_names):
    folder = "vsumm/report/page/"
    names = {f"{folder}report.{suffix}" for suffix in ("html.j2", "css", "js")}
    assert names <= set(wheel_names)


def test_the_wheel_holds_no_media(wheel_names):
    endings = (".mp4", ".mkv", ".webm", ".mp3", ".ogg", ".wav", ".mat", ".h5", ".jpg")
    assert not [name for name in wheel_names if name.endswith(endings)]


def test_eval_is_ours():
    assert importlib.import_module("eval").__doc__.startswith("Measure summaries")


@pytest.mark.parametrize("package", ["vsumm", "mmva_core"])
def test_all_lists_what_there_is(package):
    module = importlib.import_module(package)
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert getattr(module, name).__doc__


def loaded_by(code):
    """Return the modules that a fresh interpreter has loaded after running `code`."""
    script = f"import sys\n{code}\nprint(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    return set(output.stdout.decode().splitlines()[-1].split())  # what the code prints comes first


def test_help_loads_neither_torch_nor_a_decoder():
    run = "from vsumm.cli import main\nmain(['summarize', '--help'])"
    code = f"try:\n exec({run!r})\nexcept SystemExit: pass"
    heavy = {"torch", "numpy", "decord", "av", "pandas", "scipy", "transformers", "ortools"}
    assert not heavy & loaded_by(code)


def test_the_lite_path_loads_neither_transformers_nor_pandas_nor_scipy():
    heavy = {"transformers", "pandas", "scipy", "scipy.stats"}
    assert not heavy & loaded_by("import vsumm\nvsumm.summarize")


def test_what_a_cached_film_does_not_need_is_not_loaded():
    """All that `vsumm FILM` imports before it knows whether the film was measured before."""
    heavy = {"torch", "av", "PIL", "ortools", "tqdm", "pysubs2", "opentimelineio", "moviepy"}
    assert not heavy & loaded_by("import vsumm.batch\nvsumm.batch.summarize_files")


def test_the_processes_that_decode_and_encode_load_little():
    """What those of `vsumm FILM` are forked from."""
    jobs = (
        "vsumm.decode.probe, vsumm.decode.scan, vsumm.decode.pick_frames, vsumm.decode.sound, "
        "vsumm.borders.shots_job, vsumm.borders.speech_job, vsumm.reel.job"
    )
    heavy = {"torch", "scipy", "pandas", "scenedetect", "onnxruntime", "moviepy", "transformers"}
    assert not heavy & loaded_by(f"import {jobs}")


def test_reading_cutting_and_choosing_work_without_torch(tmp_path):
    """What `.ci/run` tries on other Pythons, where it installs no torch."""
    code = (
        "import sys\nsys.modules['torch'] = None\n"
        "import vsumm\nvsumm.Summary, vsumm.export_reel, vsumm.select_segments\n"
        "from vsumm.cli import main\nimport vsumm.decode.probe\n"
        "import vsumm.decode.pick_frames, vsumm.decode.sound, vsumm.reel.job, vsumm.render\n"
        "import vsumm.reel.write, vsumm.timeline, vsumm.doctor, vsumm.report, vsumm.batch\n"
        "main(['schema'])"
    )
    assert "vsumm.select.knapsack" in loaded_by(code)


@pytest.mark.parametrize("extra", ["compose", "eval"])
def test_the_main_job_needs_no_extra(extra):
    named = {"compose": {"moviepy"}, "eval": {"h5py", "mido", "scipy"}}[extra]
    code = "".join(f"sys.modules[{name!r}] = None\n" for name in sorted(named))
    modules = "vsumm.batch.run, vsumm.report.html, vsumm.reel.job, vsumm.timeline, mmva_core.model"
    assert "mmva_core.model" in loaded_by(f"{code}import {modules}\nimport vsumm.score.signals")
    brought = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert named == {line.partition(">")[0] for line in brought["optional-dependencies"][extra]}
