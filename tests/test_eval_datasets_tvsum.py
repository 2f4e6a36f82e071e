from fractions import Fraction

import numpy as np
import pytest
from benchmarks import make_video, write_tvsum_mat, write_tvsum_tsv

from eval.datasets.benchmark import clip_borders
from eval.datasets.tvsum import find_frame_rate, load_tvsum
from vsumm.errors import InputError

NTSC = Fraction(30000, 1001)


@pytest.fixture
def videos():
    return [
        make_video("first", frame_rate=Fraction(25), category="VT", seed=1),
        make_video("second", frame_rate=NTSC, num_frames=700, category="DS", seed=2),
    ]


def same(loaded, made):
    return (
        loaded.video_id == made.video_id
        and loaded.frame_rate == made.frame_rate
        and loaded.category == made.category
        and np.array_equal(loaded.user_importance, made.user_importance)
        and np.array_equal(loaded.clip_borders, made.clip_borders)
    )


def test_the_mat_comes_back_as_it_was_written(tmp_path, videos):
    write_tvsum_mat(tmp_path / "ydata-tvsum50.mat", videos)
    loaded = load_tvsum(tmp_path).videos
    assert [v.key for v in loaded] == ["video_1", "video_2"]
    assert all(map(same, loaded, videos))


def test_the_tsv_pair_comes_back_as_it_was_written(tmp_path, videos):
    write_tvsum_tsv(tmp_path, videos)
    assert all(map(same, load_tvsum(tmp_path).videos, videos))
    assert all(map(same, load_tvsum(tmp_path / "ydata-tvsum50-info.tsv").videos, videos))


def test_half_of_the_data_set_is_noted(tmp_path, videos):
    write_tvsum_mat(tmp_path / "ydata-tvsum50.mat", videos)
    assert load_tvsum(tmp_path).notes[0].startswith("2 of 50 videos")


def test_a_missing_annotation_says_what_to_get_and_from_where(tmp_path):
    with pytest.raises(InputError, match=r"ydata-tvsum50\.mat .*github\.com/yalesong/tvsum"):
        load_tvsum(tmp_path)


def test_a_damaged_annotation_is_named(tmp_path):
    path = tmp_path / "ydata-tvsum50.mat"
    path.write_bytes(b"not HDF5")
    with pytest.raises(InputError, match="damaged"):
        load_tvsum(path)


def test_half_a_tsv_pair_is_named(tmp_path, videos):
    write_tvsum_tsv(tmp_path, videos)
    (tmp_path / "ydata-tvsum50-info.tsv").unlink()
    with pytest.raises(InputError, match="belong together"):
        load_tvsum(tmp_path)


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(24), Fraction(25), NTSC])
def test_the_frame_rate_is_told_by_the_changes(rate):
    changes = clip_borders(6000, rate)[1:-1:3]
    assert find_frame_rate(changes, 6000, 6000 / float(rate) + 0.4) == rate


def test_an_unusual_frame_rate_is_narrowed_down():
    rate = Fraction(29917, 1000)
    changes = clip_borders(17527, rate)[1:-1]
    found = find_frame_rate(changes, 17527, 585.9)
    assert float(found) == pytest.approx(float(rate), abs=1e-4)


def test_without_a_change_the_length_decides():
    assert find_frame_rate(np.array([], dtype=int), 600, 24.0) == 25


def test_borders_that_waver_by_a_frame_follow_the_annotation(tmp_path):
    video = make_video(num_frames=400)
    importance = video.user_importance.copy()
    importance[:, 50] = importance[:, 51]  # the first change now comes one frame early
    moved = make_video(num_frames=400)
    object.__setattr__(moved, "user_importance", importance)
    write_tvsum_mat(tmp_path / "ydata-tvsum50.mat", [moved])
    assert load_tvsum(tmp_path).videos[0].clip_borders.tolist()[:3] == [0, 50, 101]


@pytest.mark.dataset
def test_scores_of_the_real_annotation_change_at_clip_borders_only(data_folder):
    benchmark = load_tvsum(data_folder / "tvsum")
    assert len(benchmark.videos) == 50
    assert sum(v.num_frames for v in benchmark.videos) == 352_353
    for video in benchmark.videos:
        jumps = (np.diff(video.user_importance, axis=1) != 0).any(axis=0)
        assert np.isin(np.flatnonzero(jumps) + 1, video.clip_borders).all()
