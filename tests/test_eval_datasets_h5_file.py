from dataclasses import replace

import h5py
import numpy as np
import pytest
from benchmarks import make_video, write_h5

from eval.datasets.benchmark import Benchmark
from eval.datasets.h5_file import load_features, load_h5
from eval.datasets.tvsum import load_tvsum
from eval.protocol.selection import summarise_frames
from vsumm.errors import InputError, ScoresError

BORDERS = np.array([0, 80, 130, 210, 300])


def video(name="a", key="video_1", **fields):
    made = make_video(name, key=key, shot_borders=BORDERS, **fields)
    return replace(made, user_summaries=summarise_frames(made.user_importance, BORDERS))


def benchmark(*videos):
    return Benchmark("tvsum", videos, 50)


def test_an_h5_file_comes_back_as_it_was_written(tmp_path):
    made = video()
    (loaded,) = load_h5(write_h5(tmp_path / "x.h5", [made]), "tvsum").videos
    assert np.array_equal(loaded.shot_borders, BORDERS)
    assert np.array_equal(loaded.user_summaries, made.user_summaries)
    assert loaded.pick_frames.tolist() == list(range(0, 300, 15))


def test_videos_are_in_the_order_of_their_numbers(tmp_path):
    made = [video(f"v{n}", f"video_{n}") for n in (10, 2, 1)]
    loaded = load_h5(write_h5(tmp_path / "x.h5", made), "tvsum").videos
    assert [v.key for v in loaded] == ["video_1", "video_2", "video_10"]


@pytest.mark.parametrize("with_names", [True, False])
def test_annotation_is_matched_by_name_or_key(tmp_path, with_names):
    path = write_h5(tmp_path / "x.h5", [video()], with_names=with_names)
    (merged,) = load_h5(path, "tvsum", benchmark(make_video("a", key="video_1"))).videos
    assert merged.video_id == "a"
    assert merged.user_importance is not None
    assert np.array_equal(merged.shot_borders, BORDERS)


def test_another_length_than_the_annotations_names_both_numbers(tmp_path):
    path = write_h5(tmp_path / "x.h5", [video()])
    other = make_video("a", key="video_1", num_frames=301)
    with pytest.raises(ScoresError, match=r"video a: .* 300 frames, the annotation 301"):
        load_h5(path, "tvsum", benchmark(other))


def test_a_video_that_the_annotation_lacks_is_named(tmp_path):
    path = write_h5(tmp_path / "x.h5", [video("stranger", "video_9")])
    with pytest.raises(ScoresError, match="stranger"):
        load_h5(path, "tvsum", benchmark(make_video("a", key="video_1")))


def test_user_summaries_of_another_length_name_both_numbers(tmp_path):
    path = write_h5(tmp_path / "x.h5", [video()])
    with h5py.File(path, "r+") as file:
        file["video_1/n_frames"][()] = 290
    with pytest.raises(ScoresError, match=r"300 frames, the video 290"):
        load_h5(path, "tvsum")


def test_change_points_with_a_gap_are_refused(tmp_path):
    path = write_h5(tmp_path / "x.h5", [video()])
    with h5py.File(path, "r+") as file:
        file["video_1/change_points"][1, 0] += 1
    with pytest.raises(ScoresError, match="follow on one another"):
        load_h5(path, "tvsum")


@pytest.mark.parametrize("content", [b"no HDF5 at all", None])
def test_an_unusable_file_is_named(tmp_path, content):
    path = tmp_path / "broken.h5"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.h5"):
        load_h5(path, "tvsum")


def test_features_are_read_and_checked(tmp_path):
    features = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    path = write_h5(tmp_path / "x.h5", [video()], features={"a": features})
    assert np.array_equal(load_features(path, ["video_1"])["video_1"], features)
    path = write_h5(tmp_path / "y.h5", [video()], features={"a": features[:-1]})
    with pytest.raises(InputError, match=r"19, 6.* for 20 picks"):
        load_features(path, ["video_1"])
    path = write_h5(tmp_path / "z.h5", [video()])
    with pytest.raises(InputError, match="no features"):
        load_features(path, ["video_1"])


@pytest.mark.dataset
def test_published_summaries_are_rebuilt_bit_for_bit(data_folder):
    folder = data_folder / "tvsum"
    merged = load_h5(folder / "tvsum_gt_kts_two_videos.h5", "tvsum", load_tvsum(folder))
    assert len(merged.videos) == 2
    for loaded in merged.videos:
        rebuilt = summarise_frames(loaded.user_importance, loaded.shot_borders)
        assert (rebuilt == loaded.user_summaries).all(axis=1).sum() == 20
