"""Reels with copied pictures: the same frames and lengths as when everything is encoded."""

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest
from films import find_beeps, is_flash, make_film, read_frame_number
from reels import encode_here

from vsumm.media.info import probe
from vsumm.media.segments import Segment
from vsumm.reel.config import ReelConfig
from vsumm.reel.copy.h264 import ParameterSets, read_header, split_units, write_header
from vsumm.reel.copy.plan import PacketFacts, plan_copy
from vsumm.reel.export import write_reel
from vsumm.reel.layout import PlacedRun
from vsumm.reel.plan import plan_reel

SIZE = (192, 96)
RUNS = [Segment(0.52, 4.6), Segment(6.36, 9.88)]
EVENTS = [1.4, 4.2, 7.8]
EVENTS_IN_REEL = [0.88, 3.68, 5.52]
SAMPLE = 0.001
CODEC_BLUR = 0.026


def film_at(folder, suffix=".mp4", **options):
    defaults = {"seconds": 10, "size": SIZE, "gop_seconds": 1.0, "flashes": EVENTS, "beeps": EVENTS}
    return make_film(Path(folder) / f"film{suffix}", **{**defaults, **options})


def reel_of(film, folder, runs=RUNS, suffix=".mp4", *, is_fast=True, **settings):
    reel = Path(folder) / f"{'fast' if is_fast else 'plain'}{suffix}"
    return reel, encode_here(film, runs, reel, ReelConfig(is_fast=is_fast, **settings))


def pictures(path):
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [(float(f.pts * f.time_base), f.to_ndarray(format="rgb24")) for f in frames]


def planes(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray() for frame in container.decode(video=0)]


def lengths(path):
    with av.open(str(path)) as container:
        whole = container.duration / av.time_base
        return {
            s.type: whole if s.duration is None else float(s.duration * s.time_base)
            for s in container.streams
        }


def ffmpeg_says(path):
    """What FFmpeg's own program finds wrong when it decodes everything."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-xerror", "-i", str(path)]
    command += ["-map", "0", "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stderr


def planes_by_ffmpeg(path, size=SIZE):
    """The pictures as FFmpeg's own program decodes them, like `planes`."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path)]
    command += ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, size[1] * 3 // 2, size[0])


def beep_times(path):
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
    return find_beeps(samples[0], frames[0].sample_rate)


KINDS = {
    "plain": {},
    "no B-frames": {"b_frames": 0},
    "pyramid of B-frames": {"b_frames": 3, "encoder_options": {"x264-params": "b-pyramid=normal"}},
    "NTSC": {"frame_rate": Fraction(30000, 1001)},
    "NTSC in milliseconds": {"frame_rate": Fraction(30000, 1001), "suffix": ".mkv"},
    "film rate": {"frame_rate": Fraction(24000, 1001)},
    "transport stream": {"suffix": ".ts", "start_offset_seconds": 9.5},
    "flash video": {"suffix": ".flv"},
    "quicktime": {"suffix": ".mov"},
    "offset": {"suffix": ".mkv", "start_offset_seconds": 37.25},
    "sound first": {"video_start_seconds": 0.72},
    "long groups": {"gop_seconds": 2.5},
    "baseline": {"b_frames": 0, "encoder_options": {"profile": "baseline"}},
    "many sets": {"encoder_options": {"x264-params": "sps-id=1"}},
    "full range": {"pixel_format": "yuvj420p"},
    "no sound": {"audio": False},
}


@pytest.mark.parametrize(
    "kind", ["plain", *(pytest.param(k, marks=pytest.mark.slow) for k in KINDS if k != "plain")]
)
def test_the_reel_is_the_same_as_when_all_is_encoded(tmp_path, kind):
    options = dict(KINDS[kind])
    film = film_at(tmp_path, options.pop("suffix", ".mp4"), **options)
    fast, report = reel_of(film, tmp_path)
    plain, _ = reel_of(film, tmp_path, is_fast=False)
    assert report.not_copied is None
    assert report.copied_seconds >= 2
    assert lengths(fast) == pytest.approx(lengths(plain), abs=SAMPLE)
    shown, wanted = pictures(fast), pictures(plain)
    assert [time for time, _ in shown] == pytest.approx([time for time, _ in wanted], abs=SAMPLE)
    numbers = [read_frame_number(pixels) for _, pixels in wanted]
    assert [read_frame_number(pixels) for _, pixels in shown] == numbers
    assert [is_flash(pixels) for _, pixels in shown] == [is_flash(pixels) for _, pixels in wanted]
    assert ffmpeg_says(fast) == ""
    if options.get("audio", True):
        assert beep_times(fast) == pytest.approx(EVENTS_IN_REEL, abs=CODEC_BLUR)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".m4v", ".mkv"])
def test_every_container_of_h264_can_be_written(tmp_path, suffix):
    fast, report = reel_of(film_at(tmp_path), tmp_path, suffix=suffix)
    assert report.copied_seconds > 4
    numbers = [read_frame_number(pixels) for _, pixels in pictures(fast)]
    assert numbers == [*range(13, 115), *range(159, 247)]
    assert ffmpeg_says(fast) == ""
    assert lengths(fast) == pytest.approx({"video": 7.6, "audio": 7.6}, abs=0.03)


def test_copied_pictures_are_those_of_the_film_bit_by_bit(tmp_path):
    film = film_at(tmp_path)
    fast, _ = reel_of(film, tmp_path)
    shown, source = planes(fast), planes(film)
    is_equal = [
        np.array_equal(picture, source[number])
        for picture, number in zip(shown, [*range(13, 115), *range(159, 247)], strict=True)
    ]
    # From the first key frame in a run, every 25th, to where B-frames look behind its end.
    assert all(is_equal[12:100])
    assert all(is_equal[102 + 16 : 102 + 86])
    assert np.array_equal(planes_by_ffmpeg(fast), shown)


def test_clips_with_headers_of_their_own_make_one_sound_reel(tmp_path):
    clips = []
    for number, profile in enumerate(("high", "baseline")):
        options = {"seconds": 6, "size": (192, 108), "audio": False, "gop_seconds": 1.0}
        options["encoder_options"] = {"profile": profile, "x264-params": f"cabac={1 - number}"}
        clips.append(make_film(tmp_path / f"{number}.flv", **options, b_frames=0))
    film = tmp_path / "film.flv"
    film.write_bytes(clips[0].read_bytes() + flv_tags(clips[1].read_bytes(), later_ms=6000))
    runs = [Segment(0.5, 5.5), Segment(6.5, 11.5)]
    report = encode_here(film, runs, tmp_path / "copied.mp4", ReelConfig(is_fast=True))
    encode_here(film, runs, tmp_path / "encoded.mp4")
    assert 3 < report.copied_seconds < 6
    numbers = []
    for name in ("copied.mp4", "encoded.mp4"):
        with av.open(str(tmp_path / name), options={"err_detect": "explode"}) as container:
            frames = container.decode(video=0)
            numbers.append([read_frame_number(f.to_ndarray(format="rgb24")) for f in frames])
    assert numbers[0] == numbers[1]
    assert numbers[0][125:] == numbers[0][:125]  # both clips count from 0


def flv_tags(data: bytes, *, later_ms: int) -> bytes:
    """Return what follows the header and the metadata of an FLV file, with later times."""
    tags, place = [], 13
    while place < len(data):
        size = 15 + int.from_bytes(data[place + 1 : place + 4], "big")
        tag = bytearray(data[place : place + size])
        time = int.from_bytes(bytes([tag[7], *tag[4:7]]), "big") + later_ms
        tag[7], tag[4:7] = time >> 24, (time & 0xFFFFFF).to_bytes(3, "big")
        if tag[0] == 9:
            tags.append(bytes(tag))
        place += size
    return b"".join(tags)


def test_a_player_can_seek_to_copied_and_encoded_pictures(tmp_path):
    fast, _ = reel_of(film_at(tmp_path), tmp_path)
    wanted = pictures(fast)
    with av.open(str(fast)) as container:
        stream = container.streams.video[0]
        for number in (5, 60, 101, 110, 150, 189):
            container.seek(round(wanted[number][0] / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                if float(frame.pts * stream.time_base) > wanted[number][0] - SAMPLE:
                    break
            assert np.array_equal(frame.to_ndarray(format="rgb24"), wanted[number][1]), number


def test_pictures_that_need_what_lies_before_them_are_not_copied(tmp_path):
    options = {"x264-params": "open-gop=1:bframes=3:b-adapt=0"}
    film = film_at(tmp_path, encoder_options=options, b_frames=3)
    fast, report = reel_of(film, tmp_path, [Segment(0, 4), Segment(5.2, 9)])
    assert report.copied_seconds == pytest.approx(4, abs=0.15)
    numbers = [read_frame_number(pixels) for _, pixels in pictures(fast)]
    assert numbers == [*range(100), *range(130, 225)]


WHY_NOT = {
    "the film is hevc": ({"codec": "libx265"}, {}),
    "encoded by libx265": ({}, {"encoder": "libx265", "preset": "ultrafast"}),
    "encoded by libvpx-vp9, not": ({}, {"suffix": ".webm"}),
    "no constant frame rate": (
        {"frame_times": [*np.arange(0, 5, 0.05), *np.arange(5, 10, 0.125)]},
        {},
    ),
    "has to be rotated": ({"rotation": 90}, {}),
    "have to be scaled or cropped": ({"sample_aspect_ratio": Fraction(4, 3)}, {}),
    "pixel format yuv422p is not yuv420p": ({"pixel_format": "yuv422p"}, {}),
    "libx264 does not take these settings in the film's profile, high": ({}, {"crf": 0}),
    "no run goes on for 1 s from a closed group": ({"gop_seconds": 60}, {}),
}


@pytest.mark.slow
@pytest.mark.parametrize("reason", WHY_NOT)
def test_what_cannot_be_copied_is_encoded_and_the_reason_given(tmp_path, reason):
    options, settings = WHY_NOT[reason]
    fast, report = reel_of(film_at(tmp_path, **options), tmp_path, **settings)
    assert reason in report.not_copied
    assert report.copied_seconds == 0
    assert lengths(fast) == pytest.approx({"video": 7.6, "audio": 7.6}, abs=0.05)


def test_a_reel_without_picture_says_so(tmp_path):
    _, report = reel_of(film_at(tmp_path), tmp_path, suffix=".m4a")
    assert report.not_copied == "there is no picture"


@pytest.mark.slow
def test_the_reason_is_one_line_of_the_log(tmp_path, caplog):
    film = film_at(tmp_path, gop_seconds=60)
    config = ReelConfig(is_fast=True)
    write_reel(plan_reel(probe(film), tmp_path / "r.mp4", config), RUNS)
    film = film_at(tmp_path, ".mkv")
    config = ReelConfig(is_fast=True, title="x")
    write_reel(plan_reel(probe(film), tmp_path / "t.mp4", config), RUNS)
    first, second = (record.getMessage() for record in caplog.records)
    assert "r.mp4: all of it was encoded anew: no run goes on" in first
    assert "cross-fades or a title" in second


def packets_of(order, *, entries=(0,), rate=10):
    """Facts of packets that show the pictures of these numbers, in decoding order."""
    return [PacketFacts(Fraction(n, rate), n in entries, is_intact=n >= 0) for n in order]


def plan(order, start, end, **options):
    run = PlacedRun(Fraction(start), Fraction(end), Fraction(0))
    copy = plan_copy(run, run.ticks(10), packets_of(order, **options), Fraction(10))
    return copy and (copy.start * 10, copy.ticks, copy.last * 10)


def test_a_copy_ends_where_a_later_picture_would_be_needed():
    order = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11, 15, 13, 14]
    assert plan(order, 0, 1.3) == (0, range(13), 12)
    assert plan(order, 0, Fraction(12, 10)) == (0, range(10), 9)


def test_a_copy_begins_with_the_first_picture_that_begins_anew():
    order = [*range(40)]
    assert plan(order, Fraction(1, 2), 3, entries=(0, 10, 20)) == (10, range(5, 25), 29)


@pytest.mark.parametrize(
    "order",
    [
        [*range(5), *range(7, 30)],  # a hole
        [0, 8, 4, 2, 1, 3, 6, 5, 7, *range(9, 30)],  # B-frames nested too deep
        [*range(3), 3, 3, *range(4, 30)],  # two pictures at the same time
    ],
)
def test_irregular_pictures_are_not_copied(order):
    assert plan(order, 0, 2) is None


def test_a_film_that_was_joined_too_late_is_not_believed():
    assert plan([*range(8, 40)], 0, 3, entries=(8,)) is None


SETS = ParameterSets((b"\x67\x64\x00\x1f\xac",), (b"\x68\xef\x84",), 4)


def test_a_header_is_read_as_it_was_written():
    other = ParameterSets((b"\x67\x4d\x40\x28\x48",), (b"\x68\x48",), 0)
    both = read_header(write_header(SETS, other))
    assert both.sequence == SETS.sequence + other.sequence
    assert both.picture == SETS.picture + other.picture
    assert both.length_bytes == 4


def test_a_header_with_start_codes_is_read():
    header = b"".join(b"\0\0\0\1" + unit for unit in (*SETS.sequence, *SETS.picture))
    assert read_header(header) == ParameterSets(SETS.sequence, SETS.picture, 0)


@pytest.mark.parametrize("header", [b"", b"\x01", write_header(SETS)[:9], b"\0\0\1\x67\x64\0\x1f"])
def test_an_incomplete_header_is_not_believed(header):
    assert read_header(header) is None


def test_units_of_a_packet_cut_short_do_not_raise():
    packet = (9).to_bytes(4, "big") + b"\x65ab"
    assert list(split_units(packet, length_bytes=4)) == [b"\x65ab"]


@pytest.mark.slow
@pytest.mark.dataset
def test_a_real_film_keeps_its_frames(data_folder, tmp_path):
    film = data_folder / "videos" / "bbb_full_144p.mp4"
    runs = [Segment(31.5, 62.5), Segment(200, 218), Segment(400, 401)]
    fast, report = reel_of(film, tmp_path, runs)
    assert report.copied_seconds > 35
    assert ffmpeg_says(fast) == ""
    shown = planes(fast)
    wanted = []
    with av.open(str(film)) as container:
        for frame in container.decode(video=0):
            time = frame.pts * frame.time_base + Fraction(1, 10_000)
            if any(run.start_seconds <= time < run.end_seconds for run in runs):
                wanted.append(frame.to_ndarray())
            if time > 402:
                break
    assert len(shown) == len(wanted)
    differences = [np.abs(a.astype(int) - b).mean() for a, b in zip(shown, wanted, strict=True)]
    assert max(differences) < 4
    assert sum(difference == 0 for difference in differences) / 24 >= report.copied_seconds
