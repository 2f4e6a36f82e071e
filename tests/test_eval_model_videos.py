from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from batches import Inline
from benchmarks import make_video

from eval.datasets.benchmark import Benchmark
from eval.model import videos
from eval.model.videos import (
    VideoScorer,
    borders_at,
    check_length,
    find_videos,
    hold_over_frames,
    score_videos,
    segment_videos,
)
from vsumm.config import SummaryConfig
from vsumm.errors import InputError, ModelError
from vsumm.files.cache import RecordCache
from vsumm.media import Segment

RATE = Fraction(25)


def video(name, **fields):
    return make_video(name, frame_rate=RATE, **fields)  # 300 frames, 12 s


def summary(*scores, by="highlights", config=None):
    """Segments of 2 s with scores and one signal; None where there is nothing."""
    segments = [
        SimpleNamespace(
            start_seconds=2.0 * k,
            end_seconds=2.0 * k + 2,
            segment=Segment(2.0 * k, 2.0 * k + 2),
            score=score,
            signals={"motion": None if score is None else -score},
        )
        for k, score in enumerate(scores)
    ]
    return SimpleNamespace(
        by=by,
        config=config or SummaryConfig(),
        media=SimpleNamespace(duration_seconds=2.0 * len(scores)),
        segments=segments,
        signal_names=["motion"],
    )


def benchmark(*names):
    return Benchmark("tvsum", tuple(map(video, names)), 50)


@pytest.fixture
def folder(tmp_path):
    """Two files that stand for videos; their content says what the model will see in them."""
    (tmp_path / "a.mp4").write_bytes(b"one")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.webm").write_bytes(b"two")
    (tmp_path / "a.json").write_text("{}")
    return tmp_path


@pytest.fixture
def scorer(tmp_path, monkeypatch):
    """A scorer that reads no film, and what it was asked to summarise."""
    asked = []

    def summarize(path, config, *, source, cache):
        asked.append((path.stem, config.about))
        if path.read_bytes() == b"broken":
            raise InputError(f"{path}: not a film")
        source.fingerprint  # noqa: B018  # fails for a model that is not there
        by = "image" if path.stem == "b" else config.by
        return summary(0.1, 0.9, None, 0.3, 0.2, 0.5, by=by, config=config)

    monkeypatch.setattr(videos, "probe", lambda path: path)
    monkeypatch.setattr(videos, "summarize_media", summarize)
    return SimpleNamespace(it=VideoScorer(SummaryConfig(), None), asked=asked)


def test_files_are_found_by_id_at_any_depth(folder):
    found = find_videos(folder, benchmark("a", "b", "c"))
    assert {name: path.name for name, path in found.items()} == {"a": "a.mp4", "b": "b.webm"}


def test_two_files_of_one_video_are_refused(folder):
    (folder / "b.mkv").write_bytes(b"again")
    with pytest.raises(InputError, match="another file"):
        find_videos(folder, benchmark("a", "b"))


def test_a_folder_without_videos_says_how_to_name_them(tmp_path):
    with pytest.raises(InputError, match=r"yalesong/tvsum and name them by id, like a\.mp4"):
        find_videos(tmp_path, benchmark("a", "b"))


def test_each_frame_gets_the_score_on_screen_at_its_time(folder, scorer):
    data = benchmark("a")
    frames = score_videos(data, find_videos(folder, data), scorer.it).scores["a"]
    assert frames[[0, 49, 50, 99, 100, 150, 299]].tolist() == [0.1, 0.1, 0.9, 0.9, 0.0, 0.3, 0.5]


@pytest.mark.parametrize("num_slots", [1, 2])
def test_an_engine_makes_the_same_scores_in_the_same_order(folder, scorer, num_slots):
    data = benchmark("a", "b")
    paths = find_videos(folder, data)
    here = score_videos(data, paths, scorer.it)
    ticks = []
    engine = Inline(num_slots=num_slots)
    there = score_videos(data, paths, scorer.it, engine=engine, on_video=lambda: ticks.append(1))
    assert len(engine.tasks) == len(ticks) == 2
    assert list(there.scores) == list(here.scores) == ["a", "b"]
    for name, scores in here.scores.items():
        np.testing.assert_array_equal(there.scores[name], scores)
    assert there.benchmark.notes == here.benchmark.notes


def test_a_video_whose_process_dies_again_and_again_does_not_stop_the_others(folder, scorer):
    def do(task):
        if task.name == "a":
            raise ConnectionError("killed")
        return videos._summarize(task)

    data = benchmark("a", "b")
    scored = score_videos(data, find_videos(folder, data), scorer.it, engine=Inline(do))
    assert list(scored.scores) == ["b"]
    assert scored.failures == ("video a: 3 processes died that worked on it: killed",)


def test_frames_after_the_last_segment_keep_its_score():
    frames = hold_over_frames(np.array([0.1, 0.9, 0.7]), [0.0, 2.0, 4.0], video("a"))  # 6 of 12 s
    assert frames[-1] == 0.7


def test_a_file_of_another_length_names_both():
    check_length(13.9, video("a"))
    with pytest.raises(InputError, match=r"lasts 8\.0 s, its annotation 12\.0 s \(300 frames\)"):
        check_length(8.0, video("a"))


def test_modes_signals_and_cues_stand_beside_the_scores(folder, scorer):
    data = benchmark("a", "b")
    cues = score_videos(data, find_videos(folder, data), scorer.it).cues
    assert list(cues)[-3:] == ["signal: motion", "motion over 5", "nearer to the middle"]
    assert list(cues["highlights without motion"]) == ["a"]  # b was scored by its image
    assert set(cues["signal: motion"]) == {"a", "b"}
    # The lowest becomes 0, as does what has no signal.
    np.testing.assert_allclose(cues["signal: motion"]["a"][::50], [0.8, 0.0, 0.0, 0.6, 0.7, 0.4])


def test_the_title_says_what_a_video_is_about(folder, scorer):
    data = Benchmark("tvsum", (video("a", title="Jumping dogs"), video("b")), 50)
    score_videos(data, find_videos(folder, data), scorer.it)
    assert scorer.asked == [("a", "Jumping dogs"), ("b", None)]


def test_shot_borders_begin_at_the_first_frame_of_the_change():
    assert borders_at([0.0, 2.01, 5.0, 5.0, 99.0], video("a")).tolist() == [0, 51, 125, 300]


def test_a_broken_video_does_not_end_the_run(folder, scorer):
    (folder / "a.mp4").write_bytes(b"broken")
    data = benchmark("a", "b", "c")
    scored = score_videos(data, find_videos(folder, data), scorer.it)
    assert list(scored.scores) == ["b"]
    assert len(scored.failures) == 1
    assert scored.failures[0].startswith("video a: ")
    assert "1 of 50 videos: 1 have no file and 1 could not be scored" in scored.benchmark.notes


def test_broken_videos_alone_are_an_error(folder, scorer):
    (folder / "a.mp4").write_bytes(b"broken")
    data = benchmark("a")
    with pytest.raises(InputError, match="none of 1 videos"):
        score_videos(data, find_videos(folder, data), scorer.it)


def test_a_model_that_is_not_there_ends_the_run(folder, scorer):
    data = benchmark("a", "b")
    missing = VideoScorer(SummaryConfig(model="no/such/model"), None)
    with pytest.raises(ModelError):
        score_videos(data, find_videos(folder, data), missing)
    assert len(scorer.asked) == 1


def test_videos_scored_by_one_signal_only_are_counted(folder, scorer):
    data = benchmark("a", "b")
    scored = score_videos(data, find_videos(folder, data), scorer.it)
    assert any(note.startswith("1 videos lack one of") for note in scored.benchmark.notes)


def test_own_kts_is_labelled_and_cached(folder, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    blocks = np.repeat(rng.normal(size=(3, 8)), 8, axis=0)
    looks = []

    def embed(info, model):
        looks.append(1)
        return np.arange(0, 12, 0.5), blocks

    monkeypatch.setattr(videos, "probe", lambda path: None)
    monkeypatch.setattr(videos, "embed_frames", embed)
    cache = RecordCache(tmp_path / "cache")
    data = benchmark("a", "c")
    paths = find_videos(folder, data)
    for _ in range(2):
        cut = segment_videos(data, paths, VideoScorer(SummaryConfig(), cache))
    assert len(looks) == 1
    assert cut.benchmark.shots_source.startswith("own KTS")
    assert cut.benchmark.videos[0].shot_borders.tolist() == [0, 100, 200, 300]
    assert cut.benchmark.videos[1].shot_borders is None
