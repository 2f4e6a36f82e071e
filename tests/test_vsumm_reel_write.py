"""Reels of made films: exact cuts, exact lengths, picture and sound at the same instant."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from cropped import crop_matroska, set_clean_aperture
from films import find_beeps, is_flash, join_films, make_film, read_frame_number, run_ffmpeg
from reels import encode_here
from sounds import read_sound

from vsumm.decode import read_frames
from vsumm.media.info import probe
from vsumm.media.segments import Segment
from vsumm.reel.config import ReelConfig
from vsumm.reel.encoders import hdr10_parameters

SIZE = (192, 96)
RUNS = [Segment(1, 2), Segment(3, 4.6)]
RUN_SECONDS = 2.6
EVENTS = {"flashes": [1.4, 3.8], "beeps": [1.4, 3.8]}
EVENTS_IN_REEL = [0.4, 1.8]
SAMPLE = 0.001
"""Seconds by which a container may round a length."""
CODEC_BLUR = 0.02
"""Seconds by which a lossy codec smears the onset of a tone, and the sync that is asked for."""
LEAD_IN = 0.006
"""Seconds of the same by which the lead-in of AAC and MP3, 1105 samples, is longer."""


def film_at(path: Path, **options) -> Path:
    return make_film(path, **{"seconds": 5, "size": SIZE, **options})


@pytest.fixture(scope="module")
def plain_film(tmp_path_factory):
    return film_at(tmp_path_factory.mktemp("films") / "film.mp4", **EVENTS)


def reel_of(film: Path, folder: Path, runs=RUNS, suffix=".mp4", *, track=0, **settings) -> Path:
    reel = folder / f"reel{suffix}"
    encode_here(film, runs, reel, ReelConfig(**settings), audio_track=track)
    return reel


def pictures(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [(float(f.pts * f.time_base), f.to_ndarray(format="rgb24")) for f in frames]


def lengths(path: Path) -> dict[str, float]:
    """Length of each stream as the container states it, seconds."""
    with av.open(str(path)) as container:
        whole = container.duration / av.time_base
        return {
            s.type: whole if s.duration is None else float(s.duration * s.time_base)
            for s in container.streams
        }


def flash_times(path: Path, rotation: int = 0) -> list[float]:
    seen = [(time, is_flash(np.rot90(p, rotation // 90))) for time, p in pictures(path)]
    before = [False, *(is_on for _, is_on in seen)]
    return [time for (time, is_on), was_on in zip(seen, before, strict=False) if is_on > was_on]


def beep_times(path: Path) -> list[float]:
    samples, rate = read_sound(path)
    return find_beeps(samples[0], rate)


def test_a_run_holds_exactly_its_frames(plain_film, tmp_path):
    shown = pictures(reel_of(plain_film, tmp_path))
    assert [read_frame_number(p) for _, p in shown] == [*range(25, 50), *range(75, 115)]
    assert [time for time, _ in shown] == pytest.approx([k / 25 for k in range(65)])


def test_both_streams_are_as_long_as_the_runs(plain_film, tmp_path):
    found = lengths(reel_of(plain_film, tmp_path))
    assert found == pytest.approx({"video": RUN_SECONDS, "audio": RUN_SECONDS}, abs=SAMPLE)


def test_many_cuts_do_not_drift(tmp_path):
    rate = Fraction(30000, 1001)
    film = film_at(tmp_path / "film.mp4", frame_rate=rate, size=(64, 48))
    runs = [Segment(0.1 * k, 0.1 * k + 0.077) for k in range(48)]
    found = lengths(reel_of(film, tmp_path, runs))
    assert found["video"] == pytest.approx(48 * 0.077, abs=float(1 / rate))
    assert found["audio"] == pytest.approx(48 * 0.077, abs=SAMPLE)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi"])
def test_flash_and_beep_stay_together_in_every_container(plain_film, tmp_path, suffix):
    reel = reel_of(plain_film, tmp_path, suffix=suffix)
    assert flash_times(reel) == pytest.approx(EVENTS_IN_REEL, abs=SAMPLE)
    assert beep_times(reel) == pytest.approx(EVENTS_IN_REEL, abs=CODEC_BLUR)
    found = lengths(reel)
    assert found == pytest.approx({"video": RUN_SECONDS, "audio": RUN_SECONDS}, abs=0.04)


KINDS = {
    "offset": {"start_offset_seconds": 37.25, "suffix": ".mkv"},
    "transport stream": {"start_offset_seconds": 9.5, "suffix": ".ts"},
    "flash video": {"suffix": ".flv"},
    "webm": {"suffix": ".webm", "sample_rate": 48000},
    "avi": {"suffix": ".avi"},
    "sound first": {"video_start_seconds": 0.72},
    "picture first": {"audio_start_seconds": 0.65},
    "sound ends early": {"audio_seconds": 4.2},
    "sound ends late": {"audio_seconds": 8.0},
    "film rate": {"frame_rate": Fraction(24000, 1001)},
    "NTSC in milliseconds": {"frame_rate": Fraction(30000, 1001), "suffix": ".mkv"},
    "one frame a second": {"frame_rate": 1},
    "slow": {"frame_rate": 5},
    "fast": {"frame_rate": 100},
    "rotated": {"rotation": 90},
    "odd size": {"size": (191, 97), "codec": "ffv1", "suffix": ".mkv"},
    "8 kHz": {"sample_rate": 8000},
    "5.1": {"layout": "5.1", "sample_rate": 48000},
    "one key frame": {"gop_seconds": 60},
}


@pytest.mark.parametrize("kind", KINDS)
def test_flash_and_beep_stay_together_in_every_kind_of_film(tmp_path, kind):
    options = dict(KINDS[kind])
    film = film_at(tmp_path / f"film{options.pop('suffix', '.mp4')}", **EVENTS, **options)
    reel = reel_of(film, tmp_path)
    frame = 1 / float(options.get("frame_rate", 25))
    if frame < 0.2:  # a slower film need not show the flash at all
        found = flash_times(reel, options.get("rotation", 0))
        assert found == pytest.approx(EVENTS_IN_REEL, abs=frame + SAMPLE)
    # Where a container cannot say that sound begins with a lead-in, the film itself is late.
    assert beep_times(reel) == pytest.approx(EVENTS_IN_REEL, abs=CODEC_BLUR + LEAD_IN)
    found = lengths(reel)
    assert found["video"] == pytest.approx(RUN_SECONDS, abs=min(frame, 0.1))
    assert found["audio"] == pytest.approx(RUN_SECONDS, abs=SAMPLE)


def test_a_variable_rate_keeps_its_times(tmp_path):
    times = [*np.arange(0, 2, 0.05), *np.arange(2, 4, 0.5), *np.arange(4, 6, 0.025)]
    film = film_at(tmp_path / "film.mp4", frame_times=times, frame_rate=20)
    shown = pictures(reel_of(film, tmp_path, [Segment(1.5, 3.2), Segment(3.75, 4.5)]))
    inside = [(t - 1.5, n) for n, t in enumerate(times) if 1.5 - 1e-9 <= t < 3.2]
    # No frame begins at 3.75: the one that appeared at 3.5 fills the beginning.
    inside += [(1.7, times.index(3.5))]
    inside += [(t - 3.75 + 1.7, n) for n, t in enumerate(times) if 4 - 1e-9 <= t < 4.5]
    assert [time for time, _ in shown] == pytest.approx([t for t, _ in inside], abs=0.0001)
    assert [read_frame_number(p) for _, p in shown] == [n for _, n in inside]


def test_a_variable_rate_has_exact_lengths(tmp_path):
    times = [*np.arange(0, 2, 0.05), *np.arange(2, 4, 0.5), *np.arange(4, 5, 0.025)]
    film = film_at(tmp_path / "film.mp4", frame_times=times, frame_rate=20)
    found = lengths(reel_of(film, tmp_path, [Segment(1.5, 3.2), Segment(3.75, 4.9)]))
    assert found == pytest.approx({"video": 2.85, "audio": 2.85}, abs=SAMPLE)


def test_the_picture_is_black_before_its_beginning(tmp_path):
    film = film_at(tmp_path / "film.mp4", video_start_seconds=1.0)
    shown = pictures(reel_of(film, tmp_path, [Segment(0.5, 1.5)]))
    brightness = [p.max() for _, p in shown]
    assert max(brightness[:12]) < 10
    assert min(brightness[13:]) > 50


def test_the_last_frame_stays_where_the_sound_goes_on(tmp_path):
    film = film_at(tmp_path / "film.mp4", seconds=2, audio_seconds=4)
    shown = pictures(reel_of(film, tmp_path, [Segment(1, 3)]))
    assert [read_frame_number(p) for _, p in shown] == [*range(25, 50)] + [49] * 25


def test_a_rotated_film_comes_out_upright(tmp_path):
    film = film_at(tmp_path / "film.mp4", rotation=90)
    with av.open(str(reel_of(film, tmp_path))) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height, frame.rotation) == (96, 192, 0)
    assert read_frame_number(np.rot90(frame.to_ndarray(format="rgb24"))) == 25


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_mirrored_film_comes_out_upright(tmp_path, rotation):
    film = film_at(tmp_path / "film.mp4", rotation=rotation, mirrored=True)
    with av.open(str(reel_of(film, tmp_path))) as container:
        frame = next(container.decode(video=0))
    upright = frame.to_ndarray(format="rgb24")
    assert read_frame_number(np.rot90(upright[:, ::-1], rotation // 90)) == 25


def test_a_film_in_av1_loses_no_frame(tmp_path):
    film = film_at(tmp_path / "film.mp4", codec="libsvtav1")
    with av.open(str(reel_of(film, tmp_path, [Segment(1.12, 2.12)]))) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [read_frame_number(picture) for picture in pictures] == list(range(28, 53))


def test_an_odd_last_row_and_column_are_cropped(tmp_path):
    film = film_at(tmp_path / "film.mkv", size=(191, 97), codec="ffv1", pixel_format="yuv444p")
    _, picture = pictures(reel_of(film, tmp_path))[0]
    _, source = pictures(film)[25]
    assert picture.shape == (96, 190, 3)
    assert np.abs(picture.astype(int) - source[:96, :190]).mean() < 4


def test_a_film_that_is_turned_on_the_way_gets_bars(tmp_path):
    options = {"seconds": 3, "codec": "libvpx", "audio": False}
    parts = [film_at(tmp_path / f"{k}.webm", size=(192 // k, 96 * k), **options) for k in (1, 2)]
    film = join_films(tmp_path / "film.webm", *parts)
    shown = pictures(reel_of(film, tmp_path, [Segment(1, 2), Segment(4, 5)]))
    brightest = [picture.max(axis=(0, 2)) for _, picture in (shown[5], shown[-5])]
    assert brightest[0].min() > 50
    assert brightest[1][:64].max() < 10 < 50 < brightest[1][80:112].min()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_reel_says_when_the_film_was_made_and_in_which_language(tmp_path, suffix):
    film, dated = film_at(tmp_path / "film.mp4", languages=["deu"]), tmp_path / "dated.mp4"
    made = "2021-07-04T10:11:12.000000Z"
    tags = "-metadata", "title=Holiday", "-metadata", f"creation_time={made}"
    run_ffmpeg("-i", film, "-map", "0", "-c", "copy", *tags, dated)
    with av.open(str(reel_of(dated, tmp_path, suffix=suffix))) as container:
        assert container.metadata["title"] == "Holiday"
        assert container.metadata["creation_time"] == made
        assert container.streams.audio[0].language in ("deu", "ger")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_the_display_that_a_film_was_mastered_on_is_kept(tmp_path, suffix):
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    options = f"colorprim=bt2020:transfer=smpte2084:master-display={display}:max-cll=1000,400"
    film = film_at(
        tmp_path / "film.mp4",
        seconds=2,
        audio=False,
        codec="libx265",
        pixel_format="yuv420p10le",
        encoder_options={"x265-params": f"log-level=none:pools=none:hdr10=1:{options}"},
    )
    told = []
    for path in (film, reel_of(film, tmp_path, [Segment(0.5, 1.5)], suffix=suffix)):
        with av.open(str(path)) as container:
            told.append(hdr10_parameters(next(container.decode(video=0))))
    assert told[0] == [f"master-display={display}", "max-cll=1000,400"]
    assert told[1] == told[0]


def test_what_matroska_cuts_off_is_not_shown(tmp_path):
    film = film_at(tmp_path / "film.mkv", seconds=3, size=(192, 108))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(crop_matroska(film.read_bytes(), left=24, top=54))
    info = probe(cut)
    assert (info.video.width, info.video.height) == (168, 54)
    red = (200, 20, 20)  # at the left edge of the lower half, 24 columns wide
    with read_frames(info, [1.0], short_side=54) as reader:
        (frame,) = reader
    assert frame.pixels.shape == (54, 168, 3)
    (_, shown), *_ = pictures(reel_of(cut, tmp_path, [Segment(1, 2)]))
    assert shown.shape == (54, 168, 3)
    (_, plain), *_ = pictures(reel_of(film, tmp_path, [Segment(1, 2)], ".mkv"))
    assert np.abs(plain[80, 10].astype(int) - red).max() < 30
    for picture in (frame.pixels, shown):
        assert np.abs(picture.astype(int) - plain[54:, 24:]).mean() < 6


@pytest.mark.parametrize("resize", [False, True])
def test_what_lies_outside_a_clean_aperture_is_not_shown(tmp_path, resize):
    film = film_at(tmp_path / "film.mp4", seconds=3, size=(192, 108))
    (_, plain), *_ = pictures(reel_of(film, tmp_path, [Segment(1, 2)], ".mkv"))
    # Of 192 x 108: 168 x 54 whose middle is 12 right of and 27 below the middle.
    set_clean_aperture(film, (168, 54), (12, 27), resize=resize)
    info = probe(film)
    assert (info.video.width, info.video.height) == (168, 54)
    assert info.video.crop == (24, 54, 0, 0)
    with read_frames(info, [1.0], short_side=54) as reader:
        (frame,) = reader
    (_, shown), *_ = pictures(reel_of(film, tmp_path, [Segment(1, 2)]))
    for picture in (frame.pixels, shown):
        assert picture.shape == (54, 168, 3)
        assert np.abs(picture.astype(int) - plain[54:, 24:]).mean() < 6


def test_a_clean_aperture_beyond_the_picture_is_not_believed(tmp_path):
    film = film_at(tmp_path / "film.mp4", seconds=1)
    assert probe(set_clean_aperture(film, (400, 90))).video.crop == (0, 0, 0, 0)


def test_samples_become_square(tmp_path):
    film = film_at(tmp_path / "film.mkv", sample_aspect_ratio=Fraction(4, 3))
    with av.open(str(reel_of(film, tmp_path))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (256, 96)
        assert stream.sample_aspect_ratio in (None, 0, 1)


def test_a_film_without_sound_gives_picture_only(tmp_path):
    film = film_at(tmp_path / "film.mp4", audio=False)
    assert set(lengths(reel_of(film, tmp_path))) == {"video"}


SOUND_FILES = [".m4a", ".mp3", ".wav", ".flac", ".ogg", ".opus", ".mp4", ".mkv", ".webm"]


@pytest.mark.parametrize("suffix", SOUND_FILES)
def test_sound_alone_gives_sound_alone(tmp_path, suffix):
    film = film_at(tmp_path / "film.m4a", beeps=[1.4, 3.8])
    reel = reel_of(film, tmp_path, suffix=suffix)
    assert beep_times(reel) == pytest.approx(EVENTS_IN_REEL, abs=CODEC_BLUR)
    assert set(lengths(reel)) == {"audio"}
    assert lengths(reel)["audio"] == pytest.approx(RUN_SECONDS, abs=0.03)


def test_a_sound_file_takes_the_sound_of_a_film(plain_film, tmp_path):
    assert set(lengths(reel_of(plain_film, tmp_path, suffix=".m4a"))) == {"audio"}


def test_the_track_that_was_asked_for_is_taken(tmp_path):
    film = film_at(tmp_path / "film.mkv", num_audio_tracks=2, loudness=0.2)
    samples, rate = read_sound(reel_of(film, tmp_path, track=1, suffix=".wav"))
    assert np.argmax(np.abs(np.fft.rfft(samples[0, :rate]))) == pytest.approx(220, abs=2)


@pytest.mark.parametrize(
    ("layout", "suffix", "rate", "channels"),
    [
        ("5.1", ".mp4", 44100, 6),
        ("5.1", ".webm", 48000, 6),
        ("5.1", ".mp3", 44100, 2),
        ("5.1", ".flac", 44100, 6),
        ("7.1", ".mp4", 44100, 8),
        ("7.1", ".flac", 44100, 8),
    ],
)
def test_channels_and_rate_are_kept_where_the_codec_has_them(
    tmp_path, layout, suffix, rate, channels
):
    film = film_at(tmp_path / "film.mkv", seconds=2, layout=layout, sample_rate=44100)
    samples, found = read_sound(reel_of(film, tmp_path, [Segment(0, 1)], suffix))
    assert (found, len(samples)) == (rate, channels)


def test_cuts_do_not_click(tmp_path):
    film = film_at(tmp_path / "film.wav", loudness=0.5, sample_rate=48000)
    runs = [Segment(k + 0.123, k + 0.456) for k in range(4)]
    samples, _ = read_sound(reel_of(film, tmp_path, runs, ".wav"))
    steepest = 0.5 * 2 * np.pi * 110 / 48000
    assert np.abs(np.diff(samples[0])).max() < 1.5 * steepest


@pytest.mark.parametrize("kind", ["jitter", "short blocks"])
def test_a_steady_tone_stays_unbroken(tmp_path, kind):
    film = film_at(tmp_path / "film.mkv", loudness=0.5, sample_rate=48000)
    odd = tmp_path / "odd.mkv"
    if kind == "jitter":
        delay_every_other_block(film, odd, ticks=12)
    else:
        run_ffmpeg("-i", film, "-c:v", "copy", "-c:a", "truehd", "-strict", "-2", odd)
    reel = tmp_path / "reel.wav"
    report = encode_here(odd, [Segment(1, 3)], reel)
    samples, rate = read_sound(reel)
    assert report.silent_seconds == 0
    loud = np.flatnonzero(np.abs(samples[0, rate // 50 : -rate // 50]) > 0.05)
    assert np.diff(loud).max() < rate / 1000  # a tone is near zero for a third of that


def delay_every_other_block(film: Path, target: Path, *, ticks: int) -> None:
    """Copy a film with late timestamps for half of its packets of sound."""
    with av.open(str(film)) as source, av.open(str(target), "w") as container:
        streams = [container.add_stream_from_template(stream) for stream in source.streams]
        num_blocks = 0
        for packet in source.demux():
            if packet.dts is None and packet.size == 0:
                continue
            if packet.stream.type == "audio":
                num_blocks += 1
                packet.pts += ticks * (num_blocks % 2)
                packet.dts = packet.pts
            packet.stream = streams[packet.stream_index]
            container.mux(packet)


def test_a_pause_without_packets_is_no_loss(tmp_path):
    film = film_at(tmp_path / "film.mkv", loudness=0.5, sample_rate=48000)
    paused = tmp_path / "paused.mkv"
    with av.open(str(film)) as source, av.open(str(paused), "w") as container:
        streams = [container.add_stream_from_template(stream) for stream in source.streams]
        for packet in source.demux():
            is_flush = packet.dts is None and packet.size == 0
            is_quiet = packet.stream.type == "audio" and 1000 <= (packet.pts or 0) < 3000
            if not is_flush and not is_quiet:
                packet.stream = streams[packet.stream_index]
                container.mux(packet)
    report = encode_here(paused, [Segment(0.5, 3.5)], tmp_path / "reel.wav")
    assert report.silent_seconds == 0
    samples, rate = read_sound(tmp_path / "reel.wav")
    assert np.abs(samples[0, rate : 2 * rate]).max() == 0
    assert np.abs(samples[0, : rate // 4]).max() > 0.3


def test_samples_are_copied_exactly_away_from_the_cuts(tmp_path):
    film = film_at(tmp_path / "film.wav", loudness=0.5, sample_rate=48000)
    samples, _ = read_sound(reel_of(film, tmp_path, [Segment(1, 2), Segment(3, 4)], ".wav"))
    source, _ = read_sound(film)
    assert samples.shape[1] == 96000
    np.testing.assert_allclose(samples[0, 1000:47000], source[0, 49000:95000], atol=2 / 32768)
    np.testing.assert_allclose(samples[0, 49000:95000], source[0, 145000:191000], atol=2 / 32768)
