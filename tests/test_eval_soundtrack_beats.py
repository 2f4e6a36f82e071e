"""The measure of beats, and the clicks and MIDI files that it is taken on."""

import mido
import numpy as np
import pytest

from eval.soundtrack import beats, phrases
from eval.soundtrack.beats import f_measure, judge_midi, quarter_notes

TRUE = np.arange(1.0, 11.0)


@pytest.mark.parametrize(
    ("found", "value"),
    [
        (TRUE, 1.0),
        (TRUE + 0.069, 1.0),
        (TRUE + 0.08, 0.0),
        (TRUE[::2], 2 * 5 / 15),
        (np.sort([*TRUE, *(TRUE + 0.01)]), 2 * 10 / 30),
        (np.zeros(0), 0.0),
    ],
)
def test_each_beat_is_matched_once_within_70_milliseconds(found, value):
    assert f_measure(found, TRUE) == pytest.approx(value)


def test_a_metronome_is_right_as_often_as_its_phase_allows():
    true = np.arange(0.0, 40.0, 0.5)
    # 15 of 20 phases, 25 ms apart, are farther than 70 ms from every beat.
    assert beats._metronome(true, 40.0) == pytest.approx(5 / 20, abs=0.01)


@pytest.mark.parametrize("style", beats.STYLES, ids=lambda style: style.name)
def test_clicks_sound_where_the_beats_are(style):
    true, samples = beats._make_clicks(100, style, np.random.default_rng(0))
    power = [np.mean(samples[round(t * 16000) : round(t * 16000) + 160] ** 2) for t in true]
    share = np.mean(np.array(power) > 0.01)
    assert share == 1 if not style.dropped else 0.5 < share < 0.9
    change = np.diff(true)[0] / np.diff(true)[-1] - 1
    assert change == pytest.approx(style.drift, abs=0.02)


def test_quarter_notes_follow_the_tempo_map(tmp_path):
    midi = mido.MidiFile(ticks_per_beat=480)
    tempi, notes = mido.MidiTrack(), mido.MidiTrack()
    tempi += [mido.MetaMessage("set_tempo", tempo=500_000, time=0)]
    tempi += [mido.MetaMessage("set_tempo", tempo=1_000_000, time=960)]
    notes += [mido.Message("note_on", note=60, time=240)]
    notes += [mido.Message("note_off", note=60, time=1680)]
    midi.tracks += [tempi, notes]
    midi.save(tmp_path / "piece.mid")
    np.testing.assert_allclose(quarter_notes(tmp_path / "piece.mid"), [0, 0.5, 1, 2])


def test_without_fluidsynth_there_are_no_figures(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert judge_midi(tmp_path, num_pieces=1, seed=0) == []


@pytest.mark.slow
def test_clicks_are_judged_beside_a_metronome():
    figures = beats.judge_clicks(0)
    found = {(f.question, f.chosen_by): f.value for f in figures}
    assert len(found) == 2 * len(beats.STYLES)
    for question in {f.question for f in figures}:
        tracker, metronome = (
            found[question, name]
            for name in ("this tracker", "metronome of the true tempo, any phase")
        )
        assert tracker > metronome + 0.3


def test_reels_begin_with_phrases_more_often_than_by_chance(monkeypatch):
    monkeypatch.setattr(phrases, "NUM_SONGS", 6)
    figures = {figure.chosen_by: figure.value for figure in phrases.judge_phrases(seed=1)}
    chance = figures["(any start of the song, chance)"]
    assert 0 < chance < 0.1
    assert figures["moved to beats and phrases"] > max(0.1, figures["by the curve alone"])


def test_a_phrase_may_begin_within_the_fade():
    known = np.array([4.0, 12.0])
    starts = (3.5, 3.7, 4.0, 4.05, 4.2, 11.8)
    assert [phrases.begins_phrase(start, known) for start in starts] == [0, 1, 1, 1, 0, 1]
