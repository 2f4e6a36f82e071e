"""Chapters: FFmpeg reads them, players read them, video sites read them."""

from fractions import Fraction

import av
import pytest
from films import make_film
from timelines import made_up_timeline, summary_of_runs

from vsumm.errors import OutputError
from vsumm.media import SourceChapter, probe
from vsumm.reel import ReelConfig, export_reel
from vsumm.timeline import Chapter, chapters_of, write_chapters

RUNS = [(2.0, 4.0), (20.0, 34.0), (50.0, 52.0)]


@pytest.fixture
def timeline():
    return made_up_timeline(Fraction(25), runs=RUNS)


def spans(chapters):
    return [(float(c.start), float(c.end)) for c in chapters]


def test_chapters_of_the_reel_follow_each_other(timeline):
    assert spans(chapters_of(timeline)) == [(0, 2), (2, 16), (16, 18)]


def test_chapters_of_the_film_mark_the_highlights(timeline):
    chapters = chapters_of(timeline, "source", duration_seconds=60.0)
    assert spans(chapters) == [
        (0, 2),
        *RUNS[:1],
        (4, 20),
        *RUNS[1:2],
        (34, 50),
        *RUNS[2:],
        (52, 60),
    ]
    assert [c.title.partition(":")[0] for c in chapters][:3] == ["film", "highlight 1", "film"]


def test_between_highlights_lie_the_films_own_chapters(timeline):
    film = [SourceChapter(0, 30, "One"), SourceChapter(40, 60, "Two")]
    chapters = chapters_of(timeline, "source", duration_seconds=60.0, of_film=film)
    told = [(float(c.start), c.title.partition(":")[0]) for c in chapters]
    assert told == [
        (0, "One"),
        (2, "highlight 1"),
        (4, "One"),
        (20, "highlight 2"),
        (34, "film"),
        (40, "Two"),
        (50, "highlight 3"),
        (52, "Two"),
    ]


def test_ffmpeg_reads_the_metadata_and_its_odd_titles(timeline, tmp_path):
    odd = "a=b; #c \\ d"
    chapters = [
        Chapter(Fraction(0), Fraction(1, 3), odd),
        Chapter(Fraction(1, 3), Fraction(2), "e"),
    ]
    path = write_chapters(chapters, odd, tmp_path / "chapters.ffmeta")
    assert path.read_text(encoding="utf-8").count("TIMEBASE=1/1000") == 2
    with av.open(str(path), format="ffmetadata") as container:
        read = container.chapters()
        assert container.metadata["title"] == odd
    assert [chapter["metadata"]["title"] for chapter in read] == [odd, "e"]
    assert [(c["start"] * c["time_base"], c["end"] * c["time_base"]) for c in read] == [
        (0, Fraction(333, 1000)),
        (Fraction(333, 1000), 2),
    ]


def test_webvtt_has_one_cue_for_each_chapter(timeline, tmp_path):
    chapters = [Chapter(Fraction(3599), Fraction(3600), "<b> & c")]
    text = write_chapters(chapters, "x", tmp_path / "c.vtt").read_text(encoding="utf-8")
    assert text == "WEBVTT chapters\n\n1\n00:59:59.000 --> 01:00:00.000\n&lt;b&gt; &amp; c\n"


def test_the_text_for_video_sites_has_no_chapter_that_they_refuse(timeline, tmp_path):
    chapters = chapters_of(timeline, "source", duration_seconds=90.0)
    text = write_chapters(chapters, "x", tmp_path / "c.txt").read_text(encoding="utf-8")
    starts = [line.partition(" ")[0] for line in text.splitlines()]
    assert starts == ["0:00", "0:20", "0:34", "0:50"]


def test_too_few_chapters_for_video_sites_are_an_error(timeline, tmp_path):
    with pytest.raises(OutputError, match="at least 3"):
        write_chapters(chapters_of(timeline), "x", tmp_path / "c.txt")
    assert not (tmp_path / "c.txt").exists()


def test_chapters_of_a_film_go_into_it_without_encoding(tmp_path):
    film = make_film(tmp_path / "film.mkv", seconds=2.0, audio=False)
    chapters = [Chapter(Fraction(0), Fraction(1), "film"), Chapter(Fraction(1), Fraction(2), "a")]
    meta = write_chapters(chapters, "film", tmp_path / "c.ffmeta")
    out = tmp_path / "out.mkv"
    with (
        av.open(str(film)) as source,
        av.open(str(meta), format="ffmetadata") as data,
        av.open(str(out), "w") as target,
    ):
        target.set_chapters(data.chapters())
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    with av.open(str(out)) as container:
        assert [c["metadata"]["title"] for c in container.chapters()] == ["film", "a"]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_every_run_is_a_chapter_of_the_reel_where_that_is_asked_for(suffix, tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=10.0, size=(160, 90))
    summary = summary_of_runs(probe(film), [(1.0, 2.5), (8.0, 9.0)])
    reel = export_reel(summary, tmp_path / f"reel{suffix}", ReelConfig(with_chapters=True))
    with av.open(str(reel)) as container:
        chapters = container.chapters()
        assert float(container.duration) / av.time_base == pytest.approx(2.5, abs=0.1)
    titles = [chapter["metadata"]["title"] for chapter in chapters]
    assert titles == ["0:01.0 of the film", "0:08.0 of the film"]
    spans = [(c["start"] * c["time_base"], c["end"] * c["time_base"]) for c in chapters]
    assert spans == [(0, Fraction(3, 2)), (Fraction(3, 2), Fraction(5, 2))]


def test_a_container_without_chapters_is_refused(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=2.0, size=(160, 90))
    summary = summary_of_runs(probe(film), [(0.0, 1.0)])
    with pytest.raises(OutputError, match="no chapters"):
        export_reel(summary, tmp_path / "reel.avi", ReelConfig(with_chapters=True))
