"""Contact sheet, poster and preview of a film whose pictures are known."""

import io
from dataclasses import replace

import numpy as np
import pytest
from films import make_film
from PIL import Image
from scipy import ndimage
from summaries import make_info, make_summary

from vsumm.errors import NoSignalError, OutputError
from vsumm.media import probe
from vsumm.report import preview
from vsumm.report.contact_sheet import write_contact_sheet
from vsumm.report.frames import images_at, jpeg_bytes, picture_quality
from vsumm.report.poster import best_of, write_poster
from vsumm.report.preview import shown_pieces, write_preview


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    make_film(path, seconds=30.0, size=(320, 180), flashes=[4.5, 12.8, 20.5])
    scores = [0.1, 0.2, 0.9, 0.1, 0.3, 0.2, 0.8, 0.1, 0.2, 0.3, 0.7, 0.6, 0.1, 0.2, 0.1]
    return make_summary(scores, [2, 6, 10, 11], info=probe(path))


def textured(mean, contrast, seed=0):
    noise = np.random.default_rng(seed).normal(mean, contrast, (90, 160, 1))
    return Image.fromarray(np.clip(np.repeat(noise, 3, 2), 0, 255).astype(np.uint8))


def test_a_sharp_bright_picture_is_better_than_a_blurred_dark_or_blank_one():
    sharp = picture_quality(textured(128, 30))
    assert sharp > picture_quality(textured(128, 2))
    assert sharp > picture_quality(textured(20, 5))
    assert picture_quality(Image.new("RGB", (160, 90), "white")) == 0
    assert picture_quality(Image.new("RGB", (2, 2), "gray")) == 0


def test_of_equal_pictures_the_one_with_the_higher_score_is_best():
    image = textured(128, 30)
    assert best_of({1.0: image, 2.0: image}, {1.0: 0.2, 2.0: 0.9}) == 2.0
    assert best_of({1.0: image, 2.0: image}, {1.0: 0.5, 2.0: 0.5}) == 1.0


def test_images_come_by_their_times_whatever_the_order(summary):
    images = images_at(summary.media, [5.0, 1.0, 5.0], short_side=90)
    assert list(images) == [1.0, 5.0]
    assert images[1.0].size == (160, 90)


def test_the_same_picture_gives_the_same_bytes():
    assert jpeg_bytes(textured(128, 9), quality=80) == jpeg_bytes(textured(128, 9), quality=80)


def test_a_poster_has_the_size_of_the_film(summary, tmp_path):
    with Image.open(write_poster(summary, tmp_path / "poster.jpg")) as poster:
        assert (poster.format, poster.size) == ("JPEG", (320, 180))


def test_a_contact_sheet_has_a_tile_for_every_pick(summary, tmp_path):
    with Image.open(write_contact_sheet(summary, tmp_path / "sheet.jpg")) as sheet:
        pixels = np.asarray(sheet.convert("RGB"), dtype=np.int16)
    # The lower half of every picture is red at its left edge; nothing else on a sheet is.
    is_red = (pixels[..., 0] > 150) & (pixels[..., 1] < 110)
    blocks, num_blocks = ndimage.label(is_red)
    sizes = ndimage.sum_labels(is_red, blocks, range(1, num_blocks + 1))
    assert (sizes > 1000).sum() == len(summary.runs) == 3


@pytest.mark.parametrize("suffix", ["gif", "WEBP"])
def test_a_preview_moves_as_long_as_it_says(summary, tmp_path, suffix):
    path = write_preview(summary, tmp_path / f"reel.{suffix}")
    expected = sum(piece.duration_seconds for piece in shown_pieces(summary))
    assert path.stat().st_size < preview.MAX_BYTES
    with Image.open(path) as movie:
        assert movie.format == suffix.upper()
        seconds = 0.0
        for number in range(movie.n_frames):
            movie.seek(number)
            movie.load()
            seconds += movie.info["duration"] / 1000
        assert movie.info["loop"] == 0
    assert seconds == pytest.approx(expected, abs=0.11)


@pytest.mark.parametrize("fit", ["crop", "blur"])
def test_a_preview_has_the_shape_of_the_reel(summary, tmp_path, fit):
    shaped = replace(summary, reel={"aspect": "9:16", "fit": fit})
    with Image.open(write_preview(shaped, tmp_path / "reel.gif")) as picture:
        assert picture.width / picture.height == pytest.approx(9 / 16, abs=0.02)
    with Image.open(write_preview(summary, tmp_path / "whole.gif")) as picture:
        assert picture.width / picture.height == pytest.approx(16 / 9, abs=0.02)


def test_a_preview_shows_the_best_picks_in_the_order_of_the_film():
    scores = [0.1, 0.9, 0.1, 0.5, 0.1, 0.8, 0.1, 0.7, 0.1, 0.6, 0.1, 0.95]
    pieces = shown_pieces(make_summary(scores, [1, 3, 5, 7, 9, 11]))
    assert [piece.start_seconds for piece in pieces] == [2, 10, 14, 18, 22]
    (whole,) = shown_pieces(make_summary([0.5] * 8, range(8)))
    assert whole.duration_seconds == preview.PREVIEW_SECONDS


def test_a_preview_becomes_smaller_until_it_fits(monkeypatch):
    frames = [textured(128, 60, seed) for seed in range(5)]
    large = preview._within_limit(frames, ".gif")
    monkeypatch.setattr(preview, "WIDTHS", (160, 120, 60))
    monkeypatch.setattr(preview, "MAX_BYTES", len(large) // 2)
    small = preview._within_limit(frames, ".gif")
    assert len(small) <= len(large) // 2
    with Image.open(io.BytesIO(small)) as movie:
        assert movie.width in (120, 60)


def test_other_formats_are_refused(summary, tmp_path):
    with pytest.raises(OutputError, match=r"\.gif or \.webp"):
        write_preview(summary, tmp_path / "reel.mp4")


@pytest.mark.parametrize("write", [write_contact_sheet, write_poster, write_preview])
def test_sound_alone_makes_no_picture(write, tmp_path):
    info = make_info("song.m4a", seconds=4.0, video=False)
    with pytest.raises(NoSignalError, match="no picture"):
        write(make_summary([0.5, 0.6], [0], info=info), tmp_path / "picture.gif")
    assert not list(tmp_path.iterdir())
