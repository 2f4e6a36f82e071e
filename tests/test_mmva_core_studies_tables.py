"""Tables of figures in every format."""

import csv

import pandas as pd

from mmva_core.studies.music_folds import MusicFigure, music_text
from mmva_core.studies.tables import align, render

FIGURES = [
    MusicFigure("level alone", "4qaed", "AUC", "arousal", 0.7, 0.65, 0.75),
    MusicFigure("music tower", "4qaed", "AUC", "arousal", 0.9, 0.85, 0.95),
    MusicFigure("music tower", "vgmidi, window round the bar", "rho", "arousal", 0.2, 0.1, 0.3),
]


def test_text_has_a_line_for_each_figure():
    lines = music_text(FIGURES).splitlines()

    assert [line.split()[0] for line in lines] == ["4qaed", "4qaed", "vgmidi,"]
    assert lines[1].endswith("0.900  [0.850, 0.950]")


def test_csv_reads_back_with_every_figure():
    rows = list(csv.DictReader(render(FIGURES, "csv", music_text, decimals=4).splitlines()))

    assert [row["predictor"] for row in rows] == ["level alone", "music tower", "music tower"]
    assert rows[2]["judged_on"] == "vgmidi, window round the bar"
    assert rows[0]["low"] == "0.6500"


def test_words_are_flush_left_and_numbers_flush_right():
    frame = pd.DataFrame({"name": ["a", "longer"], "n": ["1", "200"]})

    assert align(frame, num_words=1).splitlines() == ["name      n", "a         1", "longer  200"]
