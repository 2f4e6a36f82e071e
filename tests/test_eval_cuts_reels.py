"""`vsumm eval cuts`, on a film and a reel that the tests make."""

import json

import pytest
from foretold import BrightLoudModel
from shots import make_shots

import vsumm
from eval.cuts.borders import all_cuts, all_phrases
from vsumm.cli import main
from vsumm.media import probe

LENGTHS = [2.6, 3.4, 2.92, 4.68, 2.6, 5.8]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_shots(tmp_path_factory.mktemp("film") / "film.mp4", LENGTHS, bright=[3])


def test_all_cuts_are_found_to_the_frame(film):
    expected = [round(sum(LENGTHS[:k]), 2) for k in range(1, len(LENGTHS))]
    assert all_cuts(probe(film)) == pytest.approx(expected)


def test_a_film_without_sound_has_no_phrases(film):
    assert all_phrases(probe(film), 0) == []


def test_the_command_tells_grid_from_cuts(film, tmp_path, capsys):
    paths = []
    for cut_at in ("grid", "shots"):
        summary = vsumm.summarize(
            film, by="image", model=BrightLoudModel(), budget="8s", cut_at=cut_at
        )
        paths.append(tmp_path / f"{cut_at}.json")
        paths[-1].write_text(summary.placed_at(paths[-1]).to_json(), encoding="utf-8")
    arguments = ["eval", "cuts", str(film), *map(str, paths)]
    assert main([*arguments, "--json"]) == 0
    grid, shots = (reel["edges"] for reel in json.loads(capsys.readouterr().out)["reels"])
    assert shots["inside_shots"] < grid["inside_shots"]
    assert shots["short_stubs"] == 0
    assert main(arguments) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].startswith("film.mp4: 22.0 s, 5 cuts")
    assert len(rows) == 4
    sheet = tmp_path / "edges.jpg"
    assert main([*arguments, "--sheet", str(sheet)]) == 0
    assert sheet.stat().st_size > 1000
    assert main([*arguments, "--sheet", str(sheet)]) == 1
    assert main([*arguments, "--sheet", str(sheet), "--force"]) == 0


def test_a_missing_summary_is_one_line(film, capsys):
    assert main(["eval", "cuts", str(film), "missing.json"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
