from dataclasses import replace

import numpy as np
import pytest
from benchmarks import make_video, write_scores

from eval.datasets.benchmark import Benchmark
from eval.protocol.scores import expand_to_frames, match_scores, read_scores
from vsumm.errors import ScoresError

VIDEO = make_video("a", key="video_1")  # 300 frames, 20 picks, 6 clips
SHOTS = np.array([0, 80, 130, 210, 300])


def expand(count, **options):
    return expand_to_frames(np.arange(float(count)), VIDEO, SHOTS, **options)


@pytest.mark.parametrize(
    ("count", "unit", "second_starts"),
    [(300, "frame", 1), (20, "pick", 15), (6, "clip", 51), (4, "segment", 80)],
)
def test_the_number_of_scores_tells_the_unit(count, unit, second_starts):
    frames, told = expand(count)
    assert told == unit
    assert len(frames) == 300
    assert np.flatnonzero(frames == 1)[0] == second_starts


def test_a_pick_is_held_until_the_next():
    frames, _ = expand(20)
    assert frames[15:30].tolist() == [1.0] * 15
    assert frames[285:].tolist() == [19.0] * 15


def test_a_number_that_fits_nothing_names_all_that_would():
    told = "video a: 7 scores fit none of 300 frames, 20 picks, 6 clips, 4 segments"
    with pytest.raises(ScoresError, match=told):
        expand(7)


def test_a_number_with_two_meanings_is_refused_until_the_unit_is_named():
    shots = np.linspace(0, 300, 7).astype(int)  # six segments beside six clips
    scores = np.arange(6.0)
    with pytest.raises(ScoresError, match=r"one per clip or one per segment.*--scores-unit"):
        expand_to_frames(scores, VIDEO, shots)
    assert expand_to_frames(scores, VIDEO, shots, "segment")[0][50] == 1
    assert expand_to_frames(scores, VIDEO, shots, "clip")[0][50] == 0


def test_two_meanings_of_the_same_frames_are_no_conflict():
    frames, _ = expand_to_frames(np.arange(6.0), VIDEO, VIDEO.clip_borders)
    assert frames[51] == 1


def test_a_named_unit_with_another_number_names_both():
    with pytest.raises(ScoresError, match="video a: 299 scores, but 300 frames"):
        expand(299, unit="frame")


def test_clips_are_unknown_without_a_frame_rate():
    with pytest.raises(ScoresError, match="clips are not known"):
        expand_to_frames(np.arange(6.0), replace(VIDEO, clip_borders=None), SHOTS, "clip")


def test_json_and_csv_hold_the_same(tmp_path):
    json_path = write_scores(tmp_path / "s.json", {"a": [0.5, 1], "b": [2]})
    csv_path = tmp_path / "s.csv"
    csv_path.write_text("video,index,score\na,0,0.5\na,1,1\nb,0,2\n")
    first, second = read_scores(json_path), read_scores(csv_path)
    assert {k: v.tolist() for k, v in first.items()} == {"a": [0.5, 1.0], "b": [2.0]}
    assert {k: v.tolist() for k, v in second.items()} == {"a": [0.5, 1.0], "b": [2.0]}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("s.json", "{", "not JSON"),
        ("s.json", "[1]", "expected an object"),
        ("s.json", "{}", "no scores"),
        ("s.json", '{"a": [1, NaN]}', "video a: score 1 is nan"),
        ("s.json", '{"a": [[1]]}', "one row"),
        ("s.json", '{"a": "high"}', "list of numbers"),
        ("s.json", '{"a": [1, [2]]}', "list of numbers"),
        ("s.csv", "a,b\n1,2\n", "columns video and score"),
        ("s.csv", "video,score\na,x\n", "line 2"),
        ("s.csv", "video,index,score\na,1,0.5\n", "index 1, expected 0"),
        ("s.csv", "video,score\na\n", "line 2"),
    ],
)
def test_unusable_files_are_refused_in_words(tmp_path, name, content, told):
    (tmp_path / name).write_text(content)
    with pytest.raises(ScoresError, match=told):
        read_scores(tmp_path / name)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ScoresError, match=r"nowhere\.json"):
        read_scores(tmp_path / "nowhere.json")


def test_names_may_be_ids_or_keys():
    benchmark = Benchmark("tvsum", (VIDEO, make_video("b", key="video_2")), 50)
    kept, scores = match_scores({"video_2": [1.0], "a": [2.0]}, benchmark)
    assert {k: v.tolist() for k, v in scores.items()} == {"a": [2.0], "b": [1.0]}
    assert len(kept.videos) == 2


def test_missing_and_unknown_names_are_noted():
    benchmark = Benchmark("tvsum", (VIDEO, make_video("b")), 50)
    kept, _ = match_scores({"a": [1.0], "stranger": [1.0]}, benchmark)
    assert [v.video_id for v in kept.videos] == ["a"]
    assert "1 of 50 videos" in kept.notes[0]
    assert "stranger" in kept.notes[1]


def test_a_video_named_twice_is_refused():
    with pytest.raises(ScoresError, match="twice"):
        match_scores({"a": [1.0], "video_1": [1.0]}, Benchmark("tvsum", (VIDEO,), 50))


def test_scores_of_strangers_only_are_refused():
    with pytest.raises(ScoresError, match="none of the 1 names"):
        match_scores({"stranger": [1.0]}, Benchmark("tvsum", (VIDEO,), 50))
