"""How well the defaults meet what people said of real videos. Floors, not targets to be fitted."""

import json

import numpy as np
import pytest

from eval.__main__ import main

pytestmark = [pytest.mark.slow, pytest.mark.dataset]

VIDEOS = {
    "summe": {
        "Jumps": "Jumps.webm",
        "paluma_jump": "paluma_jump.mp4",
        "Cooking": "Cooking_2fps.mp4",
    },
    "tvsum": {"XzYM3PfTM4w": "XzYM3PfTM4w_2fps.mp4"},
}
"""Copies are linked under the names that the data sets give their videos."""


@pytest.fixture(scope="module")
def taus(data_folder, tmp_path_factory):
    """Kendall's tau of every scorer, a list over the videos that have it."""
    found = {}
    for benchmark, names in VIDEOS.items():
        folder = tmp_path_factory.mktemp(benchmark)
        for name, file in names.items():
            source = data_folder / "benchmark" / f"{benchmark}_video" / file
            (folder / f"{name}{source.suffix}").symlink_to(source)
        where = ["--data", str(folder), "--annotations", str(data_folder / "tvsum")]
        for video in evaluate(benchmark, *where, "--no-cache")["videos"]:
            for scorer, measures in video["measures"].items():
                found.setdefault(scorer, []).append(measures["tau"])
    return found


@pytest.fixture(scope="module")
def caption_record(data_folder):
    file = data_folder / "benchmark" / "captions" / "blip_tvsum_25_videos_every15frames.json"
    where = ["--annotations", str(data_folder / "tvsum"), "--captions", str(file)]
    return evaluate("tvsum", *where)


def evaluate(benchmark, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        printed = []
        patch.setattr("builtins.print", lambda text, **_: printed.append(text))
        assert main([benchmark, *arguments, "--seeds", "2", "--json"]) == 0
    (record,) = json.loads(printed[0])
    return record


def test_the_default_is_above_chance_and_above_the_picture_alone(taus):
    assert len(taus["method"]) == 4
    assert np.mean(taus["method"]) > max(0.10, np.mean(taus["by image"]))


def test_music_alone_is_not_against_people(taus):
    assert len(taus["by music"]) == 3
    assert np.mean(taus["by music"]) >= -0.03


def test_captions_reach_people_without_training(caption_record):
    tau = {
        name: figures["tau"]["mean"]
        for name, figures in caption_record["overall"].items()
        if figures["tau"] is not None
    }
    assert len(caption_record["videos"]) == 25
    assert tau["method"] >= 0.165
    assert tau["method"] > tau["captions: title"] > tau["captions: middle"] > tau["random"]
