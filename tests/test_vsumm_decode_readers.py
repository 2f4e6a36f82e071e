from bisect import bisect_right
from fractions import Fraction

import av
import numpy as np
import pytest
from av.codec.context import Flags
from films import (
    BEEP_SECONDS,
    find_beeps,
    is_flash,
    make_film,
    read_frame_number,
    run_ffmpeg,
    trim_film,
)

from vsumm.decode import read_audio, read_frames
from vsumm.errors import NoSignalError
from vsumm.media import scaled_size
from vsumm.media.info import probe
from vsumm.media.report import DecodeReport

AUDIO_TOLERANCE_SECONDS = 0.005
"""Codecs smear the beginning of a tone over a few milliseconds."""


def numbers_at(path, times, **options):
    with read_frames(probe(path), times, **options) as reader:
        return [read_frame_number(frame.pixels) for frame in reader]


def sound_of(path, *, track=0):
    with read_audio(probe(path), track=track) as reader:
        return np.concatenate([block.samples for block in reader])


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov", ".avi", ".ts", ".flv", ".gif", ".apng"])
def test_frames_are_those_on_screen(tmp_path, suffix):
    path = make_film(tmp_path / f"film{suffix}", seconds=4)
    start = probe(path).video.start_seconds
    times = [start + time for time in (0.02, 1.0, 1.99, 3.5)]
    assert numbers_at(path, times) == [0, 25, 49, 87]


def test_the_first_frames_are_exact_where_the_file_does_not_say_when_they_are_decoded(tmp_path):
    options = {"x264-params": "b-adapt=0"}
    path = make_film(tmp_path / "film.mkv", seconds=2, b_frames=8, encoder_options=options)
    assert numbers_at(path, [0.1, 0.14, 0.5]) == [2, 3, 12]


def test_frames_of_a_variable_rate_film(tmp_path):
    frame_times = [0, 0.1, 0.5, 2, 2.04, 3, 5.5]
    path = make_film(tmp_path / "film.mp4", frame_times=frame_times)
    times = [0.05, 0.5, 1.9, 2.03, 2.99, 5.4]
    assert numbers_at(path, times) == [bisect_right(frame_times, time) - 1 for time in times]


def test_flash_and_beep_share_one_clock(tmp_path):
    path = make_film(
        tmp_path / "film.ts", flashes=[3], beeps=[3], video_start_seconds=0.6,
        start_offset_seconds=36000,
    )  # fmt: skip
    times = np.arange(0, 5.9, 0.04)
    with read_frames(probe(path), times) as reader:
        flash = next(frame.time_seconds for frame in reader if is_flash(frame.pixels))
    beep = find_beeps(sound_of(path), 16000)[0]
    assert abs(flash - beep) < 0.04 + 0.02


def test_sound_is_the_mean_of_its_channels(tmp_path):
    path = make_film(tmp_path / "film.mkv", layout="5.1", audio_codec="flac", beeps=[2])
    samples = sound_of(path)
    beep = samples[2 * 16000 : int((2 + BEEP_SECONDS) * 16000)]
    assert abs(np.abs(beep[800:-800]).max() - 0.8) < 0.05
    assert find_beeps(samples, 16000) == pytest.approx([2], abs=AUDIO_TOLERANCE_SECONDS)


@pytest.mark.parametrize("audio_codec", ["aac", "flac", "pcm_s16le"])
def test_eight_channels(tmp_path, audio_codec):
    path = make_film(tmp_path / "film.mkv", layout="7.1", audio_codec=audio_codec, beeps=[2])
    samples = sound_of(path)
    assert find_beeps(samples, 16000) == pytest.approx([2], abs=AUDIO_TOLERANCE_SECONDS)


def test_channels_that_cancel_each_other_are_not_silent(tmp_path):
    options = {"layout": "stereo", "is_antiphase": True, "audio_codec": "pcm_s16le"}
    path = make_film(tmp_path / "film.mkv", seconds=3, beeps=[1.0], **options)
    assert find_beeps(sound_of(path), 16000) == [pytest.approx(1, abs=0.01)]


def test_late_sound_is_preceded_by_silence(tmp_path):
    path = make_film(tmp_path / "film.mp4", audio_start_seconds=1.5, beeps=[3])
    samples = sound_of(path)
    assert np.abs(samples[: int(1.4 * 16000)]).max() == 0
    assert find_beeps(samples, 16000) == pytest.approx([3], abs=AUDIO_TOLERANCE_SECONDS)


def test_what_an_edit_list_leaves_out_is_no_damage(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=12, beeps=[6.0], gop_seconds=3.0)
    trim_film(path, 4.2, 10)
    times = [k / 5 + 0.01 for k in range(28)]
    frames, report = read_all(path, times)
    assert [read_frame_number(f.pixels) for f in frames] == [int(25 * (t + 4.2)) for t in times]
    assert report.unreadable_seconds == 0
    with read_audio(probe(path)) as reader:
        samples = np.concatenate([block.samples for block in reader])
    assert find_beeps(samples, 16000) == [pytest.approx(1.8, abs=0.03)]
    assert reader.report.unreadable_seconds == 0


def test_missing_track_is_an_error(tmp_path):
    info = probe(make_film(tmp_path / "film.mp4", audio=False))
    with pytest.raises(NoSignalError, match="no audio track 0"):
        read_audio(info)


def read_all(path, times, **options):
    """The frames and the report of a reader."""
    reader = read_frames(probe(path), times, **options)
    return list(reader), reader.report


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def overwrite(path, begin, end, *, filler=b"\x00"):
    data = bytearray(path.read_bytes())
    first, last = int(len(data) * begin), int(len(data) * end)
    data[first:last] = filler * (last - first)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("codec", "pixel_format"),
    [
        ("libx264", "yuv444p"),
        ("libx265", "yuv420p10le"),
        ("prores_ks", "yuv422p10le"),
        ("mjpeg", "yuvj420p"),
    ],
)
def test_codecs_and_pixel_formats(tmp_path, codec, pixel_format):
    path = make_film(tmp_path / "film.mov", seconds=3, codec=codec, pixel_format=pixel_format)
    assert numbers_at(path, [0.5, 1.3, 2.9]) == [12, 32, 72]


def test_av1(tmp_path):
    path = make_film(tmp_path / "film.mkv", seconds=3, codec="libsvtav1")
    numbers = [13, 14, 15, 16, 41, 42, 43, 44, 71]
    assert numbers_at(path, [(number + 0.5) / 25 for number in numbers]) == numbers


def test_a_palette_that_comes_with_the_first_frame_only(tmp_path):
    path = tmp_path / "film.avi"
    palette = np.full((256, 4), (255, 10, 200, 90), np.uint8)  # alpha, red, green, blue
    with av.open(str(path), "w") as container:
        stream = container.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "pal8"
        for number in range(75):
            indices = np.full((36, 64), number, np.uint8)
            frame = av.VideoFrame.from_ndarray((indices, palette), "pal8")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    frames, _ = read_all(path, [0.5, 2.5])
    for frame in frames:
        np.testing.assert_allclose(frame.pixels[0, 0].astype(int), [10, 200, 90], atol=1)


def test_one_field_of_an_interlaced_film_is_shown(tmp_path):
    path = tmp_path / "film.ts"
    picture = np.full((144, 176, 3), 40, np.uint8)
    picture[::2] = 200  # the first field is bright, the second one dark
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 176, 144, "yuv420p"
        stream.codec_context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        stream.codec_context.bit_rate = 4_000_000
        for number in range(25):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    for short_side in (144, 100, 64):
        ((frame,), _) = read_all(path, [0.5], short_side=short_side)
        assert frame.pixels.std(axis=(0, 1)).max() < 10


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_frames_come_upright(tmp_path, rotation, mirrored):
    path = make_film(tmp_path / "film.mp4", seconds=1, rotation=rotation, mirrored=mirrored)
    ((frame,), _) = read_all(path, [0.5])
    turned = frame.pixels[:, ::-1] if mirrored else frame.pixels
    assert read_frame_number(np.rot90(turned, rotation // 90)) == 12


def test_frames_have_square_samples_and_the_wanted_short_side(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=1, sample_aspect_ratio=Fraction(2), audio=False)
    ((wide,), _) = read_all(path, [0.5])
    ((small,), _) = read_all(path, [0.5], short_side=90)
    assert wide.pixels.shape == (180, 640, 3)
    assert small.pixels.shape == (90, 320, 3)
    assert read_frame_number(small.pixels) == 12


@pytest.mark.parametrize("size", [(322, 182), (34, 450), (2, 2)])
def test_sizes_out_of_the_ordinary(tmp_path, size):
    path = make_film(tmp_path / "film.mp4", seconds=1, size=size)
    ((frame,), _) = read_all(path, [0.5])
    assert frame.pixels.shape[1::-1] == scaled_size(*size, 256)


def test_hdr_film_is_mapped_to_the_screen(tmp_path):
    path = make_film(
        tmp_path / "film.mp4", seconds=1, codec="libx265", pixel_format="yuv420p10le",
        encoder_options={"x265-params": "log-level=none:transfer=smpte2084:colorprim=bt2020"},
    )  # fmt: skip
    info = probe(path)
    ((mapped,), _) = read_all(path, [0.5])
    assert info.video.transfer == 16
    assert read_frame_number(mapped.pixels) == 12
    # The bars of 235 are brighter than diffuse white in PQ, those of 16 nearly without light.
    assert mapped.pixels[:80].max() > 250
    assert mapped.pixels[:80].min() < 12


def test_transparent_film_is_shown_over_black(tmp_path):
    path = make_film(tmp_path / "film.mov", seconds=1, codec="png", pixel_format="rgba")
    ((frame,), _) = read_all(path, [0.5])
    assert read_frame_number(frame.pixels) == 12


@pytest.mark.parametrize("frame_rate", [1, 240, Fraction(30000, 1001)])
def test_frame_rates(tmp_path, frame_rate):
    path = make_film(tmp_path / "film.mp4", seconds=4, frame_rate=frame_rate, size=(160, 90))
    times = [0.5, 1.7, 3.3]
    expected = [int(time * frame_rate) for time in times]
    assert numbers_at(path, times) == expected


def test_times_before_the_first_frame_show_it(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=4, video_start_seconds=1.5)
    frames, report = read_all(path, [0, 1, 2])
    assert [read_frame_number(frame.pixels) for frame in frames] == [0, 0, 12]
    assert frames[0].time_seconds == 1.5
    assert report.unreadable_seconds == 0


def test_times_after_the_picture_are_left_out_and_not_lost(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=3, audio_seconds=8)
    frames, report = read_all(path, [1, 2, 3.5, 7])
    assert [frame.index for frame in frames] == [0, 1]
    assert (report.unreadable_seconds, report.reasons) == (0, ())


def test_equal_times_and_unordered_times(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=2)
    assert numbers_at(path, [1, 1, 1.001]) == [25, 25, 25]
    assert numbers_at(path, []) == []
    with pytest.raises(ValueError, match="ascend"):
        numbers_at(path, [1, 0])
    with pytest.raises(ValueError, match="finite"):
        numbers_at(path, [0, float("inf")])


def test_a_key_frame_soon_after_may_stand_in(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=8, gop_seconds=2.0)
    times, latest = [0.0, 0.5, 1.5, 2.5, 4.0, 5.1], [0.5, 1.5, 2.5, 4.0, 5.0, 8.0]
    frames, _ = read_all(path, times, latest_seconds=latest)
    assert [read_frame_number(frame.pixels) for frame in frames] == [0, 12, 50, 62, 100, 150]
    assert [frame.time_seconds for frame in frames] == pytest.approx([0, 0.48, 2, 2.48, 4, 6])


def test_of_several_key_frames_the_first_stands_in(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=8, gop_seconds=0.4)
    frames, _ = read_all(path, [0.1, 3.9, 7.9], latest_seconds=[3.9, 7.9, 9.0])
    assert [read_frame_number(frame.pixels) for frame in frames] == [10, 100, 197]


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".mp4", {"b_frames": 0}),
        (".mp4", {"b_frames": 3, "encoder_options": {"x264-params": "b-pyramid=normal"}}),
        (".mkv", {"b_frames": 8, "encoder_options": {"x264-params": "open-gop=1:b-adapt=0"}}),
        (".ts", {"b_frames": 3, "frame_rate": 5}),
        (".mp4", {"b_frames": 4, "codec": "libx265"}),
        (".webm", {"gop_seconds": 4.0}),
    ],
)
def test_a_stand_in_is_a_key_frame_or_else_the_first_in_the_file(tmp_path, suffix, options):
    options = {"seconds": 8, "frame_rate": 25, "gop_seconds": 1.7, "audio": False, **options}
    path = make_film(tmp_path / f"film{suffix}", **options)
    info = probe(path)
    in_file = packet_times(path, info.start_seconds)
    rng = np.random.default_rng(0)
    borders = np.cumsum([0.1, *rng.choice([0.06, 0.3, 1.0], 40)])
    borders = borders[borders < 7.8]
    times, latest = borders[:-1], borders[1:]
    frames, _ = read_all(path, times, latest_seconds=latest)
    assert [frame.index for frame in frames] == list(range(len(times)))
    for frame, time, late in zip(frames, times, latest, strict=True):
        on_screen = max(t for t, _ in in_file if t <= time + 1e-6)
        usable = [(t, is_key) for t, is_key in in_file if on_screen <= t < late - 1e-6]
        keys = [on_screen for t, is_key in usable if is_key and t == on_screen]
        keys = keys or sorted(t for t, is_key in usable if is_key)
        assert frame.time_seconds == pytest.approx((keys or [t for t, _ in usable])[0], abs=1e-4)
        number = round((frame.time_seconds - info.video.start_seconds) * options["frame_rate"])
        assert read_frame_number(frame.pixels) == number


def packet_times(path, start_seconds):
    """Times on the presentation clock of all pictures in file order, and whether each is a key."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    times = [float(packet.pts * packet.time_base) - start_seconds for packet in packets]
    return [(t, packet.is_keyframe) for t, packet in zip(times, packets, strict=True)]


def test_two_processes_read_what_one_reads(tmp_path, monkeypatch):
    path = make_film(tmp_path / "film.mp4", seconds=8, gop_seconds=1.7)
    times = [k * 0.35 for k in range(23)]
    latest = [time + 0.3 for time in times]
    frames, _ = read_all(path, times, latest_seconds=latest)
    monkeypatch.setattr("vsumm.decode.frame_reader.LANE_PIXELS", 1)
    monkeypatch.setattr("vsumm.decode.frame_reader.LANE_TIMES", 5)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    both, report = read_all(path, times, latest_seconds=latest)
    assert [frame.index for frame in both] == list(range(23))
    assert [f.time_seconds for f in both] == [f.time_seconds for f in frames]
    assert [f.coded for f in both] == [f.coded for f in frames]
    assert all(np.array_equal(f.pixels, g.pixels) for f, g in zip(frames, both, strict=True))
    assert report.unreadable_seconds == 0


@pytest.mark.parametrize("latest", [[0.5], [0.9, 4.0], [2.1, 4.0]])
def test_a_stand_in_comes_between_its_time_and_the_next(tmp_path, latest):
    path = make_film(tmp_path / "film.mp4", seconds=4)
    with pytest.raises(ValueError, match="latest_seconds"):
        read_frames(probe(path), [1.0, 2.0], latest_seconds=latest)


@pytest.mark.slow
def test_far_apart_times_are_found_by_seeking(tmp_path):
    path = make_film(tmp_path / "film.mkv", seconds=90, frame_rate=5, size=(96, 64))
    assert numbers_at(path, [0, 30, 31, 89]) == [0, 150, 155, 445]


@pytest.mark.parametrize(
    "x264_params", ["intra-refresh=1:keyint=50", "open-gop=1:keyint=50:bframes=4", "bframes=0"]
)
@pytest.mark.parametrize("suffix", [".mkv", ".ts"])
def test_key_frames_that_are_no_clean_start(tmp_path, x264_params, suffix):
    path = make_film(
        tmp_path / f"film{suffix}", seconds=9, audio=False, encoder_options={
            "x264-params": x264_params
        },
    )  # fmt: skip
    times = np.arange(0.3, 9, 0.9)
    assert numbers_at(path, times) == [int(time * 25 + 1e-6) for time in times]


def test_decord_sees_the_same_frames(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=4, rotation=90)
    times = np.arange(0.1, 4, 0.3)
    ours, _ = read_all(path, times)
    theirs, report = read_all(path, times, decoder="decord")
    assert report.decoder == "decord"
    assert [frame.time_seconds for frame in ours] == [frame.time_seconds for frame in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert np.abs(mine.pixels.astype(int) - other.pixels).mean() < 1


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi", "flv", "wmv"])
def test_a_cut_film_is_used_up_to_the_cut(tmp_path, suffix):
    options = {"movflags": "faststart"} if suffix == "mp4" else {}
    path = make_film(tmp_path / f"film.{suffix}", seconds=12, container_options=options)
    start = probe(path).video.start_seconds
    cut(path, 0.6)
    times = start + np.arange(0.25, 12, 0.5)
    frames, report = read_all(path, times)
    assert len(frames) >= 10
    numbers = [read_frame_number(frame.pixels) for frame in frames]
    if suffix != "ts":
        expected = [int((times[frame.index] - start) * 25 + 1e-6) for frame in frames]
        assert numbers[:-2] == expected[:-2]
    if suffix != "ts":  # a stream cut short is a complete shorter stream
        assert report.reasons[-1] == "the file ends early"
        assert report.unreadable_seconds == pytest.approx(12 - len(frames) / 2, abs=0.6)


@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "wmv"])
def test_cut_sound_says_what_is_missing(tmp_path, suffix):
    options = {"movflags": "faststart"} if suffix == "m4a" else {}
    path = tmp_path / f"sound.{suffix}"
    make_film(path, seconds=12, video=False, container_options=options)
    cut(path, 0.6)
    with read_audio(probe(path)) as reader:
        num_samples = sum(len(block.samples) for block in reader)
    assert reader.report.wanted_seconds == pytest.approx(12, abs=0.1)
    lost = 12 - num_samples / 16000
    assert 3 < lost < 6
    assert reader.report.unreadable_seconds == pytest.approx(lost, abs=0.2)


def test_a_film_that_is_cut_where_a_fragment_is_described_is_used(tmp_path):
    options = {"movflags": "frag_keyframe+empty_moov"}
    path = make_film(
        tmp_path / "film.mp4", seconds=12, audio=False, b_frames=0, container_options=options
    )
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"moof") + 100])  # the last one of six
    info = probe(path)
    assert info.duration_seconds == pytest.approx(10, abs=0.1)
    assert numbers_at(path, [0.5, 9.5]) == [12, 237]


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts", "film.avi"])
@pytest.mark.parametrize("filler", [b"\x00", b"\xa5"])
def test_a_hole_is_left_out_and_counted(tmp_path, name, filler):
    path = make_film(tmp_path / name, seconds=12, gop_seconds=1.0)
    start = probe(path).video.start_seconds
    overwrite(path, 0.4, 0.6, filler=filler)
    times = start + np.arange(0.25, 12, 0.5)
    frames, report = read_all(path, times)
    numbers = {f.index: read_frame_number(f.pixels) for f in frames}
    good = [index for index in numbers if index < 8 or index > 16]
    assert len(good) == 15
    assert all(abs(numbers[i] - int((times[i] - start) * 25 + 1e-6)) <= 1 for i in good)
    assert 1 <= report.unreadable_seconds <= 4


def test_sound_with_a_hole_keeps_its_clock(tmp_path):
    path = make_film(tmp_path / "film.mkv", seconds=12, beeps=[1, 11], video=False)
    overwrite(path, 0.4, 0.6)
    reader = read_audio(probe(path))
    samples = np.concatenate([block.samples for block in reader])
    assert find_beeps(samples, 16000) == pytest.approx([1, 11], abs=0.02)


@pytest.mark.parametrize("name", ["film.mkv", "film.ts"])
def test_packets_that_are_missing_are_lost_but_a_pause_is_none(tmp_path, name):
    path = make_film(tmp_path / name, seconds=12, gop_seconds=1.0)
    lost = []
    for lasting in ("video", "nothing"):
        part = leave_out(path, tmp_path / f"{lasting}{path.suffix}", 4.0, 7.0, lasting)
        reader = read_audio(probe(part))
        assert sum(len(block.samples) for block in reader) / 16000 == pytest.approx(12, abs=0.2)
        lost.append(reader.report.unreadable_seconds)
    assert lost == [0, pytest.approx(3, abs=0.1)]


def leave_out(path, target, first_seconds, last_seconds, lasting):
    """Copy a film without the packets between two times, except those of one kind."""
    with av.open(str(path)) as source, av.open(str(target), "w") as container:
        streams = [container.add_stream_from_template(stream) for stream in source.streams]
        start = source.start_time / av.time_base
        for packet in source.demux():
            if packet.dts is None:
                continue
            time = packet.pts * packet.time_base - start
            if packet.stream.type == lasting or not first_seconds <= time < last_seconds:
                packet.stream = streams[packet.stream_index]
                container.mux(packet)
    return target


def test_an_overlap_is_cut_once(tmp_path):
    path = make_film(tmp_path / "film.mka", seconds=12, video=False, beeps=[2, 8])
    part = tmp_path / "part.mka"
    with av.open(str(path)) as source, av.open(str(part), "w") as container:
        stream = container.add_stream_from_template(source.streams[0])
        for packet in source.demux():
            if packet.dts is not None:
                packet.pts += 300 if packet.pts < 6000 else 0
                packet.stream = stream
                container.mux(packet)
    assert find_beeps(sound_of(part), 16000) == pytest.approx([2, 7.7], abs=0.03)


def test_a_pause_of_sound_alone_is_no_loss(tmp_path):
    path = make_film(tmp_path / "film.mka", seconds=12, video=False)
    part = leave_out(path, tmp_path / "part.mka", 4.0, 7.0, "nothing")
    reader = read_audio(probe(part))
    assert sum(len(block.samples) for block in reader) / 16000 == pytest.approx(12, abs=0.2)
    assert reader.report.unreadable_seconds == 0


def test_blocks_shorter_than_a_tick_of_the_clock_are_all_read(tmp_path):
    plain = make_film(tmp_path / "plain.mkv", seconds=3, sample_rate=48000, loudness=0.5)
    path = tmp_path / "film.mkv"
    run_ffmpeg("-i", plain, "-c:v", "copy", "-c:a", "truehd", "-strict", "-2", path)
    samples = sound_of(path)
    power = np.square(samples[: len(samples) // 160 * 160]).reshape(-1, 160).mean(axis=1)
    assert power[2:-2].min() > 0.01


def test_sound_of_a_cut_film_counts_what_is_lost(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=12, container_options={"movflags": "faststart"})
    cut(path, 0.6)
    reader = read_audio(probe(path))
    seconds = sum(len(block.samples) for block in reader) / 16000
    assert 4 < seconds < 10
    assert "the sound ends early" in reader.report.reasons
    assert reader.report.unreadable_seconds == pytest.approx(12 - seconds, abs=0.3)


@pytest.mark.parametrize(
    ("audio_codec", "suffix", "sample_rate"),
    [("pcm_s16le", ".wav", 8000), ("pcm_u8", ".wav", 8000), ("pcm_s24le", ".wav", 48000),
     ("pcm_f32le", ".wav", 44100), ("flac", ".mkv", 96000), ("libmp3lame", ".mp3", 44100)],
)  # fmt: skip
def test_sound_formats(tmp_path, audio_codec, suffix, sample_rate):
    path = make_film(
        tmp_path / f"film{suffix}", seconds=3, video=False, audio_codec=audio_codec,
        sample_rate=sample_rate, beeps=[1], layout="stereo",
    )  # fmt: skip
    samples = sound_of(path)
    assert find_beeps(samples, 16000) == pytest.approx([1], abs=0.03)
    assert np.abs(samples).max() == pytest.approx(0.8, abs=0.05)
    assert len(samples) / 16000 == pytest.approx(3, abs=0.06)


def test_each_track_is_its_own(tmp_path):
    path = make_film(tmp_path / "film.mkv", seconds=4, num_audio_tracks=2, loudness=0.2)
    pitches = [np.abs(np.fft.rfft(sound_of(path, track=k)[:32000])).argmax() / 2 for k in (0, 1)]
    assert pitches == pytest.approx([110, 220], abs=1)


def test_blocks_of_sound_are_contiguous(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=11)
    blocks = list(read_audio(probe(path), sample_rate=22050))
    ends = np.cumsum([len(block.samples) for block in blocks]) / 22050
    starts = [block.start_seconds for block in blocks]
    assert starts == pytest.approx([0, *ends[:-1]])
    assert len(blocks) > 2
    assert ends[-1] == pytest.approx(11, abs=1 / 22050)
    assert blocks[0].samples.dtype == np.float32


def test_report_is_plain_before_and_after(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=4)
    reader = read_frames(probe(path), [1, 3])
    list(reader)
    assert reader.report == DecodeReport("pyav", 4.0, 0.0, ())
    assert reader.report.unreadable_share == 0


BROKEN = {
    "bytes_corrupted.ts": "partly",
    "bytes_corrupted_middle.mp4": "partly",
    "mkv_named.mp4": "whole",
    "tail_truncated.mkv": "partly",
    "tail_truncated_faststart.mp4": "partly",
    "trailing_garbage.mp4": "whole",
    "zero_hole_middle.mp4": "partly",
}


@pytest.mark.slow
@pytest.mark.dataset
@pytest.mark.parametrize("folder", ["odd", "short", "broken"])
def test_every_usable_file_is_read(data_folder, folder):
    for path in sorted((data_folder / "videos" / folder).iterdir()):
        if folder == "broken" and path.name not in BROKEN:
            continue
        info = probe(path)
        lost = 0.0
        if info.video is not None:
            end = info.video.start_seconds + info.video.duration_seconds
            frames, report = read_all(path, np.arange(0, end, 0.5))
            lost += report.unreadable_seconds
            assert len(frames) > 0, path.name
        for track in range(len(info.audio)):
            reader = read_audio(info, track=track)
            seconds = sum(len(block.samples) for block in reader) / 16000
            lost += reader.report.unreadable_seconds
            assert 0 < seconds < info.duration_seconds + 0.1, path.name
        is_damaged = BROKEN.get(path.name) == "partly" or path.name == "decord_corrupted.mp4"
        assert (lost > 0) == is_damaged, path.name
