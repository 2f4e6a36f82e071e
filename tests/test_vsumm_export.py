"""Reels of made films: exact cuts, exact lengths, picture and sound at the same instant."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from films import find_beeps, is_flash, make_film, read_frame_number

from vsumm.errors import NoSignalError, OutputError
from vsumm.export import write_reel
from vsumm.probe import probe
from vsumm.segments import Segment

RUNS = [Segment(1, 2), Segment(3, 4.6)]
RUN_SECONDS = 2.6
SAMPLE = 0.001
"""Seconds by which a container may round a length."""
CODEC_BLUR = 0.02
"""Seconds by which the onset of a tone is smeared by a lossy codec, and the sync that is asked."""


def reel_of(film: Path, runs=RUNS, suffix=".mp4", **options) -> Path:
    return write_reel(probe(film), runs, film.with_name("reel" + suffix), **options)


def pictures(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [
            (float(f.pts * f.time_base), f.to_ndarray(format="rgb24"))
            for f in container.decode(video=0)
        ]


def sound(path: Path, track: int = 0) -> tuple[np.ndarray, int]:
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=track))
    rate = frames[0].sample_rate
    blocks = [np.atleast_2d(f.to_ndarray()) for f in frames]
    samples = np.concatenate(blocks, axis=1)
    return samples[0] / (32768 if samples.dtype == np.int16 else 1), rate


def lengths(path: Path) -> dict[str, float]:
    """Length of each stream as the container states it, seconds."""
    with av.open(str(path)) as container:
        return {s.type: float(s.duration * s.time_base) for s in container.streams}


def flash_times(path: Path, rotation: int = 0) -> list[float]:
    turns = rotation // 90
    seen = [(time, is_flash(np.rot90(pixels, turns))) for time, pixels in pictures(path)]
    return [b[0] for a, b in zip([(0, False), *seen], seen, strict=False) if b[1] and not a[1]]


def test_a_run_holds_exactly_its_frames(tmp_path):
    film = make_film(tmp_path / "film.mp4", frame_rate=25)
    shown = pictures(reel_of(film))
    assert [read_frame_number(p) for _, p in shown] == [*range(25, 50), *range(75, 115)]
    assert [time for time, _ in shown] == pytest.approx([k / 25 for k in range(65)])


def test_both_streams_are_as_long_as_the_runs(tmp_path):
    film = make_film(tmp_path / "film.mp4", frame_rate=25)
    assert lengths(reel_of(film)) == pytest.approx({"video": 2.6, "audio": 2.6}, abs=SAMPLE)


def test_many_cuts_do_not_drift(tmp_path):
    film = make_film(tmp_path / "film.mp4", frame_rate=Fraction(30000, 1001), seconds=12)
    runs = [Segment(0.4 * k, 0.4 * k + 0.21) for k in range(29)]
    found = lengths(reel_of(film, runs))
    assert found["video"] == pytest.approx(29 * 0.21, abs=1001 / 30000)
    assert found["audio"] == pytest.approx(29 * 0.21, abs=SAMPLE)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi"])
def test_flash_and_beep_stay_together_in_every_container(tmp_path, suffix):
    film = make_film(tmp_path / "film.mp4", flashes=[1.4, 3.8], beeps=[1.4, 3.8])
    reel = reel_of(film, suffix=suffix)
    assert flash_times(reel) == pytest.approx([0.4, 1.8], abs=0.001)
    assert find_beeps(*sound(reel)) == pytest.approx([0.4, 1.8], abs=CODEC_BLUR)


KINDS = {
    "offset": {"start_offset_seconds": 37.25},
    "sound first": {"video_start_seconds": 0.72},
    "picture first": {"audio_start_seconds": 0.65},
    "sound ends early": {"audio_seconds": 4.2},
    "sound ends late": {"audio_seconds": 8.0},
    "ntsc": {"frame_rate": Fraction(24000, 1001)},
    "slow": {"frame_rate": 5},
    "fast": {"frame_rate": 100},
    "rotated": {"rotation": 90},
    "odd": {"size": (319, 179), "codec": "ffv1"},
    "8 kHz": {"sample_rate": 8000},
    "5.1": {"layout": "5.1", "sample_rate": 48000},
}


@pytest.mark.parametrize("kind", KINDS)
def test_flash_and_beep_stay_together_in_every_kind_of_film(tmp_path, kind):
    options = KINDS[kind]
    suffix = ".mkv" if kind in ("offset", "odd") else ".mp4"
    film = make_film(tmp_path / f"film{suffix}", flashes=[1.4, 3.8], beeps=[1.4, 3.8], **options)
    reel = reel_of(film)
    frame = 1 / float(options.get("frame_rate", 25))
    found = flash_times(reel, options.get("rotation", 0))
    assert found == pytest.approx([0.4, 1.8], abs=frame + SAMPLE)
    assert find_beeps(*sound(reel)) == pytest.approx([0.4, 1.8], abs=CODEC_BLUR)
    found = lengths(reel)
    assert found["video"] == pytest.approx(RUN_SECONDS, abs=frame)
    assert found["audio"] == pytest.approx(RUN_SECONDS, abs=SAMPLE)


def test_a_variable_rate_keeps_its_times(tmp_path):
    times = [*np.arange(0, 2, 0.05), *np.arange(2, 4, 0.5), *np.arange(4, 6, 0.025)]
    film = make_film(tmp_path / "film.mp4", frame_times=times, frame_rate=20)
    shown = pictures(reel_of(film, [Segment(1.5, 3.2), Segment(3.75, 4.5)]))
    inside = [(t - 1.5, n) for n, t in enumerate(times) if 1.5 - 1e-9 <= t < 3.2]
    # No frame begins at 3.75: the one that appeared at 3.5 fills the beginning.
    inside += [(1.7, times.index(3.5))]
    inside += [(t - 3.75 + 1.7, n) for n, t in enumerate(times) if 4 - 1e-9 <= t < 4.5]
    assert [time for time, _ in shown] == pytest.approx([t for t, _ in inside], abs=0.0001)
    assert [read_frame_number(p) for _, p in shown] == [n for _, n in inside]


def test_a_rotated_film_comes_out_upright(tmp_path):
    film = make_film(tmp_path / "film.mp4", rotation=90)
    reel = reel_of(film)
    with av.open(str(reel)) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height, frame.rotation) == (180, 320, 0)
    assert read_frame_number(np.rot90(frame.to_ndarray(format="rgb24"))) == 25


def test_odd_sizes_lose_one_line_and_samples_become_square(tmp_path):
    odd = make_film(tmp_path / "odd.mkv", size=(319, 179), codec="ffv1", pixel_format="yuv444p")
    assert pictures(reel_of(odd))[0][1].shape == (178, 318, 3)
    wide = make_film(tmp_path / "wide.mkv", sample_aspect_ratio=Fraction(4, 3))
    with av.open(str(reel_of(wide, suffix=".mov"))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.sample_aspect_ratio or 1) == (426, 180, 1)


def test_a_film_without_sound_gives_picture_only(tmp_path):
    film = make_film(tmp_path / "film.mp4", audio=False)
    assert set(lengths(reel_of(film))) == {"video"}


@pytest.mark.parametrize("suffix", [".m4a", ".mp3", ".wav", ".flac", ".ogg", ".opus", ".mp4"])
def test_sound_alone_gives_sound_alone(tmp_path, suffix):
    film = make_film(tmp_path / "film.m4a", beeps=[1.4, 3.8])
    reel = reel_of(film, suffix=suffix)
    samples, rate = sound(reel)
    assert find_beeps(samples, rate) == pytest.approx(
        [0.4, 1.8], abs=0.03 if suffix == ".mp3" else CODEC_BLUR
    )
    assert set(lengths(reel)) == {"audio"}


def test_the_track_that_was_asked_for_is_taken(tmp_path):
    film = make_film(tmp_path / "film.mkv", num_audio_tracks=2, loudness=0.2)
    samples, rate = sound(reel_of(film, track=1, suffix=".wav"))
    spectrum = np.abs(np.fft.rfft(samples[:rate]))
    assert np.argmax(spectrum) == pytest.approx(220, abs=2)


def test_a_missing_track_is_named(tmp_path):
    film = make_film(tmp_path / "film.mkv")
    with pytest.raises(NoSignalError, match="no audio track 1; they are 0 to 0"):
        reel_of(film, track=1)


def test_cuts_do_not_click(tmp_path):
    film = make_film(tmp_path / "film.wav", loudness=0.5, sample_rate=48000)
    runs = [Segment(k + 0.123, k + 0.456) for k in range(5)]
    samples, _ = sound(reel_of(film, runs, ".wav"))
    smooth = 0.5 * 2 * np.pi * 110 / 48000
    assert np.abs(np.diff(samples)).max() < 1.5 * smooth


def test_samples_are_copied_exactly_away_from_the_cuts(tmp_path):
    film = make_film(tmp_path / "film.wav", loudness=0.5, sample_rate=48000)
    samples, _ = sound(reel_of(film, [Segment(1, 2), Segment(3, 4)], ".wav"))
    source, _ = sound(film)
    assert len(samples) == 96000
    np.testing.assert_allclose(samples[1000:47000], source[49000:95000], atol=2 / 32768)
    np.testing.assert_allclose(samples[49000:95000], source[145000:191000], atol=2 / 32768)


def test_an_unknown_extension_is_said_with_those_that_work(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=1)
    with pytest.raises(
        OutputError, match=r"no container is known for the extension \.xyz; use one of \.avi"
    ):
        reel_of(film, suffix=".xyz")


def test_a_container_of_pictures_refuses_sound_alone(tmp_path):
    film = make_film(tmp_path / "film.wav")
    with pytest.raises(OutputError, match="has sound only"):
        reel_of(film, suffix=".gif")


def test_the_film_itself_is_never_replaced(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=1)
    before = film.read_bytes()
    with pytest.raises(OutputError, match="the input itself"):
        write_reel(probe(film), [Segment(0, 1)], film, overwrite=True)
    assert film.read_bytes() == before


def test_a_failing_encoder_leaves_the_old_reel_and_nothing_else(tmp_path):
    from vsumm.export import EncodeSettings

    film = make_film(tmp_path / "film.mp4", seconds=2)
    (tmp_path / "reel.mp4").write_bytes(b"old")
    with pytest.raises(OutputError, match="no encoder is named 'nonsense'"):
        reel_of(film, [Segment(0, 1)], overwrite=True, settings=EncodeSettings(encoder="nonsense"))
    assert (tmp_path / "reel.mp4").read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} == {"film.mp4", "reel.mp4"}
