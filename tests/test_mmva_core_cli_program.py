"""The mmva command: what it prints, and how it fails."""

import csv
import io
import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmva_imemnet import write_config, write_imemnet, write_tone
from mmva_tiny import tiny_model
from mmva_towers import write_clip, write_mert, write_roberta
from PIL import Image
from safetensors.torch import load_file

from mmva_core.cli.program import main
from mmva_core.errors import DataError
from mmva_core.inputs.guess import guess_modality
from mmva_core.sounds.recordings import SOURCES

EXIT_USAGE = 2


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    return str(tiny_model(music_window_seconds=1.0).save_pretrained(tmp_path_factory.mktemp("m")))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("imemnet")
    config = write_imemnet(folder)
    assert main(["train", "--config", str(config), "-o", str(folder / "run"), "--quiet"]) == 0
    return folder


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(np.full((20, 30, 3), 200, np.uint8)).save(path)
    return str(path)


def test_predict_prints_a_row_for_each_input(model_folder, picture, tmp_path, capsys):
    tone = str(write_tone(tmp_path / "tone.wav", 440, seconds=2.5))
    assert main(["predict", "--model", model_folder, picture, tone]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].split() == ["valence", "arousal", "what", "input"]
    assert [row.split()[2] for row in rows[1:]] == ["image", "music"]
    assert rows[2].endswith("(3 windows)")


def test_predict_json_holds_the_windows_of_a_file(model_folder, tmp_path, capsys):
    tone = str(write_tone(tmp_path / "tone.wav", 440, seconds=2.5))
    assert main(["predict", "--json", "--model", model_folder, tone]) == 0
    (prediction,) = json.loads(capsys.readouterr().out)["predictions"]
    spans = [(w["start_seconds"], w["end_seconds"]) for w in prediction["windows"]]
    assert spans == [(0, 1), (1, 2), (1.5, 2.5)]
    mean = sum(w["arousal"] for w in prediction["windows"]) / 3
    assert prediction["arousal"] == pytest.approx(mean)


def test_one_bad_input_does_not_stop_the_others(model_folder, picture, capsys):
    assert main(["predict", "--model", model_folder, "gone.jpg", picture]) == 1
    captured = capsys.readouterr()
    assert captured.err == "mmva: error: no such file: gone.jpg\n"
    assert "image" in captured.out


@pytest.mark.parametrize("content", [b"", b"not a sound", b"RIFF0000WAVEfmt "])
def test_a_file_that_is_neither_picture_nor_sound_is_one_line(
    model_folder, tmp_path, capsys, content
):
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    assert main(["predict", "--model", model_folder, str(path)]) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("mmva: error: cannot decode the audio of")
    assert errors.count("\n") == 1


def test_a_truncated_picture_is_one_line(model_folder, tmp_path, capsys):
    path = tmp_path / "cut.jpg"
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:3000])
    assert main(["predict", "--model", model_folder, str(path)]) == 1
    assert "cannot decode the picture" in capsys.readouterr().err


def test_an_unknown_model_is_one_line(capsys):
    assert main(["predict", "--model", "nothing", "a calm day"]) == 1
    assert capsys.readouterr().err.startswith("mmva: error: no model 'nothing'")


def test_wrong_usage_has_its_own_exit_code():
    for arguments in ([], ["fly"], ["predict"], ["train"], ["predict", "x", "--as", "smell"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == EXIT_USAGE


def test_a_precision_that_the_tower_lacks_is_one_line(model_folder, picture, capsys):
    assert main(["predict", "--model", str(model_folder), "--precision", "bf16", str(picture)]) == 1
    assert "clip-vit-b32 only" in capsys.readouterr().err


def test_ctrl_c_has_its_own_exit_code(monkeypatch, model_folder, capsys):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("mmva_core.model.MMVA.from_pretrained", interrupt)
    assert main(["predict", "--model", model_folder, "a calm day"]) == 130
    assert capsys.readouterr().err == "mmva: interrupted\n"


@pytest.mark.parametrize(
    ("text", "modality"),
    [("a calm day", "caption"), ("calm", "caption"), ("What a day...", "caption")],
)
def test_what_is_no_file_is_a_sentence(text, modality):
    assert guess_modality(text) == modality


@pytest.mark.parametrize("text", ["sunset.jpg", "folder/file", " ", "/"])
def test_what_looks_like_a_file_that_is_not_there_is_refused(text):
    with pytest.raises(DataError):
        guess_modality(text)


def test_a_very_long_sentence_is_no_file_name():
    assert guess_modality("word " * 5000) == "caption"


def test_info_names_towers_weights_and_licences(model_folder, capsys):
    assert main(["info", model_folder]) == 0
    printed = capsys.readouterr().out
    for word in ("efficientnet-lite0", "minilm-l6", "mert-v1-95m", "CC-BY-NC-4.0", "sha256"):
        assert word in printed


def test_info_json_holds_the_config(model_folder, capsys):
    assert main(["info", "--json", model_folder]) == 0
    description = json.loads(capsys.readouterr().out)
    assert description["config"]["embedding_dim"] == 8
    assert description["towers"]["image"]["licence"] == "Apache-2.0"


def test_train_prints_a_template_that_it_reads_itself(capsys, tmp_path):
    assert main(["train", "--template"]) == 0
    path = tmp_path / "run.toml"
    path.write_text(capsys.readouterr().out)
    assert main(["train", "--config", str(path), "-o", str(tmp_path / "run")]) == 1
    assert "no such file" in capsys.readouterr().err


def test_train_needs_a_folder(capsys, trained):
    assert main(["train", "--config", str(trained / "run.toml")]) == 1
    assert "-o FOLDER" in capsys.readouterr().err


def test_a_trained_model_can_be_used(trained, capsys):
    model = str(trained / "run" / "model")
    picture = str(trained / "images" / "picture0.jpg")
    assert main(["predict", "--model", model, picture]) == 0
    assert "image" in capsys.readouterr().out


def test_training_again_needs_resume(trained, capsys):
    arguments = ["train", "--config", str(trained / "run.toml"), "-o", str(trained / "run")]
    assert main([*arguments, "--quiet"]) == 1
    assert "holds a run; resume it" in capsys.readouterr().err
    assert main([*arguments, "--quiet", "--resume"]) == 0


def test_features_are_encoded_once(trained, monkeypatch):
    def encode(*args):
        raise AssertionError("the cache should have served the features")

    monkeypatch.setattr("mmva_core.model.MMVA.image_features", encode)
    monkeypatch.setattr("mmva_core.model.MMVA.caption_features", encode)
    arguments = ["train", "--config", str(trained / "run.toml"), "--seed", "1"]
    assert main([*arguments, "-o", str(trained / "again"), "--quiet"]) == 0


def test_the_ablations_are_options(trained, capsys):
    paired = write_config(trained, data='pairs = "pairs.txt"')
    paired = paired.rename(trained / "paired.toml")
    write_config(trained)
    arguments = ["train", "--config", str(paired), "--no-similarity", "--matching", "paired"]
    assert main([*arguments, "-o", str(trained / "ablation"), "--quiet"]) == 0
    with (trained / "ablation" / "log.csv").open() as file:
        assert "similarity" not in next(csv.reader(file))


def test_a_wrong_setting_is_one_line(trained, capsys, tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("[train]\nepochs = -1\n[data]\n")
    assert main(["train", "--config", str(path), "-o", str(tmp_path / "run")]) == 1
    assert "epochs must be a positive integer" in capsys.readouterr().err


def test_too_little_data_is_one_line(tmp_path, capsys):
    config = write_imemnet(tmp_path, num_images=5, num_songs=4)
    assert main(["train", "--config", str(config), "-o", str(tmp_path / "run")]) == 1
    assert "the validation part is empty: 5 pictures and 4 songs" in capsys.readouterr().err


def test_towers_can_be_trained_too(tmp_path, capsys):
    write_imemnet(tmp_path)
    towers = {"image": write_clip, "music": write_mert, "caption": write_roberta}
    settings = ['base = "mmva"', 'finetune = ["image", "music", "caption"]']
    for modality, write in towers.items():
        (tmp_path / f"{modality}_tower").mkdir()
        write(tmp_path / f"{modality}_tower")
        settings.append(f'{modality}_weights = "{modality}_tower"')
    config = write_config(tmp_path, model="\n".join(settings))
    arguments = ["train", "--config", str(config), "--device", "cpu", "--quiet"]
    assert main([*arguments, "-o", str(tmp_path / "run")]) == 0
    before = load_file(tmp_path / "caption_tower" / "model.safetensors")
    after = load_file(tmp_path / "run" / "model" / "model.safetensors")
    name = "encoder.layer.0.output.dense.weight"
    assert not torch.equal(before[f"roberta.{name}"], after[f"towers.caption.network.{name}"])
    assert not (tmp_path / "features").exists()


def test_evaluate_prints_figures_beside_the_constant_and_the_paper(trained, capsys):
    arguments = ["evaluate", "--config", str(trained / "run.toml"), "--baselines"]
    arguments += ["--model", str(trained / "run" / "model"), "--format", "csv"]
    assert main(arguments) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    ours = [row for row in rows if row["source"].endswith("model")]
    assert [(row["target"], row["dimension"]) for row in ours[:3]] == [
        ("similarity", "score"),
        ("image", "valence"),
        ("image", "arousal"),
    ]
    assert all(row["constant_mse"] and row["skill"] for row in ours)
    sources = {row["source"] for row in rows}
    assert {"cdcml (our reading)", "MMVA, the paper's figure"} <= sources


def test_evaluate_needs_something_to_measure_on(capsys):
    assert main(["evaluate"]) == 1
    assert "--config FILE or --preset" in capsys.readouterr().err


def test_build_makes_what_train_reads(tmp_path, capsys):
    times = range(15000, 19000, 500)
    table = "song_id," + ",".join(f"sample_{time}ms" for time in times) + "\n7" + ",0.5" * 8 + "\n"
    for name in ("valence", "arousal"):
        (tmp_path / f"{name}.csv").write_text(table)
    (tmp_path / "songs").mkdir()
    write_tone(tmp_path / "songs" / "7.wav", 300, seconds=20)
    arguments = ["build", "music", "--songs", str(tmp_path / "songs"), "-o", str(tmp_path / "out")]
    for name in ("valence", "arousal"):
        arguments += [f"--{name}", str(tmp_path / f"{name}.csv")]
    assert main(arguments) == 0
    assert "1 clips of 1 songs" in capsys.readouterr().out
    assert (tmp_path / "out" / "7-8.wav").exists()
    assert main(arguments) == 1
    assert "exists; name another file or use --force" in capsys.readouterr().err


def test_build_images_from_a_rating_table(tmp_path, capsys):
    (tmp_path / "iaps.txt").write_text("IAPS\tvalmn\taromn\n2900.1\t5\t9\n")
    output = tmp_path / "image_va.csv"
    assert main(["build", "images", "--iaps", str(tmp_path / "iaps.txt"), "-o", str(output)]) == 0
    assert output.read_text() == ",img,valence,arousal\n0,2900.1,0.5,1.0\n"


@pytest.mark.slow
def test_torchrun_divides_the_batch(trained):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
    command += [
        f"--master-port={port}",
        "-m",
        "mmva_core",
        "train",
        "--quiet",
        "--device=cpu",
    ]
    command += ["--config", str(trained / "run.toml"), "-o", str(trained / "two")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    one, two = (_losses(trained / name / "log.csv") for name in ("run", "two"))
    assert one == pytest.approx(two, abs=1e-5)


def _losses(path):
    with path.open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def test_sound_kinds_are_not_trained_without_recordings(tmp_path, capsys):
    assert main(["train", "--preset", "sound-kinds", "-o", str(tmp_path)]) == 1
    assert "see mmva build sounds" in capsys.readouterr().err


def test_an_option_of_other_presets_is_one_line(tmp_path, capsys):
    arguments = ["train", "--preset", "sound-kinds", "-o", str(tmp_path), "--sounds", str(tmp_path)]
    assert main([*arguments, "--contrastive", "0.1"]) == 1
    assert "--preset sound-kinds takes no --contrastive" in capsys.readouterr().err


def test_a_program_that_fetches_packages_and_is_missing_is_named(tmp_path, capsys, monkeypatch):
    for source in SOURCES[1:]:
        (tmp_path / source.package).mkdir(exist_ok=True)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))

    assert main(["build", "sounds", "-o", str(tmp_path)]) == 1

    captured = capsys.readouterr()
    assert "apt-get is missing" in captured.err
    assert captured.out == ""
