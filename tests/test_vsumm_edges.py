"""From a film to a reel whose edges lie on cuts: selection, cuts and budget together."""

from dataclasses import replace

import numpy as np
import pytest
from films import make_film
from foretold import BrightLoudModel
from shots import RATE, make_shots
from speech import speak, write_sound

import vsumm
from vsumm.borders import searched
from vsumm.cli import main
from vsumm.config import Budget
from vsumm.errors import ScoresError
from vsumm.files import RecordCache
from vsumm.media import Segment, probe, without
from vsumm.reel import ReelConfig
from vsumm.render import Edit, edit_picks, load_picks, picks_of_summary, render, vary_picks
from vsumm.score import measure
from vsumm.summary import Summary
from vsumm.workers import WorkerLostError

LENGTHS = [2.6, 3.4, 1.9, 2.7, 4.6, 3.3, 2.9, 5.1, 2.2, 3.7, 2.8, 4.8]
BORDERS = [round(sum(LENGTHS[:k]), 2) for k in range(len(LENGTHS) + 1)]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_shots(tmp_path_factory.mktemp("film") / "film.mp4", LENGTHS, bright=[4, 7, 9])


def summarized(path, **settings):
    return vsumm.summarize(path, by="image", model=BrightLoudModel(), **settings)


def edges_of(summary):
    return [time for run in summary.runs for time in (run.start_seconds, run.end_seconds)]


def test_edges_lie_on_cuts_and_the_budget_is_used_up(film):
    summary = summarized(film, budget="12s")
    assert all(min(abs(edge - border) for border in BORDERS) < 1e-6 for edge in edges_of(summary))
    assert 10 < summary.selected_seconds <= 12 + 1e-9
    on_grid = summarized(film, budget="12s", cut_at="grid")
    assert all(edge % 2 == 0 for edge in edges_of(on_grid))


def test_render_makes_the_same_reel_of_the_json(film, tmp_path):
    summary = summarized(film, budget="12s").placed_at(tmp_path / "film.json")
    (tmp_path / "film.json").write_text(summary.to_json(), encoding="utf-8")
    vsumm.export_reel(summary, tmp_path / "first.mp4")
    again = tmp_path / "again.mp4"
    assert main(["render", str(tmp_path / "film.json"), "-o", str(again), "--quiet"]) == 0
    assert again.read_bytes() == (tmp_path / "first.mp4").read_bytes()


def test_the_reel_of_cross_faded_runs_is_as_long_as_the_budget(film, tmp_path):
    arguments = ["--crossfade", "0.5", "--budget", "12s", "--quiet", "--no-cache", "--by", "image"]
    assert main([str(film), *arguments, "-o", str(tmp_path / "reel.mp4")]) == 0
    summary = Summary.from_json((tmp_path / "reel.json").read_text(encoding="utf-8"))
    assert len(summary.runs) > 1
    assert 11 < summary.reel_seconds <= 12
    assert summary.selected_seconds == pytest.approx(
        summary.reel_seconds + 0.5 * (len(summary.runs) - 1)
    )
    reel = probe(tmp_path / "reel.mp4").duration_seconds
    assert reel == pytest.approx(summary.reel_seconds, abs=0.1)


def test_the_json_keeps_the_pieces(film):
    summary = summarized(film, budget="12s")
    assert Summary.from_json(summary.to_json()) == summary
    assert summary.pieces == tuple(summary.runs)


@pytest.mark.parametrize(
    "lengths", [[30.0], [0.04] * 500, [0.2] * 100, [9.9, 0.2, 9.9]], ids=lambda v: str(v[:2])
)
def test_films_without_a_cut_and_with_nothing_but_cuts(tmp_path, lengths):
    path = make_shots(tmp_path / "film.mp4", lengths, size=(64, 36))
    summary = summarized(path)
    assert summary.notes == ("there is no sound: scored by the picture alone",) or not summary.notes
    assert summary.budget_seconds - 2 < summary.selected_seconds <= summary.budget_seconds + 1e-9
    assert all(run.duration_seconds >= 1.5 - 1e-6 for run in summary.runs)


def test_runs_are_as_long_as_is_asked_for(film):
    summary = summarized(film, budget="12s", min_run_seconds=3.5)
    assert all(run.duration_seconds >= 3.5 - 1e-6 for run in summary.runs)


@pytest.mark.parametrize("cut_at", ["shots", "grid"])
def test_what_is_kept_is_shown_exactly_and_what_is_skipped_never(film, cut_at):
    free = summarized(film, budget="12s", cut_at=cut_at)
    best = free.runs[-1]
    summary = summarized(
        film,
        budget="12s",
        cut_at=cut_at,
        keep=[(16.3, 18.7), (1.1, 2.3)],
        skip=[(best.start_seconds, best.end_seconds), (39.5, None)],
    )
    for start, end in summary.config.keep:
        assert any(r.start_seconds <= start and end <= r.end_seconds for r in summary.runs)
        assert not any(start < edge < end for edge in edges_of(summary))
    for run in summary.runs:
        assert run.end_seconds <= best.start_seconds or run.start_seconds >= best.end_seconds
    assert summary.runs[-1].end_seconds <= 39.5
    assert 10 < summary.selected_seconds <= 12 + 1e-9
    assert Summary.from_json(summary.to_json()) == summary


def test_what_is_kept_may_be_all_of_the_reel(film):
    for cut_at in ("shots", "grid"):
        summary = summarized(film, budget="3s", cut_at=cut_at, keep=((7.7, 9.2), (30.1, 31.6)))
        assert [(r.start_seconds, r.end_seconds) for r in summary.runs] == list(summary.config.keep)


def test_kept_runs_leave_a_reel_with_cross_fades_as_long_as_the_budget(film, tmp_path):
    arguments = ["--crossfade", "0.5", "--budget", "12s", "--quiet", "--no-cache", "--by", "image"]
    arguments += ["--keep", "0:20-0:23", "--keep", "3-5", "--skip", "0-2,38-"]
    assert main([str(film), *arguments, "-o", str(tmp_path / "reel.mp4")]) == 0
    summary = Summary.from_json((tmp_path / "reel.json").read_text(encoding="utf-8"))
    assert {Segment(20.0, 23.0), Segment(3.0, 5.0)} <= set(summary.runs)
    assert 10 < summary.reel_seconds <= 12 + 1e-9
    assert summary.config.skip == ((0.0, 2.0), (38.0, None))


@pytest.fixture(scope="module")
def of_20_seconds(film, tmp_path_factory):
    """The JSON of a summary of 20 s."""
    path = tmp_path_factory.mktemp("json") / "film.json"
    summary = summarized(film, budget="20s", keep=((7.0, 8.5),)).placed_at(path)
    path.write_text(summary.to_json(), encoding="utf-8")
    return path


@pytest.mark.parametrize("cut_at", ["shots+speech", "grid"])
def test_another_budget_is_cut_as_a_summary_of_that_budget(film, of_20_seconds, tmp_path, cut_at):
    summary = summarized(film, budget="12s", keep=((7.0, 8.5),), cut_at=cut_at)
    vsumm.export_reel(summary, tmp_path / "first.mp4")
    arguments = ["render", str(of_20_seconds), "--budget", "12s", "--cut-at", cut_at, "--no-cache"]
    again = tmp_path / "again.mp4"
    assert main([*arguments, "-o", str(again), "--quiet"]) == 0
    assert again.read_bytes() == (tmp_path / "first.mp4").read_bytes()


def test_a_run_that_is_dropped_is_not_chosen_again_though_it_was_kept(of_20_seconds):
    picks = load_picks(of_20_seconds)
    number = next(k for k, run in enumerate(picks.runs, 1) if run.end_seconds > 7)
    dropped = picks.runs[number - 1]
    again = edit_picks(picks, Edit(drop=(number,), budget=Budget(budget_seconds=12)))
    for run in again.runs:
        assert run.end_seconds <= dropped.start_seconds or run.start_seconds >= dropped.end_seconds
    assert 10 < sum(run.duration_seconds for run in again.runs) <= 12 + 1e-9


def test_what_is_kept_now_is_shown_though_it_was_skipped(film, tmp_path):
    summary = summarized(film, budget="6s", skip=((0, 20),))
    picks = picks_of_summary(summary, ReelConfig())
    again = edit_picks(picks, Edit(keep=(Segment(5.0, 7.0),), budget=Budget(budget_seconds=6)))
    assert again.runs[0] == Segment(5.0, 7.0)
    assert all(run.start_seconds >= 20 for run in again.runs[1:])


def test_variants_are_cut_between_shots_and_share_no_more_than_allowed(film):
    picks = picks_of_summary(summarized(film, budget="6s"), ReelConfig())
    first, second, third = (v.picks for v in vary_picks(picks, 3, max_overlap=0.3))
    assert first.runs == picks.runs
    edges = [*edges_of(second.summary), *edges_of(third.summary)]
    on_cuts = [min(abs(edge - border) for border in BORDERS) < 1 / RATE for edge in edges]
    assert sum(on_cuts) > len(edges) / 2  # what others show is a border, too
    for varied in (second, third):
        assert 5 < varied.summary.selected_seconds <= 6 + 1e-9
    for one, other in ((first, second), (first, third), (second, third)):
        apart = without(one.runs, other.runs)
        shared = one.summary.selected_seconds - sum(run.duration_seconds for run in apart)
        assert shared <= 0.3 * 6 + 1e-9


def test_a_timeline_is_not_cut_elsewhere(film, tmp_path, capsys):
    picks = picks_of_summary(summarized(film, budget="6s"), ReelConfig())
    render(picks, [tmp_path / "cut.edl"])
    arguments = ["render", str(tmp_path / "cut.edl"), "--media", str(film), "--quiet"]
    assert main([*arguments, "--cut-at", "grid"]) == 1
    assert "give the summary (.json)" in capsys.readouterr().err


def test_render_chooses_nothing_that_was_skipped(film, tmp_path):
    summary = summarized(film, budget="6s", skip=((0, 20),)).placed_at(tmp_path / "film.json")
    (tmp_path / "film.json").write_text(summary.to_json(), encoding="utf-8")
    picks = edit_picks(load_picks(tmp_path / "film.json"), Edit(budget=Budget(1.0)))
    assert picks.runs[0].start_seconds >= 20
    assert picks.runs[-1].end_seconds == summary.media.duration_seconds


def test_variants_are_not_chosen_without_what_is_kept(film):
    picks = picks_of_summary(summarized(film, budget="12s", keep=((1, 4),)), ReelConfig())
    with pytest.raises(ScoresError, match="summarise without keep"):
        vary_picks(picks, 2, max_overlap=0.5)


def test_the_report_says_what_was_kept_and_skipped(film, tmp_path):
    options = ["--by", "image", "--budget", "12s", "--no-reel", "--report", "--quiet", "--no-cache"]
    options += ["--keep", "1-2.5", "--skip", "30-", "-o", str(tmp_path / "reel.mp4")]
    assert main([str(film), *options]) == 0
    (page,) = tmp_path.glob("*.html")
    text = page.read_text(encoding="utf-8")
    assert "0:01.0-0:02.5" in text
    assert "0:30.0-" in text
    assert "not scored: skipped" in text


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--keep", "0:39-0:41"], "cannot keep 0:39.0-0:41.0: the film ends at 40.000 s"),
        (["--keep", "1-9", "--keep", "20-26"], "what is kept lasts 14.0 s, longer than the budget"),
        (["--keep", "1-9", "--skip", "8-"], "cannot keep 0:01.0-0:09.0 and skip 0:08.0-0:40.0"),
        (["--skip", "0-"], "with what is skipped nothing is left to pick from"),
        (["--variants", "2", "--keep", "1-2"], "--variants chooses anew: leave out --keep"),
    ],
)
def test_what_cannot_be_had_together_is_one_line(film, tmp_path, capsys, options, problem):
    options = [*options, "--budget", "12s", "--by", "image", "--quiet", "--no-cache"]
    assert main([str(film), *options, "-o", str(tmp_path / "reel.mp4")]) in (1, 2)
    (line,) = capsys.readouterr().err.splitlines()
    assert problem in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "problem"),
    [("--keep=2-1", "'2-1' ends before it begins"), ("--skip=titles", "cannot read 'titles'")],
)
def test_what_is_no_stretch_is_wrong_usage(film, capsys, option, problem):
    with pytest.raises(SystemExit) as caught:
        main([str(film), option])
    assert caught.value.code == 2
    assert problem in capsys.readouterr().err.splitlines()[-1]


def test_credits_are_left_out_and_this_is_said(film, monkeypatch):
    def measure_cards(*args, **settings):
        measured = measure(*args, **settings)
        cards = np.array([0.9, 0.9, *[0.1] * 15, 0.9, 0.9, 0.9])
        return replace(measured, arrays={**measured.arrays, "card": cards})

    monkeypatch.setattr("vsumm.analysis.measure", measure_cards)
    for cut_at in ("shots", "grid"):
        summary = summarized(film, budget="36s", cut_at=cut_at, skip=["credits"])
        assert "left out as credits: 0:00.0-0:04.0, 0:34.0-0:40.0" in summary.notes
        assert all(4 <= edge <= 34 for edge in edges_of(summary))
        assert summary.selected_seconds > 25


def test_where_no_cards_are_known_credits_stay_and_this_is_said(film):
    summary = summarized(film, budget="12s", skip=["credits"])
    assert "nothing tells title cards apart here: credits are not left out" in summary.notes
    assert summary.runs == summarized(film, budget="12s").runs


def test_a_sound_file_has_no_cuts_and_uses_its_budget(tmp_path):
    path = make_film(tmp_path / "song.m4a", seconds=20.0, video=False, beeps=[8.5])
    summary = vsumm.summarize(path, by="music", model=BrightLoudModel(), budget="3s")
    assert 2.9 < summary.selected_seconds <= 3 + 1e-9
    assert summary.notes == ()


def test_no_edge_lies_inside_a_sentence(tmp_path):
    sentences = [f"This is sentence number {n}, and it ends here." for n in range(12)]
    samples, spans = speak(sentences, 0.6)
    path = write_sound(tmp_path / "talk.wav", samples)
    summary = vsumm.summarize(path, by="music", model=BrightLoudModel(), budget="12s")
    edges = edges_of(summary)
    assert not [e for e in edges for a, b in spans if a + 0.1 < e < b - 0.1]
    on_grid = vsumm.summarize(
        path, by="music", model=BrightLoudModel(), budget="12s", cut_at="grid"
    )
    assert [e for e in edges_of(on_grid) for a, b in spans if a + 0.1 < e < b - 0.1]


def test_the_cache_gives_the_same_pieces(film, tmp_path, monkeypatch):
    # With a loaded model nothing but the cuts is cached.
    cache = RecordCache(tmp_path)
    first = summarized(film, budget="12s", cache=cache)
    monkeypatch.setattr(searched, "run_search", lambda *_, **__: pytest.fail("searched again"))
    assert summarized(film, budget="12s", cache=cache) == first


def test_a_search_that_fails_is_said(film, monkeypatch):
    def crash(*_, **__):
        raise WorkerLostError("the worker process crashed")

    monkeypatch.setattr(searched, "run_search", crash)
    summary = summarized(film, budget="12s")
    assert "not all cuts between shots could be found: the worker process crashed" in summary.notes
    assert summary.selected_seconds <= 12 + 1e-9


def test_where_somebody_speaks_throughout_the_budget_is_used_all_the_same(tmp_path):
    samples, _ = speak([" and then ".join(f"we saw number {n}" for n in range(24))], 0.0)
    path = write_sound(tmp_path / "talk.wav", samples)
    summary = vsumm.summarize(path, by="music", model=BrightLoudModel(), budget="8s")
    assert 7 < summary.selected_seconds <= 8 + 1e-9
    assert summary.notes == ()


def test_a_film_with_a_cut_in_every_frame_makes_a_reel_of_its_budget(tmp_path):
    path = make_shots(tmp_path / "film.mp4", [1 / RATE] * round(12 * RATE))
    summary = summarized(path, budget="4s")
    assert 3.5 < summary.selected_seconds <= 4 + 1e-9
    assert all(run.duration_seconds >= 1.5 - 1e-6 for run in summary.runs)
    assert summary.notes == ()


def test_a_film_without_a_cut_and_without_sound_makes_a_reel_of_its_budget(tmp_path):
    path = make_shots(tmp_path / "film.mp4", [30.0])
    summary = summarized(path, budget="6s")
    assert 5.9 < summary.selected_seconds <= 6 + 1e-9
    assert summary.sound_shifts == ()
    assert summary.notes == ()
