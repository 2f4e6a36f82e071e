"""The loudness and the peaks of reels, as a player decodes them."""

from itertools import cycle

import av
import numpy as np
import pytest
from films import make_film
from reels import encode_here
from sounds import RATE, noise, syllables, tone, write_sound

from vsumm.cli.program import main
from vsumm.errors import InputError
from vsumm.media.info import probe
from vsumm.media.segments import Segment
from vsumm.reel.config import ReelConfig
from vsumm.reel.export import write_reel
from vsumm.reel.loudness import SILENT_LUFS, LoudnessMeter
from vsumm.reel.place_sound import to_audio_frame
from vsumm.reel.plan import plan_reel

TARGET = -14.0
RUNS = [Segment(0, 2), Segment(2.5, 4)]
OF_METER = 0.1
"""What EBU Tech 3341 allows a meter of loudness, LU."""
OF_PEAK_METER = 0.4
"""What it allows a meter of true peaks below the right value, dB."""


def heard(path):
    """Loudness, LUFS, and true peak, dBTP, of what a file decodes to."""
    meter = LoudnessMeter()
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            meter.add(frame)
    meter.end()
    return meter.loudness, meter.true_peak


def measured(samples, rate=48000, layout="stereo"):
    meter = LoudnessMeter()
    meter.add(to_audio_frame(samples, sample_rate=rate, layout=layout))
    meter.end()
    return meter.loudness, meter.true_peak


def reel_of(folder, samples, suffix, rate=RATE, runs=RUNS, **settings):
    film = write_sound(folder / "film.wav", samples, rate)
    reel = folder / f"reel{suffix}"
    return reel, encode_here(film, runs, reel, ReelConfig(**{"loudness": TARGET, **settings}))


def bursts(seconds, amplitude):
    """Noise of every frequency for 0.1 s in 0.7 s: what lossy codecs change most."""
    is_on = np.arange(round(seconds * RATE)) % round(0.7 * RATE) < RATE // 10
    return noise(seconds, amplitude) * is_on + noise(seconds, 0.005)


def test_the_meter_shows_what_the_standard_says():
    loudness, _ = measured(np.repeat(tone(20, 1000, 10 ** (-23 / 20), 48000), 2, axis=0))
    assert loudness == pytest.approx(-23, abs=OF_METER)
    times = np.arange(48000)
    turned = np.sin(np.pi / 2 * times + np.pi / 4) * np.sin(np.pi * times / 48000)
    turned = turned.astype(np.float32)[None]
    assert np.abs(turned).max() < 0.708
    assert -OF_PEAK_METER <= measured(turned, layout="mono")[1] <= 0.2


LEVELS = {
    "speech": (syllables(4), RATE),
    "quiet speech": (syllables(4, 0.01), RATE),
    "tone": (tone(4, 997, 0.02), RATE),
    "noise": (noise(4, 0.02, channels=2), RATE),
    "loud noise": (np.clip(noise(4, 1.5, channels=2), -1, 1), RATE),
    "8 kHz": (syllables(4, rate=8000), 8000),
    "5.1": (np.repeat(syllables(4, 0.1), 6, axis=0) + noise(4, 0.01, channels=6), RATE),
}
OTHERS = [kind for kind in LEVELS if kind != "speech"]
SUFFIXES = [".wav", ".flac", ".m4a", ".opus", ".mp3"]


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [*(("speech", suffix) for suffix in SUFFIXES), *((kind, ".m4a") for kind in OTHERS)],
)
def test_the_decoded_reel_has_the_loudness_and_no_higher_peak(tmp_path, kind, suffix):
    samples, rate = LEVELS[kind]
    reel, report = reel_of(tmp_path, samples, suffix, rate)
    loudness, true_peak = heard(reel)
    assert loudness == pytest.approx(TARGET, abs=0.5)
    assert true_peak <= -1
    assert report.sound_note is None


def test_bursts_of_noise_keep_the_loudness_and_the_peak(tmp_path):
    reel, _ = reel_of(tmp_path, bursts(4, 0.1), ".m4a", loudness=-20)
    loudness, true_peak = heard(reel)
    assert loudness == pytest.approx(-20, abs=0.5)
    assert true_peak <= -1


def test_what_cannot_be_that_loud_keeps_the_peak_and_is_said(tmp_path):
    clicks = noise(4, 0.001)
    clicks[:, :: RATE // 2] = 0.9
    reel, report = reel_of(tmp_path, clicks, ".m4a")
    loudness, true_peak = heard(reel)
    assert loudness < TARGET - 0.5
    assert true_peak <= -1
    assert report.sound_note.startswith("its peaks leave no room for -14 LUFS")


def test_the_length_and_the_bytes_stay_the_same(tmp_path):
    reel, report = reel_of(tmp_path, syllables(4), ".m4a")
    before = reel.read_bytes()
    assert report.audio_seconds == pytest.approx(3.5, abs=0.001)
    assert reel_of(tmp_path, syllables(4), ".m4a")[0].read_bytes() == before


def packets_of(path):
    """When the packets of a file's sound are played, and what is in them."""
    with av.open(str(path)) as container:
        extradata = container.streams.audio[0].codec_context.extradata
        packets = [(p.pts, p.duration, bytes(p)) for p in container.demux(audio=0) if p.size]
    return extradata, packets


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".mkv", ".webm"])
def test_what_was_measured_is_written_as_if_it_were_encoded_again(monkeypatch, tmp_path, suffix):
    kept = packets_of(reel_of(tmp_path, syllables(4), suffix)[0])
    monkeypatch.setattr("vsumm.reel.sound_track.KEPT_BYTES", 0)
    assert packets_of(reel_of(tmp_path, syllables(4), suffix)[0]) == kept


@pytest.mark.parametrize("seconds", [3.5, 0.2])
def test_sound_without_a_loudness_stays_as_it_is_and_is_said(tmp_path, seconds):
    samples = tone(4, 200, 0.1) if seconds < 1 else np.zeros((1, 4 * RATE), np.float32)
    reel, report = reel_of(tmp_path, samples, ".wav", runs=[Segment(0, seconds)])
    assert "silent or too short" in report.sound_note
    off, _ = reel_of(tmp_path, samples, ".flac", runs=[Segment(0, seconds)], loudness="off")
    assert heard(reel)[1] == pytest.approx(heard(off)[1])


def test_a_reel_without_sound_is_said(tmp_path, caplog):
    film = make_film(tmp_path / "film.mp4", seconds=2, size=(64, 48), audio=False)
    write_reel(
        plan_reel(probe(film), tmp_path / "r.mp4", ReelConfig(loudness=-14)), [Segment(0, 1)]
    )
    (record,) = caplog.records
    assert record.getMessage().endswith("r.mp4: there is no sound to bring to a loudness")


def test_film_and_soundtrack_together_are_not_clipped(tmp_path):
    music = write_sound(tmp_path / "music.wav", tone(4, 440, 0.95))
    film = tone(4, 100, 0.9) * (np.arange(4 * RATE) // RATE % 2)
    duck = {"soundtrack": music, "soundtrack_mode": "duck", "loudness": "off"}
    reel, _ = reel_of(tmp_path, film.astype(np.float32), ".wav", runs=[Segment(0, 4)], **duck)
    assert -0.5 < heard(reel)[1] <= 0.01
    duck["loudness"] = TARGET
    reel, _ = reel_of(tmp_path, film.astype(np.float32), ".m4a", runs=[Segment(0, 4)], **duck)
    assert heard(reel)[0] == pytest.approx(TARGET, abs=0.5)
    assert heard(reel)[1] <= -1


@pytest.mark.parametrize("loudness", ["-4", "-71", "nan"])
def test_a_loudness_out_of_range_is_wrong_usage(tmp_path, loudness, capsys):
    film = make_film(tmp_path / "film.mp4", seconds=2, size=(64, 48))
    assert main(["summarize", str(film), "--loudness", loudness]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_loudness_that_is_no_number_is_wrong_usage(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["summarize", "film.mp4", "--loudness", "loud"])
    assert "cannot read 'loud': write LUFS, or off" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.dataset
@pytest.mark.parametrize("folder", ["odd", "short"])
def test_real_files_have_the_loudness_and_no_higher_peak(data_folder, tmp_path, folder):
    films = sorted((data_folder / "videos" / folder).iterdir())
    for film, suffix in zip(films, cycle([".m4a", ".opus", ".mp3", ".wav"]), strict=False):
        try:
            info = probe(film)
        except InputError:
            continue
        if not info.audio:
            continue
        end = min(info.duration_seconds, 20.0)
        runs = [Segment(0, end / 5), Segment(end * 0.3, end * 0.45), Segment(end * 0.6, end * 0.9)]
        reel = tmp_path / f"reel{suffix}"
        report = encode_here(film, runs, reel, ReelConfig(loudness=-16))
        loudness, true_peak = heard(reel)
        if loudness <= SILENT_LUFS:
            assert "silent or too short" in report.sound_note, film.name
        else:
            assert loudness == pytest.approx(-16, abs=0.5), film.name
            assert true_peak <= -1, film.name
            assert report.sound_note is None, film.name
