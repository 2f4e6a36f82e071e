"""Phrases as Silero's own package finds them."""

import numpy as np
from speech import speak, write_sound

from eval.cuts.borders import all_phrases
from vsumm.media import probe


def test_phrases_are_where_they_are_spoken(tmp_path):
    samples, spans = speak(["The quick brown fox jumps over the lazy dog."], 0.8)
    found = all_phrases(probe(write_sound(tmp_path / "talk.wav", samples)), 0)
    ends = [(phrase.start_seconds, phrase.end_seconds) for phrase in found]
    np.testing.assert_allclose(ends, spans, atol=0.15)
