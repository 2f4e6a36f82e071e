"""What a film's positions are counted in, and which frames a run shows."""

from fractions import Fraction

import av
import pytest
from films import make_film
from timelines import RATES, made_up_clock, made_up_info, summary_of_runs

from vsumm.media import Segment, probe
from vsumm.timeline import (
    clips_of,
    read_timeline,
    runs_of,
    survey_film,
    timeline_of,
    write_timeline,
)
from vsumm.timeline.timecode import format_timecode, parse_timecode

NTSC = Fraction(30000, 1001)


def film_with_timecode(path, code):
    """A QuickTime film of four seconds whose time code begins at `code`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=NTSC, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        stream.metadata["timecode"] = code
        for number in range(120):
            frame = av.VideoFrame(64, 36, "yuv420p")
            frame.pts, frame.time_base = number, 1 / NTSC
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_the_rate_is_exact_whatever_the_container_rounds(rate, suffix, tmp_path):
    film = make_film(tmp_path / f"film{suffix}", seconds=3.0, frame_rate=rate, size=(64, 36))
    clock = survey_film(probe(film))
    assert (clock.rate, clock.is_exact) == (rate, True)


def test_a_variable_rate_is_counted_at_a_constant_one_and_said(tmp_path):
    times = [k / 25 + 0.015 * (k % 2) for k in range(100)]
    film = make_film(tmp_path / "film.mp4", seconds=4.0, frame_times=times, size=(64, 36))
    info = probe(film)
    clock = survey_film(info)
    assert not clock.is_exact
    assert clock.rate in (25, 30, NTSC)
    (note,) = timeline_of(summary_of_runs(info, [(1.0, 2.0)]), clock).notes
    assert "constant rate" in note


def test_sound_without_picture_is_counted_at_25(tmp_path):
    film = make_film(tmp_path / "film.m4a", seconds=2.0)
    assert survey_film(probe(film)).rate == 25


@pytest.mark.parametrize("code", ["01:00:00;00", "00:59:59:29", "10:11:12:13"])
def test_the_time_code_of_a_film_is_read_and_an_edl_counts_in_it(code, tmp_path):
    info = probe(film_with_timecode(tmp_path / "film.mov", code))
    clock = survey_film(info)
    assert clock.timecode_frames == parse_timecode(code, NTSC)
    assert clock.is_drop_frame == (";" in code)
    timeline = timeline_of(summary_of_runs(info, [(1.0, 2.0), (3.0, 3.5)]), clock)
    path = write_timeline(timeline, tmp_path / "a.edl")
    first = format_timecode(clock.timecode_frames + 30, NTSC, drop_frame=clock.is_drop_frame)
    assert f"C        {first} " in path.read_text(encoding="utf-8")
    bare = [line for line in path.read_text(encoding="utf-8").splitlines() if "VSUMM" not in line]
    path.write_text("\n".join(bare), encoding="utf-8")
    back = read_timeline(path, rate_of=lambda named: clock.rate)
    runs = runs_of(back, info, clock).runs
    assert [round(Fraction(run.start_seconds) * NTSC) for run in runs] == [30, 90]


@pytest.mark.parametrize("frame", [0, 1799, 1800, 17_981, 17_982, 107_892, 2_589_407])
def test_drop_frame_time_code_is_a_bijection(frame):
    for rate, scale in ((NTSC, 1), (2 * NTSC, 2)):
        code = format_timecode(frame * scale, rate, drop_frame=True)
        assert parse_timecode(code, rate) == frame * scale


def test_drop_frame_time_code_skips_what_the_standard_skips():
    names = [format_timecode(frame, NTSC, drop_frame=True) for frame in range(17_983)]
    assert len(set(names)) == len(names)
    assert not [name for name in names if name[3:] in ("01:00;00", "01:00;01", "09:00;01")]
    assert names[-1] == "00:10:00;00"


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_clips_together_are_as_long_as_the_reel(rate):
    runs = [Segment(2.0 * k, 2.0 * k + 1.3) for k in range(20)]
    clips = clips_of(runs, made_up_info(rate), made_up_clock(rate))
    total = sum(len(clip.frames(rate)) for clip in clips)
    assert total == int(20 * Fraction(13, 10) * rate + Fraction(1, 1000))
