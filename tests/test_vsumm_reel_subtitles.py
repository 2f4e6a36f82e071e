import logging
import time
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import av
import pytest
from films import make_film, run_ffmpeg
from hypothesis import given
from hypothesis import strategies as st
from subtitles import (
    ass_text,
    film_with_captions,
    film_with_subtitles,
    srt_text,
    subtitles_in,
)

from vsumm.errors import InputError, OutputError
from vsumm.media import Segment, SubtitleStream, probe
from vsumm.reel import ReelConfig, plan_reel, write_reel
from vsumm.reel.formats import reel_format
from vsumm.reel.languages import code_for, long_code
from vsumm.reel.layout import lay_out
from vsumm.reel.subtitles.cut import SHORTEST_PIECE, cut_cues, split_overlaps
from vsumm.reel.subtitles.plan import plan_tracks
from vsumm.reel.subtitles.text import decode_text, parse_subtitles, subtitle_text

RUNS = [Segment(0.5, 2.0), Segment(4.5, 7.0)]
"""In the reel: "one" from 0.5 to 1.5, "two" from 1.5 to 2, "three" from 2.5 to 4."""
TIMES = [(0.5, 1.5), (1.5, 2.0), (2.5, 4.0)]


def cut(film, reel, runs=RUNS, **config):
    plan = plan_reel(probe(film), reel, ReelConfig(**config), overwrite=True)
    return write_reel(plan, runs)


def times_of(track):
    return [cue[:2] for cue in track["cues"]]


class TestInTheContainer:
    @pytest.mark.parametrize(
        ("film", "reel", "codec"),
        [
            ("film.mkv", "reel.mp4", "mov_text"),
            ("film.mkv", "reel.mov", "mov_text"),
            ("film.mkv", "reel.mkv", "subrip"),
            ("film.mkv", "reel.webm", "webvtt"),
            ("film.mp4", "reel.mkv", "subrip"),
            ("film.mp4", "reel.mp4", "mov_text"),
            ("film.webm", "reel.webm", "webvtt"),
            ("film.webm", "reel.mp4", "mov_text"),
        ],
    )
    def test_cues_are_cut_with_the_reel(self, tmp_path, film, reel, codec):
        tags = ["-metadata:s:s:#", "language=deu", "-metadata:s:s:#", "title=Für alle"]
        film = film_with_subtitles(tmp_path / film, (srt_text(), tags))
        (track,) = subtitles_in(cut(film, tmp_path / reel))
        assert track["codec"] == codec
        assert times_of(track) == TIMES
        assert [words.replace("{\\r}", "{\\i0}") for _, _, words in track["cues"]] == [
            "one",
            "two {\\i1}slanted{\\i0}" if codec != "mov_text" else "two {\\i1}slanted",
            "three\\Nlines",
        ]
        assert (track["language"], track["title"]) == (code_for("deu", reel[5:]), "Für alle")

    def test_flags_go_with_their_tracks(self, tmp_path):
        tracks = [(srt_text(), ["-disposition:s:#", f]) for f in ("forced", "default", "0")]
        film = film_with_subtitles(tmp_path / "film.mkv", *tracks)
        for reel in ("reel.mkv", "reel.mp4", "reel.webm"):
            flags = [track["flags"] for track in subtitles_in(cut(film, tmp_path / reel))]
            assert flags == [["forced"], ["default"], []]

    def test_ass_keeps_its_styles_in_matroska(self, tmp_path):
        film = film_with_subtitles(tmp_path / "film.mkv", (ass_text(), []))
        reel = cut(film, tmp_path / "reel.mkv")
        (track,) = subtitles_in(reel)
        assert track["codec"] == "ass"
        assert track["cues"] == [(0.5, 1.5, "one"), (1.5, 2.0, "{\\pos(10,20)}two")]
        assert b"Style: Sign,Arial,44" in reel.read_bytes()

    def test_fonts_go_with_ass_into_matroska(self, tmp_path, caplog):
        film = film_with_subtitles(tmp_path / "film.mkv", (ass_text(), []))
        (tmp_path / "font.ttf").write_bytes(b"a font")
        attach = "-attach", tmp_path / "font.ttf", "-metadata:s:t", "mimetype=font/ttf"
        film.rename(tmp_path / "plain.mkv")
        run_ffmpeg("-i", tmp_path / "plain.mkv", "-map", "0", "-c", "copy", *attach, film)
        with av.open(str(cut(film, tmp_path / "reel.mkv"))) as container:
            (font,) = [s for s in container.streams if s.type == "attachment"]
            assert (font.mimetype, font.data) == ("font/ttf", b"a font")
            assert font.metadata["filename"] == "font.ttf"
        assert caplog.text == ""
        cut(film, tmp_path / "reel.mp4")
        assert "not in the reel: 1 font" in caplog.text

    def test_a_late_start_of_the_container_moves_nothing(self, tmp_path):
        film = film_with_subtitles(
            tmp_path / "film.mkv", (srt_text([(4, 6, "x")]), []), start_offset_seconds=3.0
        )
        (track,) = subtitles_in(cut(film, tmp_path / "reel.mkv"))
        assert track["cues"] == [(0.5, 1.5, "x")]

    def test_cross_fades_shift_cues(self, tmp_path):
        film = film_with_subtitles(tmp_path / "film.mkv", (srt_text(), []))
        (track,) = subtitles_in(cut(film, tmp_path / "reel.mkv", crossfade_seconds=0.5))
        assert times_of(track) == [(0.5, 1.5), (1.0, 1.5), (2.0, 3.5)]

    def test_mp4_shows_cues_together_that_overlap(self, tmp_path):
        film = film_with_subtitles(tmp_path / "film.mkv", (srt_text(), []))
        (track,) = subtitles_in(cut(film, tmp_path / "reel.mp4", crossfade_seconds=0.5))
        assert track["cues"][0] == (0.5, 1.0, "one")
        assert track["cues"][1] == (1.0, 1.5, "one\\Ntwo {\\i1}slanted")
        assert times_of(track)[2:] == [(2.0, 3.5)]

    def test_a_title_takes_no_time(self, tmp_path):
        film = film_with_subtitles(tmp_path / "film.mkv", (srt_text(), []))
        (track,) = subtitles_in(cut(film, tmp_path / "reel.mkv", title="Title"))
        assert times_of(track) == TIMES

    def test_without_subtitles_there_are_none(self, tmp_path):
        film = film_with_subtitles(tmp_path / "film.mkv", (srt_text(), []))
        assert subtitles_in(cut(film, tmp_path / "reel.mkv", without_subtitles=True)) == []

    def test_a_track_that_says_nothing_in_the_reel_is_left_out(self, tmp_path):
        film = film_with_subtitles(tmp_path / "film.mkv", (srt_text(), []))
        assert subtitles_in(cut(film, tmp_path / "reel.mkv", [Segment(9.2, 9.9)])) == []

    @pytest.mark.parametrize("reel", ["reel.mp4", "reel.mkv"])
    def test_closed_captions_become_subtitles(self, tmp_path, reel):
        film = film_with_captions(tmp_path / "film.mov")
        (track,) = subtitles_in(cut(film, tmp_path / reel, [Segment(0.5, 2), Segment(6, 7)]))
        assert times_of(track) == [(0.5, 1.5), (1.5, 2.5)]
        assert all("Hello" in words for _, _, words in track["cues"])

    def test_the_same_reel_twice_has_the_same_bytes(self, tmp_path):
        film = film_with_subtitles(tmp_path / "film.mkv", (srt_text(), []), (ass_text(), []))
        first = cut(film, tmp_path / "first.mp4").read_bytes()
        assert first == cut(film, tmp_path / "second.mp4").read_bytes()


class TestBesideTheFilm:
    @pytest.fixture
    def film(self, tmp_path):
        return make_film(tmp_path / "film.mp4", seconds=10.0, size=(64, 36), frame_rate=10)

    def test_files_of_its_name_are_taken(self, film, tmp_path):
        for name in ("film.srt", "film.de.forced.srt", "film.pt-BR.SRT", "film.en.sdh.vtt"):
            text = (
                srt_text() if not name.endswith("vtt") else "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n"
            )
            (tmp_path / name).write_text(text)
        found = [
            (t["language"], t["flags"]) for t in subtitles_in(cut(film, tmp_path / "reel.mkv"))
        ]
        assert found == [
            ("deu", ["forced"]),
            ("eng", ["hearing_impaired"]),
            ("por", []),
            (None, []),
        ]

    @pytest.mark.parametrize("name", ["film.summary.srt", "film2.srt", "other.srt", "film.txt"])
    def test_files_of_other_names_are_not(self, film, tmp_path, name):
        (tmp_path / name).write_text(srt_text())
        assert subtitles_in(cut(film, tmp_path / "reel.mkv")) == []

    def test_chapters_are_no_subtitles(self, film, tmp_path, caplog):
        text = "WEBVTT chapters\n\n00:01.000 --> 00:02.000\nChapter\n"
        (tmp_path / "film.vtt").write_text(text)
        assert subtitles_in(cut(film, tmp_path / "reel.mkv")) == []
        assert "it holds chapters" in caplog.text

    @pytest.mark.parametrize(
        "data",
        [
            srt_text([(1, 3, "café")]).encode("utf-8-sig"),
            srt_text([(1, 3, "café")]).encode("utf-16"),
            srt_text([(1, 3, "café")]).encode("latin-1"),
            srt_text([(1, 3, "café")]).replace("\n", "\r\n").encode(),
        ],
    )
    def test_encodings_are_recognised(self, film, tmp_path, data, caplog):
        (tmp_path / "film.srt").write_bytes(data)
        (track,) = subtitles_in(cut(film, tmp_path / "reel.mkv"))
        assert track["cues"] == [(0.5, 1.5, "café")]
        assert ("no UTF-8, read as cp1252" in caplog.text) == (
            b"caf\xe9" in data and b"\0" not in data
        )

    def test_the_language_says_how_an_old_file_is_encoded(self, film, tmp_path):
        (tmp_path / "film.ru.srt").write_bytes(srt_text([(1, 3, "Привет")]).encode("cp1251"))
        (track,) = subtitles_in(cut(film, tmp_path / "reel.mkv"))
        assert track["cues"] == [(0.5, 1.5, "Привет")]

    @pytest.mark.parametrize(
        "data", [b"", b"\0\1\2\xff" * 100, b"no subtitles", b"WEBVTT\n", b"[Script Info]\n"]
    )
    def test_a_broken_file_is_one_line_and_no_error(self, film, tmp_path, data, caplog):
        (tmp_path / "film.srt").write_bytes(data)
        assert subtitles_in(cut(film, tmp_path / "reel.mkv")) == []
        (line,) = [r.message for r in caplog.records if r.levelno == logging.WARNING]
        assert line.startswith(f"{tmp_path / 'film.srt'}: left out of the reel: ")

    def test_a_cue_in_ten_words_of_nonsense_is_found(self, film, tmp_path):
        nonsense = "7\nnot a time --> 00:00\nx\n\n00:00:99,999 --> 00:00:00,000\nbackwards\n\n"
        (tmp_path / "film.srt").write_text(nonsense + srt_text([(1, 3, "x")]))
        (track,) = subtitles_in(cut(film, tmp_path / "reel.mkv"))
        assert track["cues"] == [(0.5, 1.5, "x")]


class TestBesideTheReel:
    def test_a_container_without_subtitles_gets_files(self, tmp_path):
        tags = ["-metadata:s:s:#", "language=deu", "-disposition:s:#", "forced"]
        film = film_with_subtitles(tmp_path / "film.mkv", (srt_text(), tags), (ass_text(), []))
        cut(film, tmp_path / "reel.avi")
        assert (tmp_path / "reel.deu.forced.srt").read_text() == (
            "1\n00:00:00,500 --> 00:00:01,500\none\n\n"
            "2\n00:00:01,500 --> 00:00:02,000\ntwo <i>slanted</i>\n\n"
            "3\n00:00:02,500 --> 00:00:04,000\nthree\nlines\n\n"
        )
        assert (
            "0:00:01.50,0:00:02.00,Sign,,0,0,0,,{\\pos(10,20)}two"
            in (tmp_path / "reel.ass").read_text()
        )

    def test_webvtt_keeps_the_places_of_its_cues(self, tmp_path):
        film = make_film(tmp_path / "film.mp4", seconds=10.0, size=(64, 36), frame_rate=10)
        (tmp_path / "film.vtt").write_text(
            "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nNOTE a --> b\n\nname\n"
            "00:01.000 --> 00:03.000 line:10% align:start\n<v Ann>one\n\nname 2\n"
            "00:00:04.000 --> 00:00:05.000\ntwo\n"
        )
        cut(film, tmp_path / "reel.avi")
        assert (tmp_path / "reel.vtt").read_text() == (
            "WEBVTT\n\n00:00:00.500 --> 00:00:01.500 line:10% align:start\n<v Ann>one\n\n"
            "00:00:01.500 --> 00:00:02.000\ntwo\n"
        )

    def test_tracks_of_one_language_get_numbers(self, tmp_path):
        film = film_with_subtitles(tmp_path / "film.mkv", (srt_text(), []), (srt_text(), []))
        plan = plan_reel(probe(film), tmp_path / "reel.avi")
        assert [t.beside.name for t in plan.subtitles] == ["reel.srt", "reel.2.srt"]

    def test_nothing_is_replaced_without_force(self, tmp_path):
        film = film_with_subtitles(tmp_path / "film.mkv", (srt_text(), []))
        (tmp_path / "reel.srt").write_text("mine")
        with pytest.raises(OutputError, match=r"reel\.srt: exists already"):
            plan_reel(probe(film), tmp_path / "reel.avi")

    def test_the_films_own_file_is_never_replaced(self, tmp_path):
        film = make_film(tmp_path / "film.mp4", seconds=10.0, size=(64, 36), frame_rate=10)
        (tmp_path / "film.srt").write_text(srt_text())
        with pytest.raises(OutputError, match="this is the input itself"):
            plan_reel(probe(film), tmp_path / "film.avi", overwrite=True)


class TestCutCues:
    def test_a_cue_that_spans_a_cut_is_not_said_twice(self):
        runs = lay_out([Segment(0, 2), Segment(3, 5), Segment(8, 9)])
        (piece,) = cut_cues([(1000, 4000)], runs)
        assert (piece.start, piece.end) == (1000, 3000)

    def test_a_cue_that_comes_back_later_is_said_again(self):
        runs = lay_out([Segment(0, 2), Segment(3, 4), Segment(8, 9)])
        pieces = cut_cues([(1000, 2000), (3500, 8500)], runs)
        assert [(p.index, p.start, p.end) for p in pieces] == [(0, 1000, 2000), (1, 2500, 3500)]

    def test_slivers_of_a_cue_are_dropped_and_short_cues_are_not(self):
        runs = lay_out([Segment(0, 2)])
        shorter = SHORTEST_PIECE - 1
        assert cut_cues([(2000 - shorter, 9000)], runs) == []
        assert len(cut_cues([(1000, 1000 + shorter)], runs)) == 1

    @given(
        st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 5000)), max_size=20),
        st.lists(st.integers(1, 2000), min_size=2, max_size=12),
    )
    def test_every_instant_shows_what_the_film_shows_there(self, spans, steps):
        cues = [(start, start + length) for start, length in spans]
        borders = [sum(steps[: k + 1]) for k in range(len(steps) // 2 * 2)]
        runs = lay_out(
            [Segment(a / 1000, b / 1000) for a, b in zip(borders[::2], borders[1::2], strict=True)]
        )
        pieces = cut_cues(cues, runs)
        for run in runs:
            begin, end = int(run.source_start * 1000), int(run.source_end * 1000)
            for ms in range(begin + 2, end - 2, 97):
                reel_ms = run.to_reel(Fraction(2 * ms + 1, 2000)) * 1000  # away from rounding
                shown = {p.index for p in pieces if p.start <= reel_ms < p.end}
                right = {k for k, cue in enumerate(cues) if cue[0] <= ms < cue[1]}
                assert shown <= right
                for k in right - shown:
                    assert min(cues[k][1], end) - max(cues[k][0], begin) <= SHORTEST_PIECE

    def test_split_overlaps_shows_each_cue_for_as_long(self):
        pieces = cut_cues([(0, 3000), (1000, 2000), (1500, 4000)], lay_out([Segment(0, 5)]))
        split = split_overlaps(pieces)
        for piece in pieces:
            assert piece.end - piece.start == sum(
                end - start for start, end, shown in split if piece.index in shown
            )
        assert all(a[1] <= b[0] for a, b in pairwise(split))

    @pytest.mark.slow
    def test_a_hundred_thousand_cues_take_seconds(self):
        text = srt_text([(k * 0.1, k * 0.1 + 0.5, f"cue {k}") for k in range(100_000)])
        start = time.process_time()
        form, subtitles = parse_subtitles(text)
        runs = lay_out([Segment(k * 100.0, k * 100.0 + 15) for k in range(100)])
        pieces = cut_cues([(e.start, e.end) for e in subtitles], runs)
        split_overlaps(pieces)
        assert form == "srt"
        assert len(pieces) > 14_000
        assert time.process_time() - start < 20


def test_text_that_is_no_text_is_said():
    with pytest.raises(InputError, match="it is no text"):
        decode_text(b"\xff\0\x80")


def test_ass_becomes_subrip_where_that_is_wanted():
    form, subtitles = parse_subtitles(ass_text())
    assert form == "ass"
    assert "00:00:04,000 --> 00:00:05,000\ntwo" in subtitle_text(subtitles, form, "srt")


def test_codes_of_languages():
    assert [long_code(text) for text in ("en", "zh-Hans", "deu", "x", "summary", "")] == [
        "eng", "zho", "deu", None, None, None,
    ]  # fmt: skip


def test_pictures_are_not_planned(tmp_path):
    track = SubtitleStream(2, "hdmv_pgs_subtitle", is_text=False, language="eng")
    film = replace(probe(make_film(tmp_path / "film.mp4", seconds=1.0)), subtitles=(track,))
    assert plan_tracks(film, tmp_path / "reel.mp4", reel_format("reel.mp4")) == ()


def test_cues_follow_runs_that_are_shown_in_another_order():
    runs = lay_out([Segment(10, 12), Segment(0, 2), Segment(2.5, 4)])
    cues = [(500, 3000), (10_500, 11_500)]
    assert [(piece.index, piece.start, piece.end) for piece in cut_cues(cues, runs)] == [
        (1, 500, 1500),
        (0, 2500, 4500),
    ]
