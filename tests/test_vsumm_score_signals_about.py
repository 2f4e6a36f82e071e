"""What a film is about, and how close its segments come to it."""

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from films import make_film

from mmva_core.errors import MissingExtraError
from vsumm.config import SummaryConfig
from vsumm.errors import ModelError
from vsumm.media import MediaInfo, probe, split_into_segments
from vsumm.score import Film, ModelSource
from vsumm.score.signals import about as about_module
from vsumm.score.signals import closeness_to, find_topic, trust_in
from vsumm.score.signals.about import ABOUT
from vsumm.score.signals.image import TEXT_DIM


def named(name, *, title=None):
    return MediaInfo(Path(name), "mov", 0.0, 9.0, None, title=title)


def film_about(topic, *, name="x.mp4"):
    config = SummaryConfig(about=topic)
    return Film(named(name), split_into_segments(8.0), config, ModelSource(config))


def test_a_topic_that_no_part_shows_is_not_believed():
    embeds = np.eye(20)
    embeds[4] = np.nan
    unrelated = closeness_to(np.full(20, 0.05, np.float32), embeds)
    assert trust_in(unrelated) == 0
    shown = closeness_to((0.5 * np.eye(20)[:5].sum(0)).astype(np.float32), embeds)
    assert trust_in(shown) == 1
    assert np.nanargmax(shown) in range(5)
    assert np.isnan(shown[4])


def test_without_any_picture_no_topic_is_believed():
    assert trust_in(closeness_to(np.ones(3, np.float32), np.full((4, 3), np.nan))) == 0


@pytest.mark.parametrize(
    ("stated", "title", "name", "expected"),
    [
        ("dog ears", "A cat", "a_cat_on_a_tree.mp4", ("dog ears", "stated")),
        (None, "A cat on a tree", "x.mp4", ("A cat on a tree", "title")),
        ("  ", None, "HowToWheelie-a_bike 2.mp4", ("How To Wheelie a bike 2", "name")),
        (None, "Unknown 01", "VID_20190304_1201.mp4", None),
        (None, None, "final_version_export.mp4", None),
        (None, None, "GX010042.MP4", None),
        (None, None, "Jumps.webm", None),  # one word may be a code
    ],
)
def test_a_topic_is_what_is_stated_or_the_title_or_the_words_of_the_name(
    stated, title, name, expected
):
    topic = find_topic(named(name, title=title), stated)
    assert (topic and (topic.text, topic.source)) == expected


def test_the_title_tag_of_a_container_is_read(tmp_path):
    plain = make_film(tmp_path / "plain.mkv", seconds=1.0)
    assert probe(plain).title is None
    titled = tmp_path / "titled.mkv"
    program = imageio_ffmpeg.get_ffmpeg_exe()
    tag = "title=How to \n fly a kite"
    options = ["-v", "error", "-i", plain, "-c", "copy", "-metadata", tag, titled]
    subprocess.run([program, *options], check=True)
    assert probe(titled).title == "How to fly a kite"


def test_segments_that_show_the_topic_come_first():
    from mmva_core.content import TextEncoder

    place = TextEncoder().place_topic("a dog")
    embeds = np.zeros((4, TEXT_DIM))
    embeds[:] = np.random.default_rng(0).normal(size=TEXT_DIM)
    embeds[2] = place
    embeds /= np.linalg.norm(embeds, axis=1, keepdims=True)
    signal = ABOUT.compute(film_about("a dog"), {"text_embeds": embeds})
    assert signal.argmax() == 2
    assert signal[2] > 0.3
    silent = ABOUT.compute(film_about(None), {"text_embeds": embeds})
    assert np.isnan(silent).all()


def test_only_a_stated_topic_needs_the_extra(monkeypatch):
    def missing():
        raise MissingExtraError("install the extra")

    monkeypatch.setattr(about_module, "_encoder", missing)
    arrays = {"text_embeds": np.ones((4, TEXT_DIM))}
    by_name = ABOUT.compute(film_about(None, name="cat on a tree.mp4"), arrays)
    assert np.isnan(by_name).all()
    with pytest.raises(ModelError, match="extra"):
        ABOUT.compute(film_about("a cat"), arrays)


def test_a_query_that_nothing_resembles_still_ranks():
    rng = np.random.default_rng(1)
    embeds = rng.normal(size=(6, TEXT_DIM))
    embeds /= np.linalg.norm(embeds, axis=1, keepdims=True)
    config = SummaryConfig(query="quarterly tax returns")
    film = Film(named("x.mp4"), split_into_segments(12.0), config, ModelSource(config))
    closeness = ABOUT.compute(film, {"text_embeds": embeds})
    assert trust_in(closeness) < 1
    assert len(set(closeness)) == 6
