import json
from fractions import Fraction

import numpy as np
import pytest
from benchmarks import write_summe_mat

from eval.datasets.summe import load_summe
from vsumm.errors import InputError


def test_a_ground_truth_comes_back_as_it_was_written(tmp_path):
    picks = np.zeros((3, 90))
    picks[0, 10:20], picks[1, 30:40], picks[2, 80:] = 1, 2, 7
    (tmp_path / "GT").mkdir()
    write_summe_mat(tmp_path / "GT" / "Base jumping.mat", picks, 29.97002997)
    (video,) = load_summe(tmp_path).videos
    assert (video.video_id, video.frame_rate) == ("Base jumping", Fraction(30000, 1001))
    assert np.array_equal(video.user_summaries, picks > 0)


def test_a_missing_ground_truth_says_what_to_get(tmp_path):
    with pytest.raises(InputError, match="gyglim"):
        load_summe(tmp_path)


def test_a_damaged_ground_truth_is_named(tmp_path):
    (tmp_path / "x.mat").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=r"x\.mat"):
        load_summe(tmp_path)


@pytest.mark.dataset
def test_st_maarten_equals_its_published_summaries(data_folder):
    folder = data_folder / "tvsum"
    known = json.loads((folder / "published_user_summary" / "St Maarten Landing.json").read_text())
    benchmark = load_summe(folder / "summe_GT")
    video = benchmark.find("St Maarten Landing")
    assert len(benchmark.videos) == 25
    assert np.array_equal(video.user_summaries, np.array(known["user_summary"], dtype=bool))
