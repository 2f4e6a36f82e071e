"""Scores from captions of frames."""

import json
from fractions import Fraction

import numpy as np
import pytest

from eval.datasets import Benchmark, BenchmarkVideo
from eval.datasets.benchmark import clip_borders
from eval.model.captions import PARTS, add_columns, read_captions, score_captions
from vsumm.errors import ScoresError

FRAMES = 450


def video(name, *, title):
    rate = Fraction(30)
    return BenchmarkVideo(
        video_id=name,
        num_frames=FRAMES,
        frame_rate=rate,
        clip_borders=clip_borders(FRAMES, rate),
        title=title,
        user_importance=np.ones((2, FRAMES)),
    )


def of(*videos):
    return Benchmark("tvsum", videos, len(videos))


def test_what_the_title_names_is_scored_highest():
    captions = ["a man talks to the camera"] * 10 + ["a dog in a bath tub"] * 10
    captions += ["a man talks to the camera"] * 10
    benchmark = of(video("a", title="How to Wash Your Dog"), video("b", title="Cars"))
    kept, scores, alone = score_captions(benchmark, {"a": captions})
    assert [v.video_id for v in kept.videos] == ["a"]
    assert list(alone) == [f"captions: {part}" for part in PARTS]
    assert scores["a"].shape == (30,)
    for row in (scores["a"], alone["captions: title"]["a"]):
        assert set(np.argsort(row)[-8:]) <= set(range(9, 21))


def test_without_a_title_the_rest_counts():
    captions = {"a": ["a street"] * 15 + ["an explosion at night"] * 15}
    _, scores, alone = score_captions(of(video("a", title=None)), captions)
    assert "captions: title" not in alone
    assert scores["a"].argmax() >= 12


def test_what_does_not_vary_has_no_say():
    columns = {"a": np.linspace(0, 1, 9), "b": np.full(9, 0.3)}
    both = add_columns(columns, {"a": 1.0, "b": 100.0})
    np.testing.assert_allclose(both, add_columns(columns, {"a": 1.0}))
    assert both.min() == 0


def test_captions_have_to_fit_the_video():
    with pytest.raises(ScoresError, match="29 captions, 30 expected"):
        score_captions(of(video("a", title="x")), {"a": ["a dog"] * 29})
    with pytest.raises(ScoresError, match="none of the videos"):
        score_captions(of(video("a", title="x")), {"b": ["a dog"] * 30})
    twice = {"An a": ["a dog"] * 30, "an_a": ["a dog"] * 30}
    with pytest.raises(ScoresError, match="video An a has captions twice, once as an_a"):
        score_captions(of(video("An a", title="x")), twice)


@pytest.mark.parametrize("content", ["[]", '{"a": "dog"}', '{"a": [1]}', '{"a": []}', "no json"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "captions.json"
    path.write_text(content)
    with pytest.raises(ScoresError, match="captions"):
        read_captions(path)


def test_captions_are_read(tmp_path):
    path = tmp_path / "captions.json"
    path.write_text(json.dumps({"a": ["a dog", "a cat"]}))
    assert read_captions(path) == {"a": ["a dog", "a cat"]}
    with pytest.raises(ScoresError, match="cannot read"):
        read_captions(tmp_path / "none.json")
