"""Phrases that are spoken, found in sound that the tests make."""

import numpy as np
import pytest
from films import make_film
from speech import speak, write_sound

from vsumm.borders import find_speech, searched
from vsumm.borders.speech_job import phrases_in
from vsumm.files import RecordCache
from vsumm.media import Segment, probe

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "She sells sea shells by the sea shore, every day of the summer.",
    "I never said that he would come home tonight.",
)
CONTENT = "0" * 64


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """What is known of a file with three sentences, and when each is spoken."""
    samples, spans = speak(SENTENCES, 0.8)
    return probe(write_sound(tmp_path_factory.mktemp("talk") / "talk.wav", samples)), spans


def phrases_of(info, *pieces, **options):
    pieces = pieces or (Segment(0.0, info.duration_seconds),)
    found = find_speech(info, pieces, track=0, content=CONTENT, **options)
    assert found.problem == ""
    return [(phrase.start_seconds, phrase.end_seconds) for phrase in found.phrases]


def test_phrases_are_found_to_a_tenth_of_a_second(spoken):
    info, spans = spoken
    np.testing.assert_allclose(phrases_of(info), spans, atol=0.1)


def test_only_the_pieces_are_listened_to(spoken):
    info, spans = spoken
    pause = (spans[0][1] + spans[1][0]) / 2
    found = phrases_of(info, Segment(pause - 1.0, pause + 1.0))
    expected = [(pause - 1.0, spans[0][1]), (spans[1][0], pause + 1.0)]
    np.testing.assert_allclose(found, expected, atol=0.15)


def test_what_was_heard_before_is_not_decoded_again(spoken, tmp_path, monkeypatch):
    info, _ = spoken
    cache = RecordCache(tmp_path)
    first = phrases_of(info, cache=cache)
    monkeypatch.setattr(searched, "run_search", lambda *_, **__: pytest.fail("decoded again"))
    assert phrases_of(info, cache=cache) == first
    assert phrases_of(info, Segment(1.0, 2.0), cache=cache) == first


def test_a_hum_and_no_sound_have_no_phrases(tmp_path):
    assert phrases_of(probe(make_film(tmp_path / "hum.wav", seconds=4.0, video=False))) == []
    mute = probe(make_film(tmp_path / "mute.mp4", seconds=2.0, size=(64, 36), audio=False))
    assert phrases_of(mute) == []


def test_short_pauses_lie_inside_phrases_and_short_noises_are_none():
    chunks = [0.9] * 10 + [0.1] * 3 + [0.9] * 10 + [0.1] * 10 + [0.9] * 2
    assert phrases_in(np.array(chunks, np.float32)) == [(0.0, 0.736)]
