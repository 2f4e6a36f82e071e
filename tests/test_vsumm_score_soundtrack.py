"""Loudness, rises, kinds of sound and what follows for music, on curves and sounds made by hand."""

import numpy as np
import pytest

from mmva_core.towers.sound_steps import SoundCurves
from vsumm.media.segments import split_into_segments
from vsumm.score.batches import in_batches
from vsumm.score.signals import soundtrack
from vsumm.score.signals.soundtrack import (
    QUIETEST_DB,
    SoundtrackMeter,
    loudest,
    pooled,
    rises,
    shrunk,
    spans_of,
    speech_energy,
)
from vsumm.score.sound_windows import SAMPLE_RATE, SoundWindow

QUIET, LOUD, SILENT = -35.0, -15.0, -70.0  # LUFS


def curves_of(loudness, *, spread=None, effort=None, kinds=None):
    zeros = np.zeros(len(loudness))
    return SoundCurves(
        loudness=np.asarray(loudness, float),
        onsets=zeros,
        spread=zeros if spread is None else np.asarray(spread, float),
        effort=zeros if effort is None else np.asarray(effort, float),
        kinds=np.zeros((len(loudness), 3)) if kinds is None else kinds,
    )


class ForetoldSteps:
    """Knows the curves; counts the samples that it gets."""

    def __init__(self, curves):
        self.curves, self.num_samples = curves, 0

    def add(self, samples):
        self.num_samples += len(samples)

    def result(self):
        return self.curves


def meter_of(curves, seconds):
    segments = split_into_segments(seconds)
    steps = ForetoldSteps(curves)
    meter = SoundtrackMeter(steps, segments)
    windows = [
        SoundWindow(row, np.zeros(round(s.duration_seconds * SAMPLE_RATE), np.float32), None)
        for row, s in enumerate(segments)
    ]
    for batch in in_batches(windows, 3):
        meter.add(batch)
    assert steps.num_samples == round(seconds * SAMPLE_RATE)
    return meter.result()


def test_every_half_second_belongs_to_one_segment():
    spans = spans_of(split_into_segments(21.3), 43)
    covered = np.concatenate([np.arange(43)[span] for span in spans])
    assert sorted(set(covered)) == list(range(43))
    assert len(spans) == 11


def test_a_last_segment_shorter_than_a_half_second_has_one():
    spans = spans_of(split_into_segments(4.1), 9)
    assert spans[-1] == slice(8, 9)


def test_loudness_does_not_depend_on_how_loud_the_film_was_mastered():
    level = np.array([QUIET] * 8 + [LOUD] * 4 + [QUIET] * 8)
    spans = [slice(first, first + 4) for first in range(0, 20, 4)]
    assert loudest(level, spans) == pytest.approx(loudest(level - 9, spans))
    assert rises(level, spans) == pytest.approx(rises(level - 9, spans))


def test_one_blow_makes_a_segment_as_loud_as_a_long_noise():
    level = np.array([QUIET, QUIET, LOUD, QUIET, LOUD, LOUD, LOUD, LOUD])
    first, second = loudest(level, [slice(0, 4), slice(4, 8)])
    assert first == second


def test_silence_does_not_pull_the_loudness_of_the_film_down():
    spans = [slice(0, 4)]
    assert loudest(np.array([LOUD] * 4 + [SILENT] * 400), spans) == pytest.approx(0.0, abs=1e-9)


def test_a_silent_film_is_as_soft_as_can_be_and_never_rises():
    level, spans = np.full(12, SILENT), [slice(0, 4), slice(4, 8), slice(8, 12)]
    assert (loudest(level, spans) == -10.0).all()
    assert (rises(level, spans) == 0).all()


def test_a_blow_after_silence_is_a_rise_and_the_same_blow_among_others_is_none():
    level = np.array([QUIET] * 16 + [LOUD] * 24)
    spans = [slice(first, first + 4) for first in range(0, 40, 4)]
    rise = rises(level, spans)
    assert rise.argmax() == 4
    assert rise[0] == 0
    assert rise[-1] == pytest.approx(0)


def test_a_rise_after_silence_is_no_higher_than_silence_is_deep():
    level = np.array([SILENT] * 16 + [LOUD] * 4)
    rise = rises(level, [slice(16, 20)])
    assert rise == pytest.approx([-QUIETEST_DB])


def test_lively_speech_is_told_from_dull_speech():
    dull, lively = [QUIET, 2.0, -15.0], [LOUD, 8.0, -5.0]
    loudness, spread, effort = np.array([dull] * 8 + [lively] * 4 + [[LOUD, 9, 0]] * 4).T
    kinds = np.zeros((16, 3))
    kinds[:12, soundtrack.SPEECH_KIND] = 0.9
    curves = curves_of(loudness, spread=spread, effort=effort, kinds=kinds)
    spans = [slice(first, first + 4) for first in range(0, 16, 4)]

    energy = speech_energy(curves, kinds[:, soundtrack.SPEECH_KIND], spans)

    assert energy[2] > energy[0] == energy[1]
    assert np.isnan(energy[3])


def test_speech_that_does_not_vary_has_no_energy_above_zero():
    kinds = np.full((8, 3), 0.9)
    energy = speech_energy(curves_of([LOUD] * 8), kinds[:, 0], [slice(0, 4), slice(4, 8)])
    assert (energy == 0).all()


def test_what_is_no_music_gets_the_mean_of_the_music():
    va = shrunk(np.array([0.2, 0.6, 0.9, np.nan]), np.array([1.0, 1.0, 0.0, 0.0]))
    assert va[:3] == pytest.approx([0.2, 0.6, 0.4])
    assert np.isnan(va[3])


def test_a_film_without_music_is_the_same_throughout():
    va = shrunk(np.array([0.2, 0.6]), np.zeros(2))
    assert va == pytest.approx([0.4, 0.4])


def test_a_silent_film_has_no_music_to_judge():
    assert np.isnan(shrunk(np.full(3, np.nan), np.zeros(3))).all()


def test_the_meter_pools_half_seconds_to_segments():
    kinds = np.zeros((9, 3))
    kinds[4:, soundtrack.MUSIC_KIND] = 1
    arrays = meter_of(curves_of([QUIET] * 4 + [LOUD] * 4 + [SILENT], kinds=kinds), 4.5)
    assert {name: array.shape[0] for name, array in arrays.items()} == dict.fromkeys(
        soundtrack.SOUNDTRACK.columns, 3
    )
    assert arrays["sound_kinds"][:, soundtrack.MUSIC_KIND].tolist() == [
        0,
        1,
        0,
    ]  # the last is silent
    assert arrays["silence"].tolist() == [0, 0, 1]
    assert arrays["loudness"].argmax() == 1


def test_pooling_keeps_a_constant():
    assert (
        pooled(np.full((9, 2), 3.0), spans_of(split_into_segments(4.5), 9)).tolist()
        == [[3.0, 3.0]] * 3
    )
