"""OpenTimelineIO: what is written is read back frame by frame, and by the project's own library."""

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from timelines import RATES, frames_of, made_up_timeline

from vsumm.errors import ScoresError
from vsumm.timeline import opentimeline, own_json

FOLDER = Path("/films/project")


@pytest.mark.parametrize("form", [opentimeline, own_json])
@pytest.mark.parametrize("crossfade_seconds", [0.0, 0.5])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_what_is_written_is_read_back(form, rate, crossfade_seconds):
    start = {"timecode_frames": 90_000, "is_drop_frame": rate == RATES[3]}
    timeline = made_up_timeline(rate, crossfade_seconds=crossfade_seconds, rotation=90, **start)
    back = form.read(form.write(timeline, FOLDER))
    assert frames_of(back) == frames_of(timeline)
    assert [c.run for c in back.clips] == [c.run for c in timeline.clips]
    assert [c.fade_in for c in back.clips] == [c.fade_in for c in timeline.clips]
    assert [c.comment for c in back.clips] == [c.comment for c in timeline.clips]
    assert back.source.path == timeline.source.path
    assert back.source.rate == rate
    assert back.source.sha256 == timeline.source.sha256


def test_an_edited_clip_forgets_the_run_that_it_was_made_from():
    timeline = made_up_timeline(Fraction(25))
    document = otio.adapters.read_from_string(opentimeline.write(timeline, FOLDER), "otio_json")
    clip = document.video_tracks()[0][1]
    clip.source_range = otio.opentime.TimeRange(
        clip.source_range.start_time - otio.opentime.RationalTime(10, 25),
        clip.source_range.duration,
    )
    back = opentimeline.read(otio.adapters.write_to_string(document, "otio_json"))
    assert back.clips[0].run == timeline.clips[0].run
    assert back.clips[1].run is None
    assert frames_of(back)[1] == range(190, 233)


def test_the_library_sees_all_tracks_as_long_as_the_reel():
    timeline = made_up_timeline(Fraction(30000, 1001), crossfade_seconds=0.5)
    document = otio.adapters.read_from_string(opentimeline.write(timeline, FOLDER), "otio_json")
    tracks = [*document.video_tracks(), *document.audio_tracks()]
    assert [round(t.available_range().duration.value) for t in tracks] == [timeline.num_frames] * 2


@pytest.mark.parametrize("text", ["", "{}", "[1, 2]", '{"OTIO_SCHEMA": "Clip.1"}', "not json"])
def test_what_is_no_timeline_is_one_line(text):
    with pytest.raises(ScoresError) as caught:
        opentimeline.read(text)
    assert "\n" not in str(caught.value)
