import errno
import os
import time
from fractions import Fraction
from pathlib import Path
from unittest.mock import Mock

import av
import numpy as np
import pytest
from films import join_films, make_film, run_ffmpeg, trim_film

from vsumm.errors import InputError
from vsumm.media.info import probe

CLOCK_TOLERANCE_SECONDS = 0.025
"""Sound encoders put up to 24 ms of padding in front; some containers cannot say so."""

RAW_SOUND = {
    "film.mp3": {"container_options": {"write_xing": "0"}, "sound_options": {"q": "5"}},
    "film.aac": {},
}
"""Options of sound files that do not say how long they are, and begin with short packets."""

NAMES = [
    "name with spaces.mp4",
    'it\'s "quoted".mp4',
    "-leading-dash.mp4",
    "film%03d.jpg",
    "100%d.mp4",
    "emoji 🎬 e\u0301.mp4",
    "concat:film.mp4",
    "file:film.mp4",
    "line\nbreak.mp4",
    "http:evil.mp4",
]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_film(tmp_path_factory.mktemp("films") / "film.mp4", seconds=3)


def refusal(path):
    with pytest.raises(InputError) as caught:
        probe(path)
    message = str(caught.value)
    assert message.startswith("cannot read ")
    assert "\n" not in message
    return message


def test_probe_describes_a_film(film):
    info = probe(film)
    assert info.path == film
    assert "mp4" in info.container
    assert info.start_seconds == 0
    assert info.duration_seconds == pytest.approx(3, abs=CLOCK_TOLERANCE_SECONDS)
    assert (info.video.codec, info.video.pixel_format) == ("h264", "yuv420p")
    assert (info.video.width, info.video.height, info.video.frame_rate) == (320, 180, 25)
    assert info.video.duration_seconds == pytest.approx(3)
    (track,) = info.audio
    assert (track.codec, track.sample_rate, track.num_channels) == ("aac", 44100, 1)
    assert info.problems == ()


def test_a_frame_that_stays_long_does_not_lengthen_the_film(tmp_path):
    times = [*np.arange(0, 2, 0.04), 30, *np.arange(31, 33, 0.04)]
    path = make_film(tmp_path / "film.mp4", seconds=33, frame_times=times, audio=False)
    assert probe(path).duration_seconds == pytest.approx(33, abs=0.1)


@pytest.mark.parametrize("places", [[0.5], [0.97], [0.5, 0.97], [0.2, 0.4, 0.95, 0.96, 0.97]])
def test_damaged_times_do_not_lengthen_the_film(tmp_path, places):
    path = make_film(tmp_path / "film.flv", seconds=20)
    data = bytearray(path.read_bytes())
    for number, place in enumerate(places):
        tag = _flv_tag_at(data, int(len(data) * place))
        data[tag + 7] = 1 + number  # the highest byte of its time: 4.66 hours later, or more
    path.write_bytes(data)
    assert probe(path).duration_seconds == pytest.approx(20, abs=0.2)


def test_a_clock_that_makes_days_of_a_few_frames_is_refused(tmp_path):
    options = {"movflags": "faststart"}
    path = make_film(tmp_path / "film.mp4", seconds=20, audio=False, container_options=options)
    # Its edit list, which counts on another clock, would end it in time.
    data = bytearray(path.read_bytes().replace(b"edts", b"free"))
    place = data.index(b"mdhd") + 16
    data[place : place + 4] = (10).to_bytes(4, "big")  # ticks in a second
    path.write_bytes(data + bytes(1_000_000))
    assert "has only 500 frames" in refusal(path)


def test_a_mirrored_picture_is_told_from_a_turned_one(tmp_path):
    video = probe(make_film(tmp_path / "film.mp4", seconds=1, mirrored=True)).video
    assert (video.rotation_degrees, video.is_mirrored) == (0, True)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_is_clockwise_and_turns_the_size(tmp_path, rotation):
    video = probe(make_film(tmp_path / "film.mp4", seconds=1, rotation=rotation)).video
    assert video.rotation_degrees == rotation
    assert (video.width, video.height) == ((320, 180) if rotation == 180 else (180, 320))


@pytest.mark.parametrize(
    ("ratio", "size"), [(Fraction(4, 3), (427, 180)), (Fraction(2, 3), (320, 270))]
)
def test_samples_become_square(tmp_path, ratio, size):
    path = make_film(tmp_path / "film.mp4", seconds=1, sample_aspect_ratio=ratio)
    video = probe(path).video
    assert (video.width, video.height) == size


@pytest.mark.parametrize("sizes", [[(64, 36), (192, 108)], [(192, 108), (64, 36)]])
def test_the_largest_of_the_sizes_of_a_film_counts(tmp_path, sizes):
    options = {"seconds": 4, "codec": "libvpx", "audio": False}
    parts = [make_film(tmp_path / f"{size}.webm", size=size, **options) for size in sizes]
    info = probe(join_films(tmp_path / "film.webm", *parts))
    assert (info.video.width, info.video.height) == (192, 108)
    assert info.duration_seconds == pytest.approx(8, abs=0.1)


@pytest.mark.parametrize(("suffix", "offset"), [("ts", 36000), ("wmv", 5)])
def test_start_offset_does_not_reach_the_clock(tmp_path, suffix, offset):
    info = probe(make_film(tmp_path / f"film.{suffix}", seconds=3, start_offset_seconds=offset))
    assert info.start_seconds == pytest.approx(offset, abs=2 * CLOCK_TOLERANCE_SECONDS)
    assert info.duration_seconds == pytest.approx(3, abs=2 * CLOCK_TOLERANCE_SECONDS)
    assert info.video.start_seconds == pytest.approx(0, abs=CLOCK_TOLERANCE_SECONDS)


def test_pictures_of_matroska_before_zero_are_passed_over(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=8)
    early = tmp_path / "early.mkv"
    run_ffmpeg("-ss", "1.3", "-i", film, "-c", "copy", "-avoid_negative_ts", "disabled", early)
    info = probe(early)
    assert info.video is not None
    assert info.duration_seconds == pytest.approx(8, abs=0.1)  # from the key frame on


def test_late_picture_and_late_sound(tmp_path):
    late_picture = probe(make_film(tmp_path / "picture.mp4", video_start_seconds=1.5))
    late_sound = probe(make_film(tmp_path / "sound.mp4", audio_start_seconds=1.5))
    assert late_picture.video.start_seconds == 1.5
    assert late_picture.audio[0].start_seconds == 0
    assert late_sound.video.start_seconds == 0
    assert late_sound.audio[0].start_seconds == pytest.approx(1.5, abs=CLOCK_TOLERANCE_SECONDS)


@pytest.mark.parametrize("delay", [0.1, 0.236, 0.4])
def test_sound_that_is_delayed_by_an_edit_list_ends_as_much_later(tmp_path, delay):
    film, late = make_film(tmp_path / "film.mp4"), tmp_path / "late.mov"
    inputs = ["-i", film, "-itsoffset", str(delay), "-i", film]
    run_ffmpeg(*inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", late)
    (before,), (after,) = probe(film).audio, probe(late).audio
    end = before.start_seconds + before.duration_seconds
    assert after.start_seconds + after.duration_seconds == pytest.approx(end + delay, abs=1e-3)


def test_the_longer_stream_decides_the_duration(tmp_path):
    info = probe(make_film(tmp_path / "film.mkv", seconds=3, audio_seconds=20))
    assert info.duration_seconds == pytest.approx(20, abs=2 * CLOCK_TOLERANCE_SECONDS)
    assert info.video.duration_seconds == pytest.approx(3, abs=CLOCK_TOLERANCE_SECONDS)


def test_missing_duration_is_measured(tmp_path):
    path = make_film(tmp_path / "film.mkv", seconds=3, container_options={"live": "1"})
    info = probe(path)
    assert info.duration_seconds == pytest.approx(3, abs=2 * CLOCK_TOLERANCE_SECONDS)


def test_an_edit_list_decides_the_duration(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=12, sample_rate=48000)
    info = probe(trim_film(film, 4.2, 10))
    assert (info.start_seconds, info.duration_seconds) == (0, pytest.approx(5.8))
    late = make_film(tmp_path / "late.mp4", seconds=12, start_offset_seconds=3)
    info = probe(trim_film(late, 0, 8))
    assert info.duration_seconds == pytest.approx(8, abs=CLOCK_TOLERANCE_SECONDS)


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_a_clock_that_starts_at_the_epoch(tmp_path, suffix):
    film = make_film(
        tmp_path / f"film{suffix}",
        seconds=6,
        sample_rate=48000,
        start_offset_seconds=1.7e9,
        container_options={"avoid_negative_ts": "disabled"},
    )
    info = probe(film)
    assert info.start_seconds == pytest.approx(1.7e9, abs=CLOCK_TOLERANCE_SECONDS)
    assert info.duration_seconds == pytest.approx(6, abs=2 * CLOCK_TOLERANCE_SECONDS)


@pytest.mark.parametrize("name", ["film.mp3", "film.aac"])
def test_a_guessed_length_is_measured(tmp_path, name):
    quiet = {"loudness": 0.0, "beeps": [8, 8.5, 9, 9.5]}
    film = make_film(tmp_path / name, seconds=10, video=False, **quiet, **RAW_SOUND[name])
    assert probe(film).duration_seconds == pytest.approx(10, abs=0.1)


def test_cover_picture_is_no_film(tmp_path):
    assert probe(make_film(tmp_path / "film.mp4", seconds=1, cover=True)).video.codec == "h264"


def test_sound_with_a_cover_has_no_picture(tmp_path):
    info = probe(make_film(tmp_path / "sound.mp4", seconds=1, video=False, cover=True))
    assert info.video is None
    assert len(info.audio) == 1


def test_all_sound_tracks_are_listed(tmp_path):
    path = make_film(tmp_path / "film.mkv", seconds=1, num_audio_tracks=2, languages=["eng", "deu"])
    assert [track.language for track in probe(path).audio] == ["eng", "deu"]


@pytest.mark.parametrize("default_track", [0, 1])
def test_the_track_that_is_flagged_is_the_main_one(tmp_path, default_track):
    options = {"num_audio_tracks": 2, "default_track": default_track}
    info = probe(make_film(tmp_path / "film.mkv", seconds=1, **options))
    assert info.main_track == default_track


def test_the_main_track_belongs_to_the_programme_of_the_picture(tmp_path):
    film = make_film(tmp_path / "film.ts", seconds=2, num_audio_tracks=2)
    multiplex = tmp_path / "multiplex.ts"
    streams = "-map", "0:a:0", "-map", "0:v", "-map", "0:a:1", "-c", "copy"
    radio, television = "title=radio:st=0", "title=tv:st=1:st=2"
    run_ffmpeg("-i", film, *streams, "-program", radio, "-program", television, multiplex)
    info = probe(multiplex)
    assert (len(info.audio), info.main_track) == (2, 1)


@pytest.mark.parametrize("suffix", [".gif", ".wav", ".mp3", ".webm", ".avi", ".flv", ".mov"])
def test_other_containers(tmp_path, suffix):
    info = probe(make_film(tmp_path / f"film{suffix}", seconds=2, sample_rate=48000))
    assert info.duration_seconds == pytest.approx(2, abs=0.1)


def test_a_single_frame_is_a_film(tmp_path):
    info = probe(make_film(tmp_path / "film.mp4", seconds=0.04, audio=False))
    assert info.duration_seconds == pytest.approx(0.04)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_will_do(tmp_path, monkeypatch, film, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(film.read_bytes())
    assert probe(name).video is not None


def test_a_name_that_is_no_text_will_do(tmp_path, film):
    path = os.fsencode(tmp_path) + b"/\xff\xfe.mp4"
    Path(os.fsdecode(path)).write_bytes(film.read_bytes())
    assert probe(path).video is not None


def test_missing_file_folder_and_empty_file(tmp_path):
    (tmp_path / "empty.mp4").touch()
    assert "no such file" in refusal(tmp_path / "missing.mp4")
    assert "folder" in refusal(tmp_path)
    assert "empty" in refusal(tmp_path / "empty.mp4")


def test_a_message_is_one_line_whatever_the_name(tmp_path):
    assert r"line\nbreak" in refusal(tmp_path / "line\nbreak.mp4")


def test_pipes_and_devices_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    start = time.monotonic()
    assert "pipe or a device" in refusal(tmp_path / "pipe.mp4")
    assert "pipe or a device" in refusal(Path("/dev/zero"))
    assert time.monotonic() - start < 1


def test_no_permission(film, monkeypatch):
    # Root may read everything, so the system's answer is made here.
    error = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    monkeypatch.setattr("vsumm.files.inputs.os.open", Mock(side_effect=error))
    assert "permission denied" in refusal(film)


@pytest.mark.parametrize("content", [b"some text, no film\n" * 50, b"\x00" * 5000, b"{}"])
def test_what_is_no_film_is_refused(tmp_path, content):
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    assert "no film or sound file" in refusal(path)


def test_still_pictures_are_refused(tmp_path):
    from PIL import Image

    Image.new("RGB", (64, 64)).save(tmp_path / "film.png")
    (tmp_path / "film.png").rename(tmp_path / "film.mp4")
    assert "still picture (png)" in refusal(tmp_path / "film.mp4")


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:3,\n{film}\n#EXT-X-ENDLIST\n",
    "remote hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:3,\nhttp://127.0.0.1:9/a.ts\n",
    "concat": "ffconcat version 1.0\nfile '{film}'\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
    "<Period><AdaptationSet><Representation><BaseURL>{film}</BaseURL></Representation>"
    "</AdaptationSet></Period></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("suffix", [".m3u8", ".mp4", ".ffconcat"])
def test_playlists_reach_no_other_file(film, kind, suffix):
    path = film.parent / f"list{suffix}"
    path.write_text(PLAYLISTS[kind].format(film=film))
    assert "no film or sound file" in refusal(path)


def test_film_without_times_is_refused_with_advice(tmp_path):
    path = make_film(tmp_path / "film.h264", seconds=1)
    assert "put it into a container first" in refusal(path)


def test_absurd_dimensions_are_refused(tmp_path):
    path = make_film(tmp_path / "film.avi", seconds=1, audio=False, codec="rawvideo")
    data = path.read_bytes()
    absurd = data.replace((320).to_bytes(4, "little"), (60000).to_bytes(4, "little"))
    absurd = absurd.replace((180).to_bytes(4, "little"), (60000).to_bytes(4, "little"))
    path.write_bytes(absurd)
    refusal(path)


@pytest.mark.parametrize("days", [1, 40])
def test_absurd_durations_are_refused(tmp_path, days):
    frame_times = [0.0, 0.04, 0.08, days * 24 * 3600.0]
    path = make_film(tmp_path / "film.mkv", frame_times=frame_times, audio=False)
    assert "claims to last" in refusal(path)


@pytest.mark.dataset
def test_every_odd_and_real_film_can_be_probed(data_folder):
    for path in sorted((data_folder / "videos").glob("[os]*/*")):
        info = probe(path)
        assert 0 < info.duration_seconds < 30, path.name
        assert (info.video is None) == path.name.startswith("audio_only"), path.name


@pytest.mark.dataset
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ftyp_moov_only.mp4", "neither picture nor sound"),
        ("header_only.mp4", "no film or sound file"),
        ("mdat_all_zero.mp4", "neither picture nor sound"),
        ("moov_missing_truncated.mp4", "no film or sound file"),
        ("png_named.mp4", "still picture"),
        ("random_bytes.mp4", "no film or sound file"),
        ("text_file.mp4", "no film or sound file"),
        ("zero_bytes.mp4", "empty"),
    ],
)
def test_hopeless_files_are_refused(data_folder, name, reason):
    assert reason in refusal(data_folder / "videos" / "broken" / name)


def _flv_tag_at(data, place):
    """Where the first tag of an FLV file at or after a place begins: type, size, time, ..."""
    tag = 13
    while tag < place:
        tag += 11 + int.from_bytes(data[tag + 1 : tag + 4]) + 4
    return tag


def test_a_title_in_another_encoding_than_utf_8_shows_its_odd_bytes_as_replaced(tmp_path):
    path = tmp_path / "titled.mkv"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Cafeteria"
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(25):
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode(None))
    path.write_bytes(path.read_bytes().replace(b"Cafeteria", b"Caf\xe9teria"))
    assert probe(path).title == "Caf\N{REPLACEMENT CHARACTER}teria"


def test_an_encrypted_film_is_refused_in_one_line(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=2.0, size=(64, 48))
    key, number = "76a6c65c5ea762046bd749a2e632ccbb", "a7e61c373e219033c21091fa607bf3b8"
    options = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key]
    locked = convert_film(film, tmp_path / "locked.mp4", *options, "-encryption_kid", number)
    with pytest.raises(InputError, match="it is encrypted: decrypt it first"):
        probe(locked)


def test_dolby_vision_without_a_base_layer_is_said(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=2.0, size=(64, 48), codec="libx265")
    named = convert_film(film, tmp_path / "dolby.mp4", "-tag:v", "dvh1", "-strict", "unofficial")
    assert not probe(film).problems
    assert "Dolby Vision" in probe(named).problems[0]


def convert_film(film, path, *options):
    """Copy the streams of a film with options of FFmpeg."""
    run_ffmpeg("-i", film, "-c", "copy", *options, path)
    return path
