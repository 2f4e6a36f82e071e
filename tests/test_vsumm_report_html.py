"""The page of a report: whole, safe, small, and the same every time."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from films import make_film
from foretold import BrightLoudModel
from summaries import make_info, make_summary

import vsumm.report.html as html
from vsumm.config import SummaryConfig
from vsumm.errors import OutputError
from vsumm.media import probe
from vsumm.pipeline import summarize
from vsumm.report.curves import MOST_POINTS
from vsumm.report.html import render_report, write_report
from vsumm.report.moments import MOST_RUNNERS_UP
from vsumm.summary import Summary

VOID = {"meta", "link", "img", "input", "br"}
HOSTILE = "</script><script>alert(1)</script><!-- \"'& {{ 7 * 7 }} <img src=x onerror=alert(2)>"
SCORES = [0.5, 0.9, 0.8, None, 0.2, 0.7, 0.1, 0.6, 0.5, 0.1]


def summary_in(page):
    """The summary that a page holds, with its segments in rows again."""
    document = json.loads(page.one("script", id="summary")["text"])
    columns = document["segments"]
    signals = columns.pop("signals")
    document["segments"] = [
        {
            **{name: values[k] for name, values in columns.items()},
            "signals": {name: values[k] for name, values in signals.items()},
        }
        for k in range(len(columns["score"]))
    ]
    return Summary.from_json(json.dumps(document))


class Page(HTMLParser):
    """Elements of a page in order, with their attributes and text; tags have to match."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open = [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append({"tag": tag, "text": "", **dict(attributes)})
        if tag not in VOID:
            self.open.append((tag, self.elements[-1]))

    def handle_startendtag(self, tag, attributes):
        self.elements.append({"tag": tag, "text": "", **dict(attributes)})

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for _, element in self.open:
            element["text"] += data

    def all(self, tag, **attributes):
        return [
            element
            for element in self.elements
            if element["tag"] == tag
            and all(element.get(name) == value for name, value in attributes.items())
        ]

    def one(self, tag, **attributes):
        (element,) = self.all(tag, **attributes)
        return element


def page_of(summary, path=Path("film.report.html"), **options):
    return Page(render_report(summary, path, **options))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return make_film(path, seconds=30.0, size=(160, 90), flashes=[4.5, 12.8, 20.5], beeps=[20.8])


@pytest.fixture(scope="module")
def summary(film):
    return summarize(film, SummaryConfig(budget_seconds=6), model=BrightLoudModel())


def test_picks_and_runners_up_are_rows_with_a_picture_and_a_reason(film, summary):
    page = page_of(summary, film.with_name("film.report.html"))
    boxes = page.all("input", type="checkbox")
    assert len([box for box in boxes if "checked" in box]) == len(summary.runs)
    assert len(boxes) > len(summary.runs)
    assert len(page.all("img")) == len(boxes)
    for image in page.all("img"):
        assert image["src"].startswith("data:image/jpeg;base64,")
    assert len(page.all("td", **{"class": "why"})) == len(boxes)
    runners_up = page.all("td", **{"class": "why"})[len(summary.runs) :]
    assert all("Left out: " in cell["text"] for cell in runners_up)


def test_every_signal_and_the_score_have_a_curve_with_a_label(summary):
    labels = [svg["aria-label"] for svg in page_of(summary).all("svg", role="img")]
    known = [
        name
        for name in summary.signal_names
        if any(row.signals[name] is not None for row in summary.segments)
    ]
    assert [label.partition(":")[0].replace(" ", "_") for label in labels] == ["score", *known]
    assert re.match(r"score: 0\.\d\d to \d\.\d\d, highest at \d:\d\d\.\d", labels[0])


def test_what_made_it_is_named(summary):
    text = page_of(summary).one("main")["text"]
    for fact in (summary.input_sha256, summary.model, "budget seconds", "h264", "nothing lost"):
        assert fact in text


def test_moments_link_to_the_film_beside_the_page_without_a_script(film, summary):
    page = page_of(summary, film.parent / "out" / "film.report.html")
    assert page.one("video")["src"] == "../film.mp4"
    first = summary.runs[0]
    links = [link["href"] for link in page.all("a") if "data-start" in link]
    assert f"../film.mp4#t={first.start_seconds},{first.end_seconds}" in links


def test_the_page_holds_the_summary_for_the_edited_one(summary):
    held = summary_in(page_of(summary))
    assert held == summary
    assert held.signal_names == summary.signal_names


@pytest.mark.skipif(shutil.which("node") is None, reason="node runs the script")
def test_the_script_turns_columns_into_rows_again(summary):
    text = page_of(summary).one("script", id="summary")["text"]
    source = (Path(html.__file__).parent / "page" / "report.js").read_text(encoding="utf-8")
    function = re.search(r"^function toRows.*?^}$", source, re.DOTALL | re.MULTILINE)[0]
    program = f"{function}\nprocess.stdout.write(JSON.stringify(toRows({text}.segments)))"
    run = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == json.loads(summary.to_json())["segments"]


def test_the_command_names_the_summary_as_a_shell_reads_it(tmp_path):
    path = tmp_path / "film.report.html"
    page = page_of(
        make_summary(SCORES, [1]), path, summary_path=tmp_path / "it's mine.summary.json"
    )
    values = json.loads(page.one("script", id="page")["text"])
    assert values["quoted_summary"] == "'it'\"'\"'s mine.summary.json'"


def test_nothing_is_asked_of_a_network(summary):
    text = render_report(summary, "film.report.html")
    assert "http:" not in text
    assert "https:" not in text
    page = Page(text)
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"})["content"]
    assert "default-src 'none'" in policy
    for element in page.elements:
        for name in ("src", "href", "poster", "action", "srcset"):
            target = element.get(name, "film.mp4")
            assert target.startswith(("film.mp4", "data:", "#", "/", "../")), target
    assert "@import" not in text
    assert "url(" not in text


def test_the_policy_allows_the_script_that_is_there(summary):
    import base64
    import hashlib

    page = page_of(summary)
    script = page.all("script")[-1]["text"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"})["content"]
    assert f"script-src 'sha256-{digest}'" in policy


def test_markup_in_names_and_notes_is_text(tmp_path):
    name = "<img src=x onerror=alert(1)> \"&' #1?.mp4"
    info = make_info(tmp_path / name, seconds=20.0)
    hostile = make_summary(SCORES, [1], info=info, notes=[HOSTILE], model=HOSTILE)
    plain = make_summary(SCORES, [1], info=make_info(tmp_path / "film.mp4", seconds=20.0))
    page = page_of(hostile, tmp_path / "film.report.html")
    assert page.one("h1")["text"] == name
    assert HOSTILE in page.one("main")["text"]
    assert unquote(page.one("video")["src"]) == name
    assert page.one("video")["src"].isascii()
    tags = [element["tag"] for element in page.elements if element["tag"] not in ("ul", "li")]
    usual = page_of(plain, tmp_path / "film.report.html").elements
    assert tags == [e["tag"] for e in usual if e["tag"] not in ("ul", "li")]
    assert summary_in(page).notes == (HOSTILE,)


def test_a_name_that_is_no_utf8_is_linked_by_its_bytes(tmp_path):
    info = make_info(tmp_path / "f\udcffilm.mp4", seconds=20.0)
    text = render_report(make_summary(SCORES, [1], info=info), tmp_path / "film.report.html")
    assert Page(text).one("video")["src"] == "f%FFilm.mp4"
    text.encode("utf-8")


def test_sound_has_a_player_and_no_pictures():
    info = make_info("song.m4a", seconds=20.0, video=False)
    page = page_of(make_summary(SCORES, [1, 5], info=info))
    assert page.one("audio")["src"] == "song.m4a"
    assert not page.all("img")
    assert len(page.all("a", **{"class": "play"})) == len(page.all("input"))


def test_a_film_that_is_gone_leaves_places_without_pictures(tmp_path):
    info = make_info(tmp_path / "gone.mp4", seconds=20.0)
    page = page_of(make_summary(SCORES, [1, 5], info=info), tmp_path / "gone.report.html")
    assert not page.all("img")
    blank = page.all("a", **{"class": "thumb blank"})
    assert len(blank) == len(page.all("input"))
    assert "gone.mp4 is not there" in page.one("figcaption")["text"]


def test_an_empty_result_says_so_and_offers_no_editing():
    page = page_of(make_summary([], [], info=make_info()))
    assert "Nothing was picked." in page.one("main")["text"]
    assert not page.all("table")
    assert not page.all("aside")
    assert not page.all("svg")


def test_parts_without_a_score_are_marked():
    bands = page_of(make_summary(SCORES, [1])).all("span", **{"class": "band skipped"})
    assert [band["style"] for band in bands] == ["left:30.000%;width:10.000%"]


def test_structure_for_a_screen_reader(summary):
    page = page_of(summary)
    assert page.one("html")["lang"] == "en"
    for landmark in ("header", "main", "footer", "aside", "h1"):
        page.one(landmark)
    assert page.one("aside")["aria-label"]
    assert page.all("a")[0]["href"] == "#picks"
    assert all(box["aria-label"].startswith("Keep ") for box in page.all("input"))
    assert all(cell["scope"] == "col" for cell in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) == 2
    names = [element["id"] for element in page.elements if "id" in element]
    assert len(names) == len(set(names))


def test_ten_minutes_stay_below_two_megabytes(film, summary):
    rows = [
        replace(
            summary.segments[k % 14],
            start_seconds=2.0 * k,
            end_seconds=2.0 * k + 2,
            selected=k % 8 == 0,
        )
        for k in range(300)
    ]
    media = replace(summary.media, duration_seconds=600.0)
    long = replace(summary, segments=tuple(rows), media=media, budget_seconds=90.0)
    assert len(render_report(long, film.with_name("film.report.html")).encode()) < 2_000_000


@pytest.mark.slow
def test_three_hours_stay_below_six_megabytes(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=60.0, size=(320, 180), frame_rate=2)
    numbers = np.random.default_rng(0)
    count = 3 * 1800
    signals = {f"signal_{k}": numbers.random(count).tolist() for k in range(20)}
    picked = [k for k in range(count) if k % 13 < 2]  # 416 runs
    info = replace(probe(film), duration_seconds=2.0 * count)
    scores = numbers.random(count).tolist()
    long = make_summary(scores, picked, info=info, signals=signals)
    page = render_report(long, tmp_path / "film.report.html")
    # Pictures of this film end after a minute: count those of the rest as large as can be.
    pictures = re.findall(r"data:image/jpeg;base64,[^\"]*", page)
    missing = len(long.runs) + MOST_RUNNERS_UP - len(pictures)
    assert len(page.encode()) + missing * 4500 < 6_000_000
    curves = re.findall(r' d="([^"]*)"', page)
    assert max(len(curve) for curve in curves) < 25 * MOST_POINTS


def test_twice_gives_the_same_page(film, summary):
    path = film.with_name("film.report.html")
    assert render_report(summary, path) == render_report(summary, path)


def test_a_page_is_replaced_only_when_that_is_asked_for(summary, tmp_path):
    path = write_report(summary, tmp_path / "film.report.html")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with pytest.raises(OutputError, match="exists already"):
        write_report(summary, path)
    write_report(summary, path, overwrite=True)
