from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from benchmarks import make_video

from eval.datasets.benchmark import Benchmark
from eval.model import videos
from eval.model.videos import (
    VideoScorer,
    borders_at,
    find_videos,
    hold_over_frames,
    score_videos,
    segment_videos,
)
from vsumm.config import SummaryConfig
from vsumm.errors import InputError, ModelError
from vsumm.files.cache import RecordCache

RATE = Fraction(25)


def video(name, **fields):
    return make_video(name, frame_rate=RATE, **fields)  # 300 frames, 12 s


def record(*scores, seconds=2.0):
    segments = [[k * seconds, (k + 1) * seconds, score] for k, score in enumerate(scores)]
    return {"by": "both", "duration_seconds": len(scores) * seconds, "segments": segments}


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
    """A scorer whose model is its settings' folder and whose looks are counted."""
    seen = []

    def summarize(path, config, *, model):
        seen.append(path.stem)
        if path.read_bytes() == b"broken":
            raise InputError(f"{path}: not a film")
        segments = [
            SimpleNamespace(start_seconds=s, end_seconds=e, score=v)
            for s, e, v in record(0.1, 0.9, None, 0.3, 0.2, 0.5)["segments"]
        ]
        return SimpleNamespace(
            by="image" if path.stem == "b" else config.by,
            media=SimpleNamespace(duration_seconds=12.0),
            segments=segments,
            notes=(),
        )

    monkeypatch.setattr(videos, "summarize", summarize)
    monkeypatch.setattr(videos, "load_model", lambda config: None)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("1")
    config = SummaryConfig(model=str(tmp_path / "model"))
    made = VideoScorer(config, RecordCache(tmp_path / "cache"))
    return SimpleNamespace(it=made, seen=seen, again=lambda: VideoScorer(config, made.cache))


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


def test_each_frame_gets_the_score_on_screen_at_its_time():
    frames = hold_over_frames(record(0.1, 0.9, None, 0.3, 0.2, 0.5), video("a"))
    assert frames[[0, 49, 50, 99, 100, 150, 299]].tolist() == [0.1, 0.1, 0.9, 0.9, 0.0, 0.3, 0.5]


def test_frames_after_the_last_segment_keep_its_score():
    frames = hold_over_frames(record(0.1, 0.9, 0.4, 0.3, 0.7), video("a"))  # 10 of 12 s
    assert frames[-1] == 0.7


def test_a_file_of_another_length_names_both():
    with pytest.raises(InputError, match=r"lasts 8\.0 s, its annotation 12\.0 s \(300 frames\)"):
        hold_over_frames(record(1, 1, 1, 1), video("a"))


def test_shot_borders_begin_at_the_first_frame_of_the_change():
    assert borders_at([0.0, 2.01, 5.0, 5.0, 99.0], video("a")).tolist() == [0, 51, 125, 300]


def test_a_second_run_looks_at_nothing(folder, scorer):
    data = benchmark("a", "b")
    first = score_videos(data, find_videos(folder, data), scorer.it)
    second = score_videos(data, find_videos(folder, data), scorer.again())
    assert scorer.seen == ["a", "b"]
    assert np.array_equal(first.scores["a"], second.scores["a"])


@pytest.mark.parametrize("change", ["content", "model"])
def test_another_content_or_model_is_looked_at_anew(folder, scorer, tmp_path, change):
    data = benchmark("a")
    score_videos(data, find_videos(folder, data), scorer.it)
    path = folder / "a.mp4" if change == "content" else tmp_path / "model" / "weights"
    path.write_text("another")
    score_videos(data, find_videos(folder, data), scorer.again())
    assert scorer.seen == ["a", "a"]


def test_a_stopped_run_goes_on_where_it_was(folder, scorer):
    data = benchmark("a", "b")
    paths = find_videos(folder, data)

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_videos(data, paths, scorer.it, on_video=stop)
    assert scorer.seen == ["a"]
    score_videos(data, paths, scorer.again())
    assert scorer.seen == ["a", "b"]


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
    config = SummaryConfig(model="no/such/model")
    data = benchmark("a")
    with pytest.raises(ModelError):
        score_videos(data, find_videos(folder, data), VideoScorer(config, scorer.it.cache))


def test_videos_scored_by_one_signal_only_are_counted(folder, scorer):
    data = benchmark("a", "b")
    scored = score_videos(data, find_videos(folder, data), scorer.it)
    assert any(note.startswith("1 videos lack one of") for note in scored.benchmark.notes)


def test_own_kts_is_labelled_and_cached(folder, scorer, monkeypatch):
    rng = np.random.default_rng(0)
    blocks = np.repeat(rng.normal(size=(3, 8)), 8, axis=0)
    looks = []

    def embed(info, model):
        looks.append(1)
        return np.arange(0, 12, 0.5), blocks

    monkeypatch.setattr(videos, "probe", lambda path: None)
    monkeypatch.setattr(videos, "embed_frames", embed)
    data = benchmark("a", "c")
    paths = find_videos(folder, data)
    for each in (scorer.it, scorer.again()):
        cut = segment_videos(data, paths, each)
    assert len(looks) == 1
    assert cut.benchmark.shots_source.startswith("own KTS")
    assert cut.benchmark.videos[0].shot_borders.tolist() == [0, 100, 200, 300]
    assert cut.benchmark.videos[1].shot_borders is None
