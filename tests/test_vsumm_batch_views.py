"""What shows a summary is written beside it, or refused before the work starts."""

from pathlib import Path

import pytest
from films import make_film
from foretold import BrightLoudModel
from summaries import make_info

from vsumm.batch.views import Views, check_views
from vsumm.cli.program import main
from vsumm.errors import NoSignalError, OutputError


@pytest.fixture
def film(tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.setattr("vsumm.score.model_source.load_model", lambda config: BrightLoudModel())
    monkeypatch.setattr("vsumm.score.model_source.model_fingerprint", lambda name: "bright")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    return make_film(tmp_path / "film.mp4", seconds=16.0, size=(160, 90), flashes=[4.5, 12.5])


def test_all_of_them_at_once(film, tmp_path, capsys):
    options = ["--report"]
    for name in ("contact-sheet", "poster"):
        options += [f"--{name}", str(tmp_path / f"{name}.jpg")]
    options += ["--preview", str(tmp_path / "reel.webp")]
    assert main(["summarize", str(film), "--no-reel", *options]) == 0
    names = {"film.report.html", "contact-sheet.jpg", "poster.jpg", "reel.webp"}
    assert {path.name for path in tmp_path.iterdir()} == {
        *names,
        "film.mp4",
        "film.summary.json",
    }
    output = capsys.readouterr().out
    assert all(name in output for name in names)
    assert 'src="film.mp4"' in (tmp_path / "film.report.html").read_text(encoding="utf-8")


def test_the_page_lies_beside_a_reel_of_another_name(film, tmp_path):
    assert (
        main(["summarize", str(film), "--no-reel", "--report", "-o", str(tmp_path / "r.mp4")]) == 0
    )
    assert (tmp_path / "r.report.html").exists()
    assert "vsumm render" not in (tmp_path / "r.json").read_text(encoding="utf-8")
    assert '"quoted_summary":"r.json"' in (tmp_path / "r.report.html").read_text(encoding="utf-8")


def test_the_table_says_why(film, capsys):
    assert main(["summarize", str(film), "--no-reel"]) == 0
    header, row = capsys.readouterr().out.splitlines()[1:3]
    assert header.split() == ["from", "to", "seconds", "score", "why"]
    assert len(row) > header.index("why")


def test_what_cannot_be_written_is_said_before_the_work_starts(film, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("vsumm.batch.job.summarize_media", None)  # calling it would be a TypeError
    (tmp_path / "film.report.html").write_text("mine", encoding="utf-8")
    assert main(["summarize", str(film), "--no-reel", "--report"]) == 1
    assert main(["summarize", str(film), "--no-reel", "--preview", str(tmp_path / "r.mp4")]) == 1
    assert main(["summarize", str(film), "--no-reel", "--poster", str(film), "--force"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert "exists already" in lines[0]
    assert ".gif or .webp" in lines[1]
    assert "the input itself" in lines[2]
    assert (tmp_path / "film.report.html").read_text(encoding="utf-8") == "mine"


def test_one_picture_is_not_for_several_films(film, capsys):
    assert main(["summarize", str(film), str(film), "--poster", "p.jpg"]) == 2
    assert "--poster names one file" in capsys.readouterr().err


def test_a_picture_of_a_sound_is_refused(tmp_path):
    info = make_info("song.m4a", video=False)
    with pytest.raises(NoSignalError, match="no picture to make a contact sheet from"):
        check_views(Views(contact_sheet=tmp_path / "s.jpg"), info, overwrite=False)
    check_views(Views(report=tmp_path / "r.html"), info, overwrite=False)


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(OutputError, match="does not exist"):
        check_views(Views(poster=Path(tmp_path / "no" / "p.jpg")), make_info(), overwrite=False)
