import json
import sys

import numpy as np
import pytest
import torch

pytest.importorskip("imageio_ffmpeg", reason="the extra 'speed' is not installed")
pytest.importorskip("psutil", reason="the extra 'speed' is not installed")

from eval.__main__ import main
from eval.speed.films import FRAME_RATE, FilmRecipe, make_film, pictures, repeat_film
from eval.speed.measure import measure
from eval.speed.report import run_stage, to_json
from eval.speed.rivals import RIVALS
from eval.speed.stages import Contestant, Goal, Stage
from eval.speed.tasks import TASKS
from eval.speed.training import measure_training
from vsumm.errors import VsummError
from vsumm.media.info import probe

TINY = FilmRecipe("tiny", 3, (128, 72))


def python(code):
    return [sys.executable, "-c", code]


def test_pictures_are_the_same_every_time_and_have_cuts():
    frames = list(pictures(FilmRecipe("tiny", 20, (128, 72))))
    assert frames == list(pictures(FilmRecipe("tiny", 20, (128, 72))))
    assert len(frames) == 20 * FRAME_RATE
    blue = [np.frombuffer(frame, np.uint8)[128 * 72 :][: 64 * 36].mean() for frame in frames]
    steps = np.abs(np.diff(blue))
    assert 3 <= np.sum(steps > 1) <= 10  # scenes of 2 to 7 s have their colours


def test_a_film_is_made_once_and_can_be_repeated(tmp_path):
    path = make_film(TINY, tmp_path)
    made = path.stat().st_mtime_ns
    assert make_film(TINY, tmp_path).stat().st_mtime_ns == made
    info = probe(repeat_film(path, 2, tmp_path / "twice.mp4"))
    assert info.duration_seconds == pytest.approx(6, abs=0.2)
    assert info.video.width == 128
    assert len(info.audio) == 1
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [path.name, "twice.mp4"]


def test_measure_counts_the_cpu_and_memory_of_children():
    work = "x = bytearray(80 << 20)\nimport time\nend = time.process_time() + 0.5\n"
    work += "while time.process_time() < end: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    usage = measure(python(parent + "; print('{\"value\": 3}')"))
    assert usage.cpu_seconds >= 0.5
    assert usage.wall_seconds >= 0.5
    assert usage.peak_mib > 80
    assert usage.report == {"value": 3}


def test_measure_says_what_a_command_complained_of():
    with pytest.raises(VsummError, match="no such thing"):
        measure(python("import sys; sys.exit('no such thing')"))


def test_a_stage_compares_ours_with_the_first_rival():
    stage = Stage(
        "demo",
        "say a number",
        "value",
        "units",
        Contestant("ours", python("print('{\"value\": 2}')")),
        (
            Contestant("rival", python("print('{\"value\": 8}')"), is_floor=True),
            Contestant("absent", python(""), needs="no_such_module"),
        ),
        Goal(0.2, "ratio"),
    )
    result = run_stage(stage, repeats=2)
    assert result.ratio == 0.25
    assert result.is_met is False
    assert result.skipped == ("absent",)
    assert result.ours.figures == (2.0, 2.0)
    (written,) = json.loads(to_json([result]))["stages"]
    assert (written["ratio"], written["is_met"]) == (0.25, False)


def test_goals_have_a_side():
    assert Goal(60, "value", is_upper=False).is_met(61, None)
    assert not Goal(60, "value", is_upper=False).is_met(59, None)
    assert Goal(0.7, "ratio").is_met(100, 0.7)


def test_speed_prints_a_table_and_writes_json(tmp_path, capsys):
    film = make_film(TINY, tmp_path)
    record = tmp_path / "speed.json"
    arguments = ["speed", "--film", str(film), "--folder", str(tmp_path), "--repeats", "1"]
    assert main([*arguments, "--only", "start", "decode", "--json", str(record)]) == 0
    printed = capsys.readouterr().out
    assert "vsumm --help" in printed
    assert "ffmpeg, every frame" in printed
    names = [stage["stage"] for stage in json.loads(record.read_text())["stages"]]
    assert names == ["start", "start", "decode", "decode"]


def test_an_unknown_stage_is_an_error(tmp_path, capsys):
    film = make_film(TINY, tmp_path)
    arguments = ["speed", "--film", str(film), "--folder", str(tmp_path), "--only", "nonsense"]
    assert main(arguments) == 1
    assert "no stage nonsense; there are: start" in capsys.readouterr().err


@pytest.mark.slow
def test_growth_measures_every_length(tmp_path, capsys):
    assert main(["speed", "--folder", str(tmp_path), "growth", "--minutes", "1"]) == 0
    _, line = capsys.readouterr().out.splitlines()
    minutes, wall, cpu, _, peak = map(float, line.split())
    assert minutes == 1
    assert wall > 0
    assert cpu > 0
    assert peak > 50


def test_a_reel_by_each_of_ffmpegs_ways_has_every_frame(tmp_path):
    film, plan, target = make_film(TINY, tmp_path), "[[0.5, 1.0], [1.5, 2.25]]", tmp_path / "r.mp4"
    expected = round(1.25 * FRAME_RATE)
    for name in ("one-command", "one-process-per-run"):
        assert RIVALS[name](str(film), plan, str(target)) == {"frames": expected}
    assert TASKS["reel"](str(film), plan, str(target)) == {"frames": expected}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")  # OpenVINO traces the tower
def test_the_tower_says_the_same_by_openvino(tmp_path):
    pytest.importorskip("openvino", reason="the extra 'peers' is not installed")
    found = RIVALS["openvino"](str(make_film(TINY, tmp_path)))
    assert found["largest_difference"] < 1e-3 < found["largest_feature"]
    assert found["value"] > 0


def test_without_a_cuda_device_nothing_is_measured_on_one(tmp_path, capsys):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    film = make_film(TINY, tmp_path)
    command = ["speed", "precision", "--model", "mmva-lite", "--film", str(film)]
    assert main([*command, "--device", "cuda"]) == 1
    assert "PyTorch sees no GPU" in capsys.readouterr().err


def test_precisions_need_a_tower_that_has_them(tmp_path, capsys):
    film = make_film(TINY, tmp_path)
    assert main(["speed", "precision", "--model", "mmva-lite", "--film", str(film)]) == 1
    assert "clip-vit-b32 only" in capsys.readouterr().err


@pytest.mark.slow
def test_a_quick_look_agrees_with_the_full_analysis_of_key_frames_alone(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    film = make_film(TINY, tmp_path)
    assert main(["speed", "agreement", str(film), str(film)]) == 0
    _, one, other, mean = capsys.readouterr().out.splitlines()
    assert one == other
    share, chance = map(float, one.split()[:2])
    assert 0 <= share <= 1
    assert 0 < chance <= 0.15
    assert mean.split()[:2] == one.split()[:2]


@pytest.mark.slow
def test_training_at_the_papers_sizes_is_divided_into_its_parts(monkeypatch):
    pytest.importorskip("transformers", reason="the extra 'paper' is not installed")
    monkeypatch.setattr("eval.speed.training.NUM_IMAGES", 300)
    monkeypatch.setattr("eval.speed.training.NUM_CLIPS", 200)
    found = measure_training(2)
    assert found.num_steps == 3
    assert found.num_measured == 2
    assert found.batch_bytes == 128 * 4 * (512 + 2 * 13 * 768)
    assert found.hours(1000) == pytest.approx(found.step_seconds * 3000 / 3600)
