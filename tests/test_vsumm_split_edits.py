"""Where sound leads or trails the picture of a cut: pauses, limits, and what is heard then."""

from dataclasses import replace

import numpy as np
import pytest
from films import run_ffmpeg
from foretold import BrightLoudModel
from shots import make_shots
from sounds import RATE, read_sound, write_sound

import vsumm
from vsumm.borders import FoundSpeech
from vsumm.cli import main
from vsumm.media import Segment, probe
from vsumm.reel import plan_reel, write_reel
from vsumm.render import load_picks
from vsumm.split_edits import choose_shifts, heard_pieces

ALL = [Segment(0, 100)]


def shifts(pieces, phrases, **limits):
    pieces, phrases = ([Segment(*span) for span in spans] for spans in (pieces, phrases))
    return choose_shifts(pieces, phrases, **{"searched": ALL, **limits})


def test_sound_trails_to_the_end_of_a_word():
    assert shifts([(10, 15), (30, 35)], [(13, 15.2)]) == [0.25]


def test_sound_leads_from_the_beginning_of_a_word():
    assert shifts([(10, 15), (30, 35)], [(29.8, 32)]) == [-0.25]


def test_a_shift_that_cuts_another_word_is_no_better():
    assert shifts([(10, 15), (30, 35)], [(13, 15.2), (30.1, 34)]) == []


def test_a_short_pause_is_used_where_there_is_no_longer_one():
    (shift,) = shifts([(10, 15), (30, 35)], [(13, 15.2), (15.26, 19)])
    assert 0.2 <= shift <= 0.26


def test_only_the_cuts_that_need_it_are_shifted():
    pieces = [(10, 15), (30, 35), (50, 55)]
    assert shifts(pieces, [(49.9, 53)]) == [0.0, -0.15]


@pytest.mark.parametrize(
    ("pieces", "limits"),
    [
        ([(10, 15), (30, 35)], {"kept": [Segment(10, 15)]}),
        ([(10, 15), (30, 35)], {"kept": [Segment(30, 33)]}),
        ([(10, 15), (30, 35)], {"skipped": [Segment(15, 16)]}),
        ([(10, 15), (30, 35)], {"searched": [Segment(0, 15.1), Segment(29, 36)]}),
        ([(14.4, 15), (30, 35)], {}),  # more than a quarter of so short a run
    ],
)
def test_limits_are_kept(pieces, limits):
    assert shifts(pieces, [(13, 15.2)], **limits) == []


def test_what_is_skipped_before_a_run_is_not_heard():
    phrases = [(29.8, 32)]
    skipped = [Segment(20, 30)]
    assert shifts([(10, 15), (30, 35)], phrases) == [-0.25]
    assert shifts([(10, 15), (30, 35)], phrases, skipped=skipped) == []


def test_all_that_is_heard_is_as_long_as_what_is_shown():
    rng = np.random.default_rng(0)
    starts = np.sort(rng.uniform(0, 900, 40)) + 8 * np.arange(40)
    pieces = [
        Segment(start, start + length)
        for start, length in zip(starts, rng.uniform(1.5, 6, 40), strict=True)
    ]
    times = np.sort(rng.uniform(0, 1300, 1500))
    phrases = [Segment(a, b) for a, b in times.reshape(-1, 2) if b > a]
    found = choose_shifts(pieces, phrases, searched=[Segment(0, 2000)])
    heard = heard_pieces(pieces, found)
    assert sum(shift != 0 for shift in found) > 5
    assert sum(piece.duration_seconds for piece in heard) == pytest.approx(
        sum(piece.duration_seconds for piece in pieces)
    )
    num_spoken = [
        sum(
            p.start_seconds < e < p.end_seconds
            for piece in each
            for e in (piece.start_seconds, piece.end_seconds)
            for p in phrases
        )
        for each in (pieces, heard)
    ]
    assert num_spoken[1] < num_spoken[0]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ([0.1, 0.1], "2 pieces have no 2 shifts"),
        ([0.6], "at most 0.5 s"),
        ([float("nan")], "at most 0.5 s"),
        ([-0.5], "start < end"),
    ],
)
def test_shifts_that_do_not_fit_are_an_error(wrong, problem):
    with pytest.raises(ValueError, match=problem):
        heard_pieces([Segment(1, 1.4), Segment(5, 7)], wrong)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """A film of 6 s whose tone rises, so that every instant sounds unlike all others."""
    folder = tmp_path_factory.mktemp("sweep")
    times = np.arange(6 * RATE) / RATE
    samples = 0.3 * np.sin(2 * np.pi * (200 * times + 50 * times**2))
    sound = write_sound(folder / "sound.wav", samples.astype(np.float32)[None])
    picture = make_shots(folder / "picture.mp4", [6.0])
    film = folder / "film.mkv"
    run_ffmpeg("-i", picture, "-i", sound, "-c", "copy", film)
    return film


@pytest.mark.parametrize("shift", [0.25, -0.31])
def test_the_reel_sounds_as_shifted_and_is_as_long(sweep, tmp_path, shift):
    runs = [Segment(1, 2), Segment(4, 5)]
    paths = tmp_path / "plain.mkv", tmp_path / "split.mkv", tmp_path / "heard.wav"
    info = probe(sweep)
    write_reel(plan_reel(info, paths[0]), runs)
    write_reel(plan_reel(info, paths[1]), runs, sound_shifts=[shift])
    write_reel(plan_reel(info, paths[2]), heard_pieces(runs, [shift]))
    plain, split, heard = (read_sound(path)[0] for path in paths)
    assert plain.shape == split.shape
    apart = slice(RATE - 3000, RATE + 3000)
    assert np.abs(plain[:, apart] - split[:, apart]).max() > 0.3
    assert np.corrcoef(split[0, : heard.shape[1]], heard[0, : split.shape[1]])[0, 1] > 0.99
    assert probe(paths[0]).video == probe(paths[1]).video


def test_subtitles_follow_the_sound(sweep, tmp_path):
    words = sweep.with_suffix(".srt")
    words.write_text("1\n00:00:01,500 --> 00:00:02,200\nlast word\n", encoding="utf-8")
    runs = [Segment(1, 2), Segment(4, 5)]
    write_reel(plan_reel(probe(sweep), tmp_path / "reel.wav"), runs, sound_shifts=[0.25])
    (text,) = (path.read_text(encoding="utf-8") for path in tmp_path.glob("*.srt"))
    assert "00:00:00,500 --> 00:00:01,200" in text


@pytest.fixture
def summary(sweep, monkeypatch):
    """A summary whose first run ends inside a phrase."""
    pieces = [Segment(1, 2.5), Segment(4, 5.5)]
    monkeypatch.setattr("vsumm.edges.place_edges", lambda *_, **__: pieces)
    spoken = FoundSpeech((Segment(1.5, 2.6), Segment(4.2, 5.8)))
    monkeypatch.setattr("vsumm.edges.find_speech", lambda *_, **__: spoken)
    return vsumm.summarize(sweep, by="image", model=BrightLoudModel(), budget="3s")


def test_a_summary_keeps_the_shifts_and_render_makes_the_same_reel(summary, tmp_path):
    assert summary.sound_shifts == (0.15,)
    path = tmp_path / "film.json"
    summary = summary.placed_at(path)
    path.write_text(summary.to_json(), encoding="utf-8")
    assert load_picks(path).sound_shifts == summary.sound_shifts
    first, again, plain = (tmp_path / f"{name}.mp4" for name in ("first", "again", "plain"))
    vsumm.export_reel(summary, first)
    assert main(["render", str(path), "-o", str(again), "--quiet"]) == 0
    assert again.read_bytes() == first.read_bytes()
    write_reel(plan_reel(summary.media, plain), summary.runs)
    assert plain.read_bytes() != first.read_bytes()


def test_a_reel_that_is_made_otherwise_has_no_shifts(summary, tmp_path):
    path = tmp_path / "film.json"
    path.write_text(summary.placed_at(path).to_json(), encoding="utf-8")
    faded = load_picks(path, adapt=lambda config: replace(config, crossfade_seconds=0.2))
    assert faded.sound_shifts == ()
    other = replace(load_picks(path), runs=(Segment(0, 2), Segment(4, 5)))
    assert other.sound_shifts == ()


def test_a_timeline_says_that_it_has_no_shifts(summary, tmp_path, capsys):
    path = tmp_path / "film.json"
    path.write_text(summary.placed_at(path).to_json(), encoding="utf-8")
    assert main(["render", str(path), "-o", str(tmp_path / "film.edl")]) == 0
    assert "in the reel it leads or trails at 1 cut" in capsys.readouterr().err
