"""Reels of another shape than their film: what their pictures show."""

import hashlib
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from films import make_film
from pictures import block_at, film_of, pictures_of
from reels import encode_here
from timelines import summary_of_runs

from vsumm.cli import main
from vsumm.errors import OutputError
from vsumm.media import Segment, probe
from vsumm.reel import ReelConfig, export_reel, plan_reel, write_reel
from vsumm.reel.shape import PRESETS, Shot

RATE = 25
RUNS = [Segment(0.4, 1.4), Segment(2.0, 3.0)]
FAST = {"preset": "ultrafast", "crf": 12}
CODEC_BLUR = 6
"""Mean difference of 8-bit samples that coding twice leaves."""


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A block that stands still for a second, and then goes from left to right."""
    places = [0.12 + max(0.0, k / RATE - 1) * 0.12 for k in range(6 * RATE)]
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return film_of(path, (block_at((x, 0.5)) for x in places), preset="ultrafast")


def reel_of(film, tmp_path, runs=RUNS, name="reel.mp4", **settings):
    config = ReelConfig(**{**FAST, **settings})
    return write_reel(plan_reel(probe(film), tmp_path / name, config, overwrite=True), runs)


def size_of(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_moving_block_stays_whole_inside_the_reel(film, tmp_path):
    reel = pictures_of(reel_of(film, tmp_path, [Segment(0, 6)], aspect="9:16"))
    assert len(reel) == 6 * RATE
    for picture in reel:
        assert picture.shape == (180, 100, 3)
        bright = np.flatnonzero(picture[90].mean(axis=1) > 160)
        assert 0 < bright[0] < bright[-1] < 99
        assert len(bright) >= 23


def test_a_crop_jumps_with_the_very_frame_of_a_cut(tmp_path):
    pictures = [block_at((0.2 + 0.001 * k, 0.5)) for k in range(53)]
    pictures += [block_at((0.8 - 0.001 * k, 0.5), ground=140) for k in range(47)]
    film = film_of(tmp_path / "film.mp4", pictures, preset="ultrafast")
    for picture in pictures_of(reel_of(film, tmp_path, [Segment(0, 4)], aspect="9:16")):
        assert (picture[90].mean(axis=1) > 190).sum() >= 22


@pytest.mark.parametrize("settings", [{"aspect": "16:9"}, {"aspect": "film"}, {"fit": "blur"}])
def test_a_film_that_has_the_shape_stays_as_it_is(film, tmp_path, settings):
    plain = digest(reel_of(film, tmp_path))
    assert digest(reel_of(film, tmp_path, **settings)) == plain


def test_frames_of_a_crop_are_those_of_the_film(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=4, size=(320, 180), audio=False)
    reel = pictures_of(reel_of(film, tmp_path, aspect="16:10"))
    whole = pictures_of(reel_of(film, tmp_path))
    assert reel[0].shape == (180, 288, 3)
    for cut, picture in zip(reel, whole, strict=True):
        columns = [picture[:, left : left + 288] for left in range(0, 33, 2)]
        assert min(np.abs(cut.astype(int) - part).mean() for part in columns) < CODEC_BLUR


@pytest.mark.parametrize(
    ("options", "aspect", "size"),
    [
        ({"rotation": 90, "size": (192, 96)}, "1:1", (96, 96)),
        ({"rotation": 270, "size": (192, 108)}, "16:9", (108, 60)),
        ({"sample_aspect_ratio": Fraction(3, 2), "size": (160, 120)}, "4:3", (160, 120)),
        ({"size": (190, 106), "codec": "libx265"}, "9:16", (58, 106)),
    ],
)
def test_turned_odd_and_stretched_films_get_the_shape(tmp_path, options, aspect, size):
    film = make_film(tmp_path / "film.mp4", seconds=4, audio=False, **options)
    reel = reel_of(film, tmp_path, aspect=aspect)
    assert size_of(reel) == size
    assert len(pictures_of(reel)) == 50


def test_a_picture_of_one_pixel_and_of_odd_sides(tmp_path):
    for side, size in ((1, (2, 2)), (33, (18, 32))):
        film = film_of(
            tmp_path / "film.mkv", [np.full((side, side, 3), 90, np.uint8)] * 50, codec="ffv1"
        )
        reel = reel_of(film, tmp_path, [Segment(0, 1)], aspect="9:16", name="reel.mkv")
        assert size_of(reel) == size


def test_blurred_bars_leave_the_whole_picture_sharp(film, tmp_path):
    reel = pictures_of(reel_of(film, tmp_path, aspect="1:1", fit="blur"))
    whole = pictures_of(reel_of(film, tmp_path))
    assert reel[0].shape == (240, 240, 3)
    for shown, picture in zip(reel, whole, strict=True):
        inside = shown[52:186].astype(int)
        columns = picture[90].mean(axis=1) > 160
        assert (inside[67].mean(axis=1) > 160).mean() == pytest.approx(columns.mean(), abs=0.02)
        # The bars have the grey of the ground, and no hard edge.
        assert np.abs(shown[:48].astype(int) - 70).max() < 130
        assert np.abs(np.diff(shown[20].astype(int), axis=0)).max() < 20


def test_bars_keep_the_colours_of_the_film(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=4, size=(320, 180), audio=False)
    for reel in (
        reel_of(film, tmp_path, aspect="1:1", fit="blur"),
        reel_of(film, tmp_path, aspect="1:1", fit="blur", name="reel.webm", preset="8", crf=20),
    ):
        shown = pictures_of(reel)[5].astype(int)
        height = shown.shape[0]
        inside = shown[height // 2 - 60 : height // 2 + 60]
        assert np.abs(inside[-20:, 4:20].mean(axis=(0, 1)) - (200, 20, 20)).max() < 20


def test_one_shot_of_a_cropped_reel_may_be_between_bars(film, tmp_path, monkeypatch):
    shots = (Shot(0.0, (0.0,), (0.2,)), Shot(1.0, is_blurred=True))
    monkeypatch.setattr("vsumm.reel.export._shots", lambda plan, runs, seen_cuts: shots)
    reel = pictures_of(reel_of(film, tmp_path, [Segment(0, 2)], aspect="9:16"))
    assert {picture.shape for picture in reel} == {(180, 100, 3)}
    heights = [(picture.mean(axis=2) > 160).any(axis=1).sum() for picture in reel]
    assert set(heights[:25]) == {40}
    assert max(heights[25:]) < 16


def test_high_dynamic_range_is_kept(tmp_path):
    film = make_film(
        tmp_path / "film.mp4",
        seconds=2,
        size=(320, 180),
        audio=False,
        codec="libx265",
        pixel_format="yuv420p10le",
        encoder_options={
            "x265-params": "log-level=none:pools=none:transfer=smpte2084:colorprim=bt2020"
        },
    )
    for fit, size in (("crop", (100, 180)), ("blur", (180, 320))):
        reel = reel_of(film, tmp_path, [Segment(0, 1)], aspect="9:16", fit=fit)
        with av.open(str(reel)) as container:
            context = container.streams.video[0].codec_context
            assert (context.width, context.height) == size
            assert (context.pix_fmt, context.color_trc) == ("yuv420p10le", 16)


def test_copying_is_refused_with_the_reason(film, tmp_path):
    report = encode_here(film, RUNS, tmp_path / "a.mp4", ReelConfig(is_fast=True, aspect="9:16"))
    assert "have to be scaled or cropped" in report.not_copied


@pytest.mark.parametrize("fit", ["crop", "blur"])
def test_crossfades_and_titles_are_composed_in_the_shape(film, tmp_path, fit):
    reel = reel_of(film, tmp_path, aspect="9:16", fit=fit, crossfade_seconds=0.4, title="Title")
    assert size_of(reel) == ((100, 180) if fit == "crop" else (180, 320))
    assert len(pictures_of(reel)) == 40


@pytest.mark.parametrize("fit", ["crop", "blur"])
def test_gifs_have_the_shape(film, tmp_path, fit):
    reel = write_reel(
        plan_reel(probe(film), tmp_path / "a.gif", ReelConfig(aspect="9:16", fit=fit)), RUNS
    )
    width, height = size_of(reel)
    assert width / height == pytest.approx(9 / 16, abs=0.02)


def test_presets_and_limits_of_width(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=0.2, size=(1280, 720), audio=False)
    for settings, size in (
        ({"made_for": "shorts"}, (404, 720)),
        ({"made_for": "square"}, (720, 720)),
        ({"made_for": "web", "max_width": 640}, (640, 360)),
        ({"made_for": "story", "aspect": "4:5"}, (576, 720)),
    ):
        assert (
            plan_reel(probe(film), tmp_path / "a.mp4", ReelConfig(**settings)).geometry.size == size
        )


def test_a_summary_keeps_the_shape_and_another_one_may_be_asked_for(film, tmp_path):
    settings = ReelConfig(made_for="story", fit="blur", **FAST)
    summary = summary_of_runs(probe(film), [(0.0, 2.0), (3.0, 5.0)])
    summary = replace(summary, reel=settings.to_plain())
    (tmp_path / "film.json").write_text(summary.to_json(), encoding="utf-8")
    export_reel(summary, tmp_path / "reel.mp4", settings)

    def render(name, *options):
        path = tmp_path / name
        assert main(["render", str(tmp_path / "film.json"), "-o", str(path), *options]) == 0
        return path

    assert digest(render("again.mp4", "--quiet")) == digest(tmp_path / "reel.mp4")
    assert size_of(render("b.mp4", "--quiet", "--for", "square")) == (240, 240)
    assert size_of(render("c.mp4", "--quiet", "--aspect", "film")) == (320, 180)
    one, two = (render(name, "--quiet", "--fit", "crop") for name in ("d.mp4", "e.mp4"))
    assert size_of(one) == (100, 180)
    assert digest(one) == digest(two)


def test_a_timeline_says_that_it_shows_whole_pictures(film, tmp_path, capsys):
    summary = summary_of_runs(probe(film), [(0.0, 2.0)], sha256=digest(film))
    (tmp_path / "film.json").write_text(summary.to_json(), encoding="utf-8")
    options = ["render", str(tmp_path / "film.json"), "-o", str(tmp_path / "a.otio"), "--quiet"]
    assert main([*options, "--aspect", "16:9"]) == 0
    assert capsys.readouterr().err == ""
    assert main([*options, "--force", "--aspect", "9:16"]) == 0
    assert "it shows whole pictures" in capsys.readouterr().err


def test_sound_alone_has_no_shape(tmp_path):
    sound = make_film(tmp_path / "film.m4a", seconds=2)
    with pytest.raises(OutputError, match="no picture to give another shape"):
        plan_reel(probe(sound), tmp_path / "reel.m4a", ReelConfig(aspect="9:16"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--aspect", "9"], "cannot read the aspect '9': write it like 9:16"),
        (["--aspect", "0:5"], "cannot read the aspect"),
        (["--aspect", "1:99"], "must lie between 1:16 and 16:1"),
        (["--max-width", "2"], "max_width must be at least 16"),
        (["--max-width", "wide"], "invalid int value"),
        (["--fit", "stretch"], "invalid choice"),
        (["--for", "cinema"], "invalid choice"),
    ],
)
def test_bad_values_are_one_line(film, capsys, options, said):
    try:
        code = main([str(film), *options])
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_a_reel_that_is_too_long_for_its_place_is_said(film, tmp_path, caplog, monkeypatch):
    monkeypatch.setitem(PRESETS, "story", replace(PRESETS["story"], max_seconds=1.0))
    reel_of(film, tmp_path, made_for="story")
    assert "lasts 2.0 s, more than the 1 s that story may last" in caplog.text
