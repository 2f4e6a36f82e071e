"""How many cuts are on beats, with a track of clicks whose beats are known."""

import numpy as np
import pytest
from films import make_film
from music import make_index
from speech import SAMPLE_RATE, write_sound
from summaries import make_summary
from test_vsumm_soundtrack_beats import times_of

from eval.soundtrack.cuts import CORRELATION, LOSS, SHARE, judge_cuts
from vsumm.media import probe

PICKED = [1, 2, 5, 8, 9, 12]


@pytest.fixture
def reel(tmp_path):
    film = probe(make_film(tmp_path / "film.mp4", seconds=30, size=(64, 36), audio=False))
    flat = [0.5] * 15
    rising = list(np.linspace(0.2, 0.8, 15))
    signals = {"image_valence": flat, "image_arousal": rising, "motion": flat}
    return make_summary(flat, PICKED, info=film, signals=signals)


def test_cuts_get_onto_beats_step_by_step(reel, tmp_path):
    rng = np.random.default_rng(0)
    samples = 0.002 * rng.standard_normal(36 * SAMPLE_RATE)
    for time in times_of(63, 36):
        part = samples[round(time * SAMPLE_RATE) : round((time + 0.04) * SAMPLE_RATE)]
        part += 0.4 * rng.standard_normal(len(part)) * np.exp(-np.arange(len(part)) / 200)
    folder = tmp_path / "music"
    folder.mkdir()
    write_sound(folder / "clicks.wav", np.clip(samples, -1, 1))
    index = make_index(tmp_path / "index", folder, {"clicks.wav": [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]})
    figures = {
        (figure.question, figure.chosen_by): figure.value
        for figure in judge_cuts([reel], index, num_tracks=1, seed=0)
    }
    shares = [
        figures[SHARE, name]
        for name in ("a random start", "start moved to the beat", "cuts moved as well")
    ]
    assert shares == sorted(shares)
    assert 0.05 < shares[0] < 0.35
    assert shares[-1] == 1
    assert figures[LOSS, "cuts moved as well"] <= 0.02
    assert figures[CORRELATION, "start by the curve"] > 0.9
