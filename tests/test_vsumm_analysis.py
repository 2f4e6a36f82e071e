"""Measuring a film, with what its signals need and with more in the same pass."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from films import make_film
from foretold import BrightLoudModel

from vsumm.analysis import analyse
from vsumm.config import SummaryConfig
from vsumm.errors import InputError
from vsumm.media import probe
from vsumm.score import Measurement, ModelSource
from vsumm.score import measure as measure_film


class CountingMeter:
    """Counts the frames of every segment."""

    def __init__(self, num_segments):
        self.counts = np.zeros(num_segments)

    def add(self, batch):
        np.add.at(self.counts, [look.row for look in batch], 1.0)

    def result(self):
        return {"frames": self.counts}


FRAMES = Measurement(
    "frames",
    needs="picture",
    start=lambda film: CountingMeter(film.num_segments),
    columns={"frames": 0},
)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "film.mp4"
    return make_film(path, seconds=8.0, size=(64, 48), beeps=[5.0])


def test_more_can_be_measured_in_the_same_pass(film, monkeypatch):
    passes = []

    def counted(film, todo, **settings):
        passes.append({measurement.name for measurement in todo})
        return measure_film(film, todo, **settings)

    monkeypatch.setattr("vsumm.analysis.measure", counted)
    config = SummaryConfig(by="both", budget_fraction=1.0)
    source = ModelSource(config, BrightLoudModel())
    analysis = analyse(probe(film), config, source=source, also=lambda film: [FRAMES])
    assert len(passes) == 1
    assert {"frames", "image"} <= passes[0]
    assert analysis.measured.arrays["frames"].tolist() == [2, 2, 2, 2]
    assert analysis.content == sha256(film.read_bytes()).hexdigest()
    assert np.nanargmax(analysis.columns["loudness"]) == 2
    assert analysis.film.config.audio_track == 0


def test_a_budget_without_room_for_a_segment_is_refused(film):
    config = replace(SummaryConfig(), budget_seconds=1.0, segment_seconds=2.0)
    with pytest.raises(InputError, match="no room for a segment"):
        analyse(probe(film), config, source=ModelSource(config, BrightLoudModel()))
