from dataclasses import replace

import numpy as np
import pytest
from benchmarks import make_video
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.datasets.benchmark import Benchmark, check_borders
from eval.datasets.tvsum import load_tvsum
from eval.protocol.metrics import compare_summaries
from eval.protocol.selection import summarise_frames
from eval.protocol.shots import PROTOCOLS, RANDOM_PROTOCOLS, label_shots, shots_of, with_shots
from vsumm.errors import ScoresError


@given(st.integers(1, 2000), st.sampled_from([p for p in PROTOCOLS if p != "kts"]))
@settings(deadline=None)
def test_shots_tile_the_frames(num_frames, protocol):
    borders = shots_of(make_video(num_frames=num_frames), protocol)
    check_borders(borders, num_frames, "a")


@pytest.mark.parametrize(("protocol", "means"), [("one-peak", [60]), ("two-peak", [30, 90])])
def test_random_lengths_have_the_stated_means(protocol, means):
    lengths = np.diff(shots_of(make_video(num_frames=200_000), protocol))[:-1]
    for low, high in ((0, 60), (60, 1000)) if len(means) == 2 else ((0, 1000),):
        part = lengths[(lengths >= low) & (lengths < high)]
        assert part.mean() == pytest.approx(means.pop(0), abs=1)


@pytest.mark.parametrize("protocol", RANDOM_PROTOCOLS)
def test_random_shots_depend_on_name_and_seed_alone(protocol):
    shots = shots_of(make_video("a"), protocol, seed=3)
    assert np.array_equal(shots, shots_of(make_video("a", seed=9), protocol, seed=3))
    assert not np.array_equal(shots, shots_of(make_video("b"), protocol, seed=3))
    assert not np.array_equal(shots, shots_of(make_video("a"), protocol, seed=4))


def test_uniform_shots_by_hand():
    assert shots_of(make_video(num_frames=180), "uniform-60").tolist() == [0, 60, 120, 180]
    assert shots_of(make_video(num_frames=151), "uniform-2s").tolist() == [0, 51, 101, 151]


def test_an_incomplete_last_clip_belongs_to_the_one_before():
    assert shots_of(make_video(num_frames=179), "uniform-60").tolist() == [0, 60, 179]
    assert shots_of(make_video(num_frames=150), "uniform-2s").tolist() == [0, 51, 150]
    assert shots_of(make_video(num_frames=30), "uniform-2s").tolist() == [0, 30]


def test_chance_people_and_oracle_on_the_clips_of_tvsum(data_folder):
    reached = {"random": [], "human": [], "oracle": []}
    for video in load_tvsum(data_folder / "tvsum").videos:
        shots, users = shots_of(video, "uniform-2s"), video.user_importance
        noise = np.random.default_rng(0).random((20, video.num_frames))
        scores = np.concatenate([users, users.mean(0, keepdims=True), noise])
        summaries = summarise_frames(scores, shots)
        f = compare_summaries(summaries, summaries[: len(users)]).f_score
        reached["human"].append((f[:20].sum() - 20) / (20 * 19))
        reached["oracle"].append(f[20].mean())
        reached["random"].append(f[21:].mean())
    means = {name: np.mean(values) for name, values in reached.items()}
    assert means["human"] == pytest.approx(0.250, abs=0.0005)
    assert means["oracle"] == pytest.approx(0.392, abs=0.0006)
    assert means["random"] == pytest.approx(0.149, abs=0.004)


def test_an_unknown_protocol_is_refused():
    with pytest.raises(ValueError, match="two-peak"):
        shots_of(make_video(), "three-peak")


def test_videos_without_shots_are_left_out_and_counted():
    known = replace(make_video("b"), shot_borders=np.array([0, 300]))
    kept = with_shots(Benchmark("tvsum", (make_video("a"), known), 50), "kts")
    assert [v.video_id for v in kept.videos] == ["b"]
    assert kept.notes == ("1 of 50 videos: no shots under kts for the others",)


@pytest.mark.parametrize(("protocol", "told"), [("kts", "--h5"), ("uniform-2s", "--annotations")])
def test_missing_shots_say_what_to_get(protocol, told):
    bare = replace(make_video(), clip_borders=None)
    with pytest.raises(ScoresError, match=told):
        with_shots(Benchmark("tvsum", (bare,), 50), protocol)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_label_begins_with_the_protocols_name(protocol):
    assert label_shots(Benchmark("tvsum", (), 50), protocol).startswith(protocol)
