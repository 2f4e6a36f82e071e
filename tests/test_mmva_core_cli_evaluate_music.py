import csv

from mmva_core.cli.evaluate_music import as_csv, as_text
from mmva_core.studies.music_folds import MusicFigure

FIGURES = [
    MusicFigure("music tower", "vgmidi, window round the bar", "rho", "arousal", 0.2, 0.1, 0.3),
    MusicFigure("level alone", "4qaed", "AUC", "arousal", 0.7, 0.65, 0.75),
    MusicFigure("music tower", "4qaed", "AUC", "arousal", 0.9, 0.85, 0.95),
]


def test_text_puts_predictors_of_one_set_together():
    lines = as_text(FIGURES).splitlines()

    assert [line.split()[0] for line in lines] == ["4qaed", "4qaed", "vgmidi,"]
    assert lines[1].endswith("0.900  [0.850, 0.950]")


def test_csv_reads_back_with_every_figure():
    rows = list(csv.DictReader(as_csv(FIGURES).splitlines()))

    assert [row["predictor"] for row in rows] == ["level alone", "music tower", "music tower"]
    assert rows[2]["judged_on"] == "vgmidi, window round the bar"
    assert float(rows[0]["low"]) == 0.65
