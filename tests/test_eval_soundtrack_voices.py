"""Speech that music masks: counted on a talk whose words are known, and gone with ducking."""

import numpy as np
import pytest
from films import make_film
from speech import SAMPLE_RATE, speak, write_sound
from summaries import make_summary

from eval.soundtrack.voices import MASKED_DB, format_voices, judge_voices
from vsumm.media import probe

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "She sells sea shells by the sea shore, every day of the summer.",
)


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    times = np.arange(12 * SAMPLE_RATE) / SAMPLE_RATE
    swelling = 0.5 * np.sin(2 * np.pi * 440 * times) * (0.6 + 0.4 * np.sin(2 * np.pi * times / 3))
    return write_sound(tmp_path_factory.mktemp("music") / "music.wav", swelling)


def reel_of(path):
    info = probe(path)
    num = int(info.duration_seconds // 2)
    return make_summary([0.5] * num, range(num), info=info)


def test_ducking_leaves_no_word_masked(music, tmp_path):
    samples, spans = speak(SENTENCES, 3.0)
    rng = np.random.default_rng(0)
    noisy = 0.3 * samples + 0.002 * rng.standard_normal(len(samples))
    summary = reel_of(write_sound(tmp_path / "talk.wav", noisy))
    found = judge_voices(summary, music, phrases=spans)
    spoken = sum(end - start for start, end in spans)
    assert found.spoken_seconds == pytest.approx(spoken, abs=0.3)
    assert found.masked_seconds["no ducking"] == pytest.approx(found.spoken_seconds)
    assert found.masked_seconds["by level"] > 0.9 * spoken
    assert found.masked_seconds["by voice"] < 0.05 * spoken
    assert MASKED_DB < found.below_db < 30
    text = format_voices([("talk, music", found)])
    assert text.splitlines()[-1].split()[1:3] == [f"{found.spoken_seconds:.1f}", "100.0%"]


def test_a_hum_says_nothing(music, tmp_path):
    film = make_film(tmp_path / "hum.wav", seconds=6.0, video=False)
    found = judge_voices(reel_of(film), music)
    assert found.spoken_seconds == 0
    assert set(found.masked_seconds.values()) == {0.0}
