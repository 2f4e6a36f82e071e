"""Ducking: music goes down where somebody speaks, by what is stated, and nowhere else."""

import re
from types import SimpleNamespace

import av
import numpy as np
import pytest
from reels import encode_here
from speech import SAMPLE_RATE, speak, write_sound

from vsumm.media.segments import Segment
from vsumm.reel import duck
from vsumm.reel.config import ReelConfig
from vsumm.reel.duck import Phrase, film_gains, music_gains
from vsumm.reel.loudness import LoudnessMeter
from vsumm.reel.place_sound import to_audio_frame

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "She sells sea shells by the sea shore, every day of the summer.",
)
PAUSE_SECONDS = 5.0
MUSIC_HZ, NOISE_HZ = 440, 4000
TONE_PEAK = 0.4


def tone(hertz, seconds, peak):
    return peak * np.sin(2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE)


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """A film of two sentences over noise that is louder than they are quiet; when they are said."""
    samples, spans = speak(SENTENCES, PAUSE_SECONDS)
    hiss = tone(NOISE_HZ, len(samples) / SAMPLE_RATE, 0.05)
    folder = tmp_path_factory.mktemp("talk")
    return write_sound(folder / "talk.wav", 0.3 * samples + hiss[: len(samples)]), spans


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    return write_sound(tmp_path_factory.mktemp("music") / "m.wav", tone(MUSIC_HZ, 9, TONE_PEAK))


def reel_of(film, folder, seconds, suffix=".wav", **composition):
    """Return the sound of the reel, mono."""
    reel = folder / f"reel{suffix}"
    encode_here(film, [Segment(0, seconds)], reel, ReelConfig(**composition))
    with av.open(str(reel)) as container:
        resampler = av.AudioResampler("fltp", "mono", SAMPLE_RATE)
        blocks = [
            block.to_ndarray()
            for frame in container.decode(audio=0)
            for block in resampler.resample(frame)
        ]
    return np.concatenate(blocks, axis=1)[0]


def amplitude(samples, hertz, start, end):
    piece = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
    turns = np.exp(-2j * np.pi * hertz * np.arange(len(piece)) / SAMPLE_RATE)
    return 2 * abs(np.mean(piece * turns))


def length_of(spans):
    return spans[-1][1] + PAUSE_SECONDS


@pytest.mark.parametrize("mode", ["duck", "auto"])
def test_music_is_down_where_somebody_speaks_and_up_elsewhere(talk, music, tmp_path, mode):
    film, spans = talk
    seconds = length_of(spans)
    samples = reel_of(film, tmp_path, seconds, soundtrack=music, soundtrack_mode=mode)
    assert len(samples) == int(seconds * SAMPLE_RATE)
    rests = [(1.0, spans[0][0] - 1), (spans[0][1] + 2, spans[1][0] - 1)]
    up = [amplitude(samples, MUSIC_HZ, *rest) for rest in rests]
    down = [amplitude(samples, MUSIC_HZ, *span) for span in spans]
    assert up[0] == pytest.approx(up[1], rel=0.05)
    assert max(down) < up[0] / 8
    noise = [amplitude(samples, NOISE_HZ, *rest) for rest in rests]
    if mode == "duck":
        assert noise == pytest.approx([0.05, 0.05], rel=0.1)
    else:
        assert max(noise) < 0.001
    for span in spans:
        assert amplitude(samples, NOISE_HZ, *span) == pytest.approx(0.05, rel=0.1)


def test_music_is_as_far_below_the_voice_as_stated(talk, music, tmp_path):
    film, spans = talk
    options = {"soundtrack_mode": "duck", "soundtrack": music}
    samples = reel_of(film, tmp_path, length_of(spans), **options)
    alone = reel_of(film, tmp_path, length_of(spans))
    for start, end in spans:
        voice = alone[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        rest = (samples - alone)[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        below = loudness_of(voice) - loudness_of(rest)
        assert below == pytest.approx(duck.BELOW_VOICE_DB, abs=2)


def loudness_of(samples):
    """Return integrated loudness, LUFS."""
    meter = LoudnessMeter(with_peaks=False)
    form = {"sample_rate": SAMPLE_RATE, "layout": "mono"}
    meter.add(to_audio_frame(samples.astype(np.float32)[None], **form))
    meter.end()
    return meter.loudness


def test_loud_noise_is_no_reason_to_duck(music, tmp_path):
    noise = 0.3 * np.random.default_rng(0).standard_normal(8 * SAMPLE_RATE)
    film = write_sound(tmp_path / "noise.wav", np.clip(noise, -1, 1))
    options = {"soundtrack": music, "soundtrack_mode": "duck"}
    samples = reel_of(film, tmp_path, 8, **options)
    for start in (1, 3):
        assert amplitude(samples, MUSIC_HZ, start, start + 2) > 0.5 * TONE_PEAK
    alone = reel_of(film, tmp_path, 8, **options | {"soundtrack_mode": "auto"})
    replaced = reel_of(film, tmp_path, 8, **options | {"soundtrack_mode": "replace"})
    np.testing.assert_allclose(alone, replaced, atol=1e-3)


def test_ducked_reels_keep_length_loudness_and_peak_and_are_repeatable(talk, tmp_path):
    film, spans = talk
    loud = write_sound(tmp_path / "loud.wav", tone(MUSIC_HZ, 30, 0.99))
    options = {"soundtrack": loud, "soundtrack_mode": "auto", "loudness": -16}
    one = reel_of(film, tmp_path, length_of(spans), **options)
    again = reel_of(film, tmp_path, length_of(spans), **options)
    np.testing.assert_array_equal(one, again)
    assert len(one) == int(length_of(spans) * SAMPLE_RATE)
    assert loudness_of(one) == pytest.approx(-16, abs=0.5)
    assert np.abs(one).max() <= 10 ** (-1 / 20)


def meter_of(loudness, seconds):
    return SimpleNamespace(loudness=loudness, momentary=[loudness] * int(10 * seconds))


def test_gains_follow_attack_hold_and_release():
    passage = [Phrase(10.0, 12.0, -23.0)]
    corners = [
        10 - duck.ATTACK_SECONDS,
        10,
        12 + duck.HOLD_SECONDS,
        12 + duck.HOLD_SECONDS + duck.RELEASE_SECONDS,
    ]
    gains = music_gains(np.array(corners), [passage], meter_of(-13.0, 20))
    # Ten LU louder than the voice: level with it in the rests, 20 LU below it in the passage.
    assert gains == pytest.approx([-10, -30, -30, -10])
    middles = np.array([10 - duck.ATTACK_SECONDS / 2, corners[2] + duck.RELEASE_SECONDS / 2])
    assert music_gains(middles, [passage], meter_of(-13.0, 20)) == pytest.approx([-20, -20])
    assert film_gains(np.array([5, 10, 11, 12, 15]), [passage]) == pytest.approx([0, 1, 1, 1, 0])


def test_music_that_is_soft_enough_stays_as_it_is():
    assert music_gains(np.array([11.0]), [[Phrase(10, 12, -20)]], meter_of(-45, 20)) == [0.0]
    assert music_gains(np.array([11.0]), [], meter_of(-5, 20)) == [0.0]


def test_every_phrase_of_a_passage_has_its_own_depth():
    passage = [Phrase(10.0, 11.0, -20.0), Phrase(12.0, 13.0, -30.0)]
    times = np.array([10.5, 11.0, 11.5, 12.0, 12.5])
    gains = music_gains(times, [passage], meter_of(-40.0, 20))
    assert gains == pytest.approx([0, 0, -5, -10, -10])


def test_a_passage_holds_phrases_with_short_pauses_and_how_loud_they_are():
    samples, spans = speak(SENTENCES, 1.0)
    border = round((spans[0][1] + 0.5) * SAMPLE_RATE)
    samples = np.concatenate([0.6 * samples[:border], 0.1 * samples[border:]])
    listener = duck._Voices(SAMPLE_RATE, "mono")
    listener.add(samples.astype(np.float32)[None])
    (passage,) = listener.passages()
    found = [(passage[0].start_seconds, passage[-1].end_seconds)]
    np.testing.assert_allclose(found, [(spans[0][0], spans[1][1])], atol=0.15)
    loud = loudness_of(samples[:border])
    quiet = loudness_of(samples[border:])
    assert passage[0].loudness == pytest.approx(loud, abs=2)
    assert passage[-1].loudness == pytest.approx(quiet, abs=2)


def test_the_mode_has_three_names():
    with pytest.raises(ValueError, match=re.escape("must be replace, duck or auto, got 'both'")):
        ReelConfig(soundtrack_mode="both")
