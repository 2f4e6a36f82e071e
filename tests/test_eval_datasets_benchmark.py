from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from benchmarks import make_video

from eval.datasets.benchmark import Benchmark, clip_borders
from vsumm.errors import ScoresError


def test_clips_begin_one_frame_after_every_second_second():
    assert clip_borders(101, Fraction(25)).tolist() == [0, 51, 101]
    assert clip_borders(102, Fraction(25)).tolist() == [0, 51, 101, 102]
    assert clip_borders(130, Fraction(30000, 1001)).tolist() == [0, 60, 120, 130]


def test_a_video_shorter_than_a_clip_is_one_clip():
    assert clip_borders(10, Fraction(25)).tolist() == [0, 10]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Base jumping", "Base jumping"), ("base_jumping", "Base jumping"), ("video_2", "Scuba")],
)
def test_a_video_is_found_by_id_key_or_another_spelling(name, expected):
    videos = (make_video("Base jumping", key="video_1"), make_video("Scuba", key="video_2"))
    assert Benchmark("summe", videos, 25).find(name).video_id == expected


def test_a_spelling_that_means_two_videos_finds_none():
    data = Benchmark("tvsum", (make_video("aB"), make_video("Ab")), 50)
    assert data.find("ab") is None
    assert data.find("aB").video_id == "aB"


def test_restricting_to_all_videos_notes_nothing():
    data = Benchmark("tvsum", (make_video("a"), make_video("b")), 50)
    assert data.restricted_to(["a", "b"], "why") is data
    assert data.restricted_to(["b"], "why").notes == ("1 of 50 videos: why",)


@pytest.mark.parametrize(
    "fields",
    [
        {"user_importance": np.ones((2, 299))},
        {"user_summaries": np.ones((2, 301), dtype=bool)},
        {"shot_borders": np.array([0, 100, 299])},
        {"shot_borders": np.array([0, 100, 100, 300])},
        {"picks": np.array([5, 10])},
        {"picks": np.array([0, 300])},
    ],
)
def test_arrays_that_do_not_fit_the_video_are_refused(fields):
    with pytest.raises(ScoresError, match="video a"):
        replace(make_video("a"), **fields)
