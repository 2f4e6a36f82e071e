import itertools

import av
import pytest
from films import make_film, run_ffmpeg

from vsumm.media import Segment, SourceChapter, probe
from vsumm.reel import ReelConfig, plan_reel, write_reel
from vsumm.reel.chapters import chapters_of_film, chapters_of_runs
from vsumm.reel.layout import lay_out

FILM = [SourceChapter(0, 3, "One"), SourceChapter(3, 7, "Two"), SourceChapter(7, 10, "Three")]
RUNS = [Segment(1.0, 2.0), Segment(6.0, 8.0)]
METADATA = ";FFMETADATA1\n" + "".join(
    f"[CHAPTER]\nTIMEBASE=1/1\nSTART={c.start_seconds}\nEND={c.end_seconds}\ntitle={c.title}\n"
    for c in FILM
)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film")
    (folder / "chapters.txt").write_text(METADATA)
    plain = make_film(folder / "plain.mp4", seconds=10.0, size=(64, 36), frame_rate=10)
    film = folder / "film.mp4"
    run_ffmpeg("-i", plain, "-i", folder / "chapters.txt", "-map_metadata", "1", "-c", "copy", film)
    return film


def chapters_in(path):
    with av.open(str(path)) as container:
        return [
            (float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]), c["metadata"])
            for c in container.chapters()
        ]


def test_the_films_chapters_are_found_and_are_no_stray_track(film):
    info = probe(film)
    assert [(c.start_seconds, c.end_seconds, c.title) for c in info.chapters] == [
        (c.start_seconds, c.end_seconds, c.title) for c in FILM
    ]
    assert info.other_streams == ()


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm"])
def test_the_reel_carries_them_at_its_own_times(film, tmp_path, suffix):
    reel = write_reel(plan_reel(probe(film), tmp_path / f"reel.{suffix}"), RUNS)
    assert [(a, b, m["title"]) for a, b, m in chapters_in(reel)] == [
        (0.0, 1.0, "One"),
        (1.0, 2.0, "Two"),
        (2.0, 3.0, "Three"),
    ]


def test_chapters_of_picks_are_named_after_those_of_the_film(film, tmp_path):
    plan = plan_reel(probe(film), tmp_path / "reel.mkv", ReelConfig(with_chapters=True))
    assert [(a, b, m["title"]) for a, b, m in chapters_in(write_reel(plan, RUNS))] == [
        (0.0, 1.0, "0:01.0 of the film: One"),
        (1.0, 3.0, "0:06.0 of the film: Two"),
    ]


def test_a_container_without_chapters_says_so(film, tmp_path, caplog):
    write_reel(plan_reel(probe(film), tmp_path / "reel.avi"), RUNS)
    assert "not in the reel: 3 chapters" in caplog.text


def test_chapters_never_overlap_in_a_cross_fade():
    for fade in (0.0, 0.3, 0.9):
        runs = lay_out([Segment(1, 3), Segment(4, 6), Segment(6.5, 9)], crossfade_seconds=fade)
        for chapters in (chapters_of_film(runs, FILM), chapters_of_runs(runs, FILM)):
            assert all(a.start < a.end <= b.start for a, b in itertools.pairwise(chapters))


def test_what_no_chapter_covers_has_none():
    chapters = chapters_of_film(lay_out([Segment(0, 4)]), [SourceChapter(1, 2, "x")])
    assert [(c.start, c.end, c.title) for c in chapters] == [(1, 2, "x")]


def test_a_sliver_of_a_chapter_is_none():
    assert len(chapters_of_film(lay_out([Segment(1, 3.2)]), FILM)) == 1
