"""How much of a recording is speech."""

import numpy as np
import pytest

from mmva_core.inputs.audio_file import read_audio_file
from mmva_core.retrieval.speech import speech_share

RATE = 16_000


def test_silence_and_a_tone_are_no_speech():
    times = np.arange(6 * RATE, dtype=np.float32) / RATE
    assert speech_share(np.zeros(6 * RATE, np.float32), RATE) == 0
    assert speech_share(0.3 * np.sin(2 * np.pi * 440 * times), RATE) == 0


@pytest.mark.dataset
@pytest.mark.parametrize("rate", [16_000, 24_000])
def test_a_talk_is_speech_and_songs_are_not(data_folder, rate):
    talk = data_folder / "benchmark" / "tvsum_video" / "XzYM3PfTM4w_2fps.mp4"
    assert speech_share(read_audio_file(talk, rate), rate) > 0.5
    for path in sorted((data_folder / "music" / "emotify" / "audio").glob("*.ogg"))[:5]:
        assert speech_share(read_audio_file(path, rate), rate) < 0.5
