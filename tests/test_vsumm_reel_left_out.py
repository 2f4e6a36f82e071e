from dataclasses import replace

import av
import pytest
from av.sidedata.sidedata import Type
from films import make_film, run_ffmpeg
from subtitles import film_with_picture_subtitles, with_captions_in_pictures

from vsumm.media import Segment, SubtitleStream, probe
from vsumm.reel import ReelConfig, plan_reel, write_reel
from vsumm.reel.left_out import left_out

RUNS = [Segment(0.0, 1.0), Segment(2.0, 3.0)]
TITLE, TIME = "Ein Film — 映画", "2020-01-02T03:04:05.000000Z"
COLOURS = {"color_primaries": 1, "color_trc": 1, "colorspace": 1, "color_range": 1}
"""BT.709 and limited range, as numbered in ITU-T H.273 and by FFmpeg."""


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film")
    plain = make_film(
        folder / "plain.mkv",
        seconds=4.0,
        size=(64, 36),
        frame_rate=10,
        sample_rate=48_000,
        num_audio_tracks=3,
        languages=["deu", "eng", "fra"],
    )
    (folder / "font.ttf").write_bytes(b"a font")
    film = folder / "film.mkv"
    run_ffmpeg(
        "-i", plain, "-map", "0", "-attach", folder / "font.ttf",
        "-metadata:s:t", "mimetype=font/ttf", "-metadata", f"title={TITLE}",
        "-metadata", f"creation_time={TIME}", "-c:a", "copy", "-c:v", "libx264",
        "-bsf:v", "h264_metadata=colour_primaries=1:transfer_characteristics=1:"
        "matrix_coefficients=1:video_full_range_flag=0", film,
    )  # fmt: skip
    return film


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm"])
def test_a_reel_says_of_itself_what_its_film_does(film, tmp_path, suffix):
    reel = write_reel(plan_reel(probe(film), tmp_path / f"reel.{suffix}"), RUNS)
    info = probe(reel)
    assert (info.title, info.creation_time) == (TITLE, TIME)
    assert [t.language for t in info.audio] == ["ger" if suffix == "mov" else "deu"]
    with av.open(str(reel)) as container:
        context = container.streams.video[0].codec_context
        assert {name: getattr(context, name) for name in COLOURS} == COLOURS


def test_what_is_left_out_is_one_line(film, tmp_path, caplog):
    write_reel(plan_reel(probe(film), tmp_path / "reel.mp4"), RUNS)
    (line,) = [record.message for record in caplog.records]
    assert line == f"{film}: not in the reel: 2 further sound tracks (eng, fra), 1 font"


def test_a_plain_film_loses_nothing(tmp_path, caplog):
    film = make_film(tmp_path / "film.mp4", seconds=4.0, size=(64, 36), frame_rate=10)
    write_reel(plan_reel(probe(film), tmp_path / "reel.mp4"), RUNS)
    assert caplog.records == []


def test_a_cover_is_named(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=4.0, cover=True)
    assert left_out(plan_reel(probe(film), tmp_path / "reel.mp4")) == "1 cover picture"


def test_subtitles_that_are_pictures_are_named_unless_none_are_wanted(film, tmp_path):
    tracks = tuple(SubtitleStream(k, "dvd_subtitle", False, language="deu") for k in (4, 5))
    info = replace(probe(film), subtitles=tracks, audio=(), other_streams=())
    plan = plan_reel(info, tmp_path / "reel.mp4")
    assert left_out(plan) == "2 tracks of subtitles that are pictures (dvd_subtitle) (deu)"
    without = plan_reel(info, tmp_path / "reel.mp4", ReelConfig(without_subtitles=True))
    assert left_out(without) == ""


def test_pictures_of_subtitles_in_a_film_are_named(tmp_path, caplog):
    film = film_with_picture_subtitles(tmp_path / "film.mkv")
    write_reel(plan_reel(probe(film), tmp_path / "reel.mkv"), RUNS)
    lost = "1 track of subtitles that are pictures (hdmv_pgs_subtitle)"
    assert [record.message for record in caplog.records] == [f"{film}: not in the reel: {lost}"]


@pytest.mark.parametrize(("reel", "are_kept"), [("reel.mp4", True), ("reel.webm", False)])
def test_captions_in_the_pictures_are_kept_or_named(tmp_path, caplog, reel, are_kept):
    plain = make_film(tmp_path / "plain.mp4", seconds=4.0, size=(64, 36), frame_rate=10)
    film = with_captions_in_pictures(plain, tmp_path / "film.mp4")
    write_reel(plan_reel(probe(film), tmp_path / reel), RUNS)
    told = [record.message for record in caplog.records]
    assert told == ([] if are_kept else [f"{film}: not in the reel: closed captions"])
    with av.open(str(tmp_path / reel)) as container:
        captions = [frame.side_data.get(Type.A53_CC) for frame in container.decode(video=0)]
    assert all((one is not None) == are_kept for one in captions)


@pytest.mark.parametrize(
    ("reel", "config", "lost"),
    [
        ("reel.mp4", {}, None),
        ("reel.mp4", {"crossfade_seconds": 0.2}, "high dynamic range"),
        ("reel.avi", {}, "high dynamic range"),
        ("reel.webm", {}, None),
        ("reel.mkv", {"encoder": "libx264"}, "HDR10 metadata"),
    ],
)
def test_what_becomes_of_high_dynamic_range_is_said(tmp_path, caplog, reel, config, lost):
    parameters = (
        "log-level=none:pools=none:hdr10=1:colorprim=bt2020:transfer=smpte2084:"
        "colormatrix=bt2020nc:max-cll=1000,400:master-display="
        "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    )
    film = make_film(
        tmp_path / "film.mp4",
        seconds=3.0,
        size=(128, 72),
        frame_rate=5,
        codec="libx265",
        pixel_format="yuv420p10le",
        encoder_options={"x265-params": parameters},
    )
    write_reel(plan_reel(probe(film), tmp_path / reel, ReelConfig(**config)), RUNS)
    told = [record.message for record in caplog.records]
    assert told == ([] if lost is None else [f"{film}: not in the reel: {lost}"])
