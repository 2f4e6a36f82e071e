"""A folder of small videos with their annotation, from files to figures."""

from fractions import Fraction

import pytest
import torch
from benchmarks import make_video, write_tvsum_mat
from make_tvsum_folder import make_folder, write_video

from eval.__main__ import main
from mmva_core import MMVA
from vsumm.score import model_source

RATES = {"first": Fraction(25), "second": Fraction(30000, 1001), "broken": Fraction(24)}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model folder with random heads on the image tower that comes with the package."""
    folder = tmp_path_factory.mktemp("model")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        MMVA().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two videos of 12 seconds and one that is cut to nothing, with their annotation."""
    folder = tmp_path_factory.mktemp("tvsum")
    made = [
        make_video(name, frame_rate=rate, num_frames=int(12 * rate), seed=number)
        for number, (name, rate) in enumerate(RATES.items())
    ]
    write_tvsum_mat(folder / "ydata-tvsum50.mat", made)
    write_video(folder / "first.mp4", made[0])
    write_video(folder / "second.mkv", made[1])
    (folder / "broken.mp4").write_bytes((folder / "first.mp4").read_bytes()[:2000])
    return folder


def arguments(folder, model, cache):
    places = ["--data", str(folder), "--model", str(model), "--cache", str(cache)]
    return ["tvsum", *places, "--seeds", "2", "--protocol", "uniform-2s", "kts"]


def test_videos_are_scored_segmented_and_evaluated_and_a_broken_one_is_told(
    folder, model, tmp_path, capsys, monkeypatch
):
    command = arguments(folder, model, tmp_path / "cache")
    assert main(command) == 1  # the broken video
    first = capsys.readouterr()
    assert first.out.count("TVSum, 2 videos, 4 users each") == 2
    assert "protocol: kts (own KTS on image embeddings at 2 frames/s" in first.out
    assert "published, not" not in first.out  # its shots are others than our own KTS
    assert "video broken:" in first.err

    def refuse(config):
        raise AssertionError("the second run needs no model for what the first has scored")

    (folder / "broken.mp4").rename(tmp_path / "away.mp4")
    monkeypatch.setattr(model_source, "load_model", refuse)
    assert main(command) == 0
    assert figures(capsys.readouterr().out) == figures(first.out)


def figures(text):
    return [line for line in text.splitlines() if not line.startswith("note:")]


def test_the_folder_maker_keeps_what_is_there(tmp_path):
    video = make_video("short", frame_rate=Fraction(25), num_frames=100)
    annotation = write_tvsum_mat(tmp_path / "ydata-tvsum50.mat", [video])
    make_folder(annotation, tmp_path / "out")
    path = tmp_path / "out" / "short.mp4"
    written = path.stat().st_mtime_ns
    make_folder(annotation, tmp_path / "out")
    assert path.stat().st_mtime_ns == written
    assert (tmp_path / "out" / "ydata-tvsum50.mat").is_symlink()
