"""Every form of timeline: what is written is read back frame by frame."""

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from timelines import RATES, frames_of, made_up_timeline

from vsumm.errors import InputError, OutputError, ScoresError
from vsumm.timeline import FORMATS, read_timeline, write_timeline

WITH_FADES = [".json", ".otio", ".fcpxml", ".xml", ".edl", ".mlt", ".kdenlive"]
COUNTED = [suffix for suffix in FORMATS if suffix != ".llc"]


def no_rate(path):
    raise AssertionError(f"the rate of {path} was asked for")


def there_and_back(timeline, path):
    write_timeline(timeline, path)
    return read_timeline(path, rate_of=no_rate)


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("start", [0, 86_400 * 25 // 24 + 7])
@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("suffix", COUNTED)
def test_every_frame_comes_back(suffix, rate, start, rotation, tmp_path):
    drops = rate.denominator == 1001 and round(rate) % 30 == 0
    timeline = made_up_timeline(rate, rotation=rotation, timecode_frames=start, is_drop_frame=drops)
    back = there_and_back(timeline, tmp_path / f"reel{suffix}")
    assert frames_of(back) == frames_of(timeline)
    assert [c.run for c in back.clips] == [c.run for c in timeline.clips]
    assert [c.comment for c in back.clips] == [c.comment for c in timeline.clips]
    assert back.source.path.resolve() == timeline.source.path
    assert back.source.sha256 == timeline.source.sha256
    assert back.source.timecode_frames == start
    assert back.num_frames == timeline.num_frames


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("suffix", WITH_FADES)
def test_cross_fades_come_back(suffix, rate, tmp_path):
    timeline = made_up_timeline(rate, crossfade_seconds=0.3, timecode_frames=1000)
    back = there_and_back(timeline, tmp_path / f"reel{suffix}")
    assert frames_of(back) == frames_of(timeline)
    assert [c.fade_in for c in back.clips] == [c.fade_in for c in timeline.clips]
    assert back.num_frames == timeline.num_frames


@pytest.mark.parametrize("suffix", WITH_FADES)
def test_clips_that_consist_of_cross_fades_alone_come_back(suffix, tmp_path):
    timeline = made_up_timeline(
        Fraction(25), crossfade_seconds=1.0, runs=[(2, 4), (6, 8), (10, 12)]
    )
    back = there_and_back(timeline, tmp_path / f"reel{suffix}")
    assert frames_of(back) == frames_of(timeline)


@pytest.mark.parametrize("is_film_muted", [False, True])
@pytest.mark.parametrize("suffix", WITH_FADES)
def test_the_soundtrack_comes_back(suffix, is_film_muted, tmp_path):
    music = Path("/music/a song.mp3")
    start = Fraction(75, 2)
    timeline = replace(
        made_up_timeline(Fraction(24)),
        soundtrack=music,
        soundtrack_start=start,
        is_film_muted=is_film_muted,
    )
    back = there_and_back(timeline, tmp_path / f"reel{suffix}")
    assert (back.soundtrack, back.is_film_muted) == (music, is_film_muted)
    assert back.soundtrack_start == start
    assert frames_of(back) == frames_of(timeline)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_sound_without_picture_comes_back(suffix, tmp_path):
    timeline = made_up_timeline(Fraction(25))
    source = replace(timeline.source, width=0, height=0)
    back = there_and_back(replace(timeline, source=source), tmp_path / f"reel{suffix}")
    assert [c.run for c in back.clips] == [c.run for c in timeline.clips]
    assert not back.source.has_picture


def test_losslesscut_keeps_exact_seconds(tmp_path):
    timeline = made_up_timeline(Fraction(30000, 1001))
    back = there_and_back(timeline, tmp_path / "reel.llc")
    assert [c.run for c in back.clips] == [c.run for c in timeline.clips]
    assert [c.score for c in back.clips] == [c.score for c in timeline.clips]


@pytest.mark.parametrize("suffix", FORMATS)
def test_odd_names_and_titles_survive(suffix, tmp_path):
    odd = Path("/films/Olé <b>&amp; 'it' \"is\" 100% #1; ]]>.mp4")
    timeline = made_up_timeline(Fraction(25))
    clips = [replace(clip, name="<i>'\"&", reason="a ]]> b -- c \\ d") for clip in timeline.clips]
    odd_one = replace(
        timeline, source=replace(timeline.source, path=odd), name="<x>&", clips=tuple(clips)
    )
    back = there_and_back(odd_one, tmp_path / f"reel{suffix}")
    assert back.source.path.name == odd.name
    assert [clip.run for clip in back.clips] == [clip.run for clip in timeline.clips]
    assert {clip.reason for clip in back.clips} == {"a ]]> b -- c \\ d"}


@pytest.mark.parametrize("num_clips", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("suffix", [s for s in FORMATS if s != ".edl"])
def test_thousands_of_clips_are_no_effort(suffix, num_clips, tmp_path):
    runs = [(2.0 * k, 2.0 * k + 1) for k in range(100)]
    few = made_up_timeline(Fraction(25), runs=[r for r in runs if r[1] < 60])
    many = replace(few, clips=few.clips[:20] * (num_clips // 20))
    back = there_and_back(many, tmp_path / f"reel{suffix}")
    assert len(back.clips) == num_clips


def test_an_edl_of_more_than_999_events_is_refused(tmp_path):
    timeline = made_up_timeline(Fraction(25))
    with pytest.raises(OutputError, match="999 events"):
        write_timeline(replace(timeline, clips=timeline.clips * 200), tmp_path / "reel.edl")


BOMB = '<!DOCTYPE {0} [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><{0}>&c;</{0}>'
WRONG = {
    ".json": ["", "{", "[]", '{"form": "vsumm-timeline", "version": 9}', '{"form": "other"}'],
    ".otio": ["", "{}", '{"OTIO_SCHEMA": "Timeline.1"}'],
    ".fcpxml": ["", "<fcpxml/>", "<x/>", BOMB.format("fcpxml"), "<fcpxml" + "<a>" * 9],
    ".xml": ["", "<xmeml/>", "<fcpxml/>", BOMB.format("xmeml")],
    ".edl": ["", "TITLE: nothing\n", "\x01\x02"],
    ".mlt": ["", "<mlt/>", BOMB.format("mlt"), "<mlt><profile frame_rate_den='0'/></mlt>"],
    ".kdenlive": ["<mlt><profile/></mlt>"],
    ".llc": ["", "{", "[]", "{cutSegments: 3}", "{cutSegments: [], mediaFileName: 'a'}"],
}


@pytest.mark.parametrize(
    ("suffix", "text"), [(suffix, text) for suffix, texts in WRONG.items() for text in texts]
)
def test_wrong_files_are_one_line(suffix, text, tmp_path):
    path = tmp_path / f"wrong{suffix}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((ScoresError, InputError)) as caught:
        read_timeline(path, rate_of=no_rate)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_entity_is_expanded_in_whatever_encoding(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret", encoding="utf-8")
    text = (
        f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE fcpxml [<!ENTITY x SYSTEM "{secret}">]>'
    )
    (tmp_path / "a.fcpxml").write_bytes((text + "<fcpxml>&x;</fcpxml>").encode("utf-16"))
    with pytest.raises(ScoresError, match="entities"):
        read_timeline(tmp_path / "a.fcpxml", rate_of=no_rate)


def test_deep_nesting_is_refused(tmp_path):
    path = tmp_path / "deep.fcpxml"
    path.write_text("<fcpxml>" + "<a>" * 5000 + "</a>" * 5000 + "</fcpxml>", encoding="utf-8")
    with pytest.raises(ScoresError, match="nested"):
        read_timeline(path, rate_of=no_rate)


@pytest.mark.parametrize(
    ("suffix", "whole_film"),
    [
        (".otio", r'"available_range": \{\s*"OTIO_SCHEMA": "TimeRange\.1",\s*"duration": \{\s*'
         r'"OTIO_SCHEMA": "RationalTime\.1",\s*"rate": 25\.0,\s*"value": 1500\.0'),
        (".fcpxml", r'<asset [^>]*start="0s" duration="60s"'),
        (".xml", r"<file [^>]*>.*?<duration>1500</duration>"),
        (".mlt", r'<producer id="film0" in="0" out="1499">'),
        (".kdenlive", r'<producer id="film0" in="0" out="1499">|length">1500<'),
    ],
)  # fmt: skip
def test_the_whole_film_stays_within_reach_of_every_clip(suffix, whole_film):
    timeline = made_up_timeline(Fraction(25))
    text = FORMATS[suffix].write(timeline, Path("/films"))
    assert re.search(whole_film, text, re.DOTALL)
    handles = [(clip.start, timeline.source.num_frames / 25 - clip.end) for clip in timeline.clips]
    assert all(before >= 2 and after >= 2 for before, after in handles)
