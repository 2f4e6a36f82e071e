"""Composed reels: how long they are, what is seen and heard when, and what is refused."""

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from films import make_film, read_frame_number
from pictures import film_of
from reels import encode_here

from vsumm.cli.program import main
from vsumm.errors import InputError, NoSignalError, OutputError
from vsumm.media.info import probe
from vsumm.media.segments import Segment
from vsumm.reel.config import ReelConfig
from vsumm.reel.export import write_reel
from vsumm.reel.plan import plan_reel

SIZE = (192, 96)
RUNS = [Segment(0, 2), Segment(4, 6), Segment(8, 10)]
SAMPLE = 0.001
FILM_HZ, MUSIC_HZ = 110, 440


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    return make_film(path, seconds=10, size=SIZE, loudness=0.2)


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Sound of 1.5 s at MUSIC_HZ, its fifth track."""
    path = tmp_path_factory.mktemp("music") / "music.wav"
    times = np.arange(round(1.5 * 44100)) / 44100
    samples = (0.4 * np.sin(2 * np.pi * MUSIC_HZ * times)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = 44100
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def reel_of(film, folder, runs=RUNS, suffix=".mp4", **composition):
    reel = Path(folder) / f"reel{suffix}"
    return reel, encode_here(film, runs, reel, ReelConfig(**composition))


def lengths(path):
    with av.open(str(path)) as container:
        return {s.type: float(s.duration * s.time_base) for s in container.streams}


def pictures(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def sound(path):
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    resampler = av.AudioResampler("fltp", "mono", 44100)
    blocks = [block.to_ndarray() for frame in frames for block in resampler.resample(frame)]
    return np.concatenate(blocks, axis=1)[0]


def amplitude(samples, hertz, start, end):
    """Amplitude of a tone in [start, end) seconds of samples at 44.1 kHz."""
    piece = samples[round(start * 44100) : round(end * 44100)]
    turns = np.exp(-2j * np.pi * hertz * np.arange(len(piece)) / 44100)
    return 2 * abs(np.mean(piece * turns))


def test_each_crossfade_shortens_the_reel_by_its_length(film, tmp_path):
    reel, report = reel_of(film, tmp_path, crossfade_seconds=0.6)
    assert lengths(reel) == pytest.approx({"video": 4.8, "audio": 4.8}, abs=SAMPLE)
    assert (report.video_seconds, report.audio_seconds) == pytest.approx((4.8, 4.8), abs=SAMPLE)
    assert len(pictures(reel)) == 120


def test_pictures_outside_a_crossfade_stay_as_they_are(film, tmp_path):
    reel, _ = reel_of(film, tmp_path, crossfade_seconds=0.4)
    numbers = [read_frame_number(pixels) for pixels in pictures(reel)]
    assert numbers[:40] == [*range(40)]
    assert numbers[50:80] == [*range(110, 140)]
    assert numbers[90:130] == [*range(210, 250)]


def test_a_crossfade_blends_the_very_frames_of_both_runs(film, tmp_path):
    reel, _ = reel_of(film, tmp_path, crossfade_seconds=0.4)
    shown, source = pictures(reel), pictures(film)
    for k in range(10):
        weight = (k + 0.5) / 10
        wanted = (1 - weight) * source[40 + k] + weight * source[100 + k]
        assert np.abs(shown[40 + k] - wanted).mean() < 4, k


def test_a_crossfade_keeps_the_sound_level(film, tmp_path):
    reel, _ = reel_of(film, tmp_path, crossfade_seconds=1.0, suffix=".mkv")
    samples = sound(reel)
    # The hum has the same phase in both runs: nothing may be added in the middle.
    assert amplitude(samples, FILM_HZ, 0.2, 0.8) == pytest.approx(0.2, rel=0.05)
    assert amplitude(samples, FILM_HZ, 1.45, 1.55) == pytest.approx(0.2, rel=0.05)


def test_composed_colours_are_those_of_the_film(film, tmp_path):
    reel, _ = reel_of(film, tmp_path, [Segment(0, 2)], title=".")
    shown, source = pictures(reel)[10], pictures(film)[10]
    assert np.abs(shown.astype(int) - source)[:, : SIZE[0] // 3].mean() < 3


def test_the_title_is_on_the_first_seconds_alone_and_takes_no_time(film, tmp_path):
    reel, _ = reel_of(film, tmp_path, [Segment(0, 5)], title="XXXXXXXX")
    plain = reel_of(film, tmp_path, [Segment(0, 5)])[0].rename(tmp_path / "plain.mp4")
    titled = reel_of(film, tmp_path, [Segment(0, 5)], title="XXXXXXXX")[0]
    assert lengths(titled) == lengths(plain)
    changes = [
        np.abs(a.astype(int) - b).max() > 90
        for a, b in zip(pictures(titled), pictures(plain), strict=True)
    ]
    assert all(changes[20:60])
    assert not any(changes[75:])
    assert reel == titled


@pytest.mark.parametrize(
    ("size", "lowest"), [((320, 180), 0.9), ((180, 320), 0.8), ((200, 200), 0.9)]
)
@pytest.mark.parametrize(
    "title", ["T", "A long title of many words, with gypsy and jam at its end"]
)
def test_a_title_is_in_the_safe_area_of_the_lower_third(tmp_path, size, lowest, title):
    film = make_film(tmp_path / "film.mp4", seconds=2, size=size, audio=False)
    whole = [Segment(0, 2)]
    plain = pictures(reel_of(film, tmp_path, whole)[0])[40].astype(int)
    changed = np.abs(pictures(reel_of(film, tmp_path, whole, title=title)[0])[40] - plain) > 40
    rows, columns = (np.flatnonzero(changed.any(axis=axes)) for axes in ((1, 2), (0, 2)))
    width, height = size
    assert rows[-1] < lowest * height + 2
    assert rows[-1] > lowest * height - 0.1 * height
    assert rows[0] > (0.5 if len(title) > 1 else 2 / 3) * height
    assert 0.1 * width - 2 <= columns[0] <= columns[-1] <= 0.9 * width + 2
    assert columns[0] + columns[-1] == pytest.approx(width, abs=4)


def test_a_title_can_be_read_on_white(tmp_path):
    film = film_of(tmp_path / "film.mp4", [np.full((180, 320, 3), 250, np.uint8)] * 50)
    shown = pictures(reel_of(film, tmp_path, [Segment(0, 2)], title="HHHHHH")[0])[40]
    box = shown[140:160, 150:170].mean(axis=2)
    assert np.percentile(box, 90) - np.percentile(box, 10) > 100


def test_glyphs_that_the_font_does_not_have_are_reported(film, tmp_path):
    assert reel_of(film, tmp_path, title="Übergang — Ελλάδα, Київ, Việt")[1].missing_glyphs == ""
    assert reel_of(film, tmp_path, title="日本 reel 日")[1].missing_glyphs == "日本"


def test_missing_glyphs_are_said_in_one_line(film, tmp_path, caplog):
    write_reel(plan_reel(probe(film), tmp_path / "r.mp4", ReelConfig(title="本")), RUNS[:1])
    (record,) = caplog.records
    assert "the title's font has no 本" in record.getMessage()


def test_a_soundtrack_replaces_the_sound_and_is_repeated(film, music, tmp_path):
    samples = sound(reel_of(film, tmp_path, soundtrack=music)[0])
    assert len(samples) == pytest.approx(6 * 44100, abs=2048)
    for start in (0.2, 1.7, 3.2):
        assert amplitude(samples, MUSIC_HZ, start, start + 1) == pytest.approx(0.4, rel=0.05)
        assert amplitude(samples, FILM_HZ, start, start + 1) < 0.01
    assert amplitude(samples, MUSIC_HZ, 5.9, 6) < 0.05


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """Sound of 6 s whose level rises by 0.1 in every second."""
    path = tmp_path_factory.mktemp("music") / "steps.wav"
    times = np.arange(6 * 44100) / 44100
    samples = 0.1 * (1 + np.floor(times)) * np.sin(2 * np.pi * MUSIC_HZ * times)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = 44100
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def test_a_soundtrack_starts_where_it_is_told_and_goes_on_from_its_beginning(film, steps, tmp_path):
    start = {"soundtrack": steps, "soundtrack_start_seconds": 3.5}
    samples = sound(reel_of(film, tmp_path, [Segment(0, 8)], suffix=".mkv", **start)[0])
    for at, level in ((0.35, 0.4), (0.7, 0.5), (1.8, 0.6), (2.7, 0.1), (3.8, 0.2), (5.7, 0.4)):
        found = amplitude(samples, MUSIC_HZ, at, at + 0.1)
        assert found == pytest.approx(level, rel=0.05), at


def test_the_soundtrack_fades_in_at_a_start_inside_it_alone(film, steps, tmp_path):
    start = {"soundtrack": steps, "soundtrack_start_seconds": 3.5}
    inside = reel_of(film, tmp_path, [Segment(0, 4)], suffix=".wav", **start)[0]
    samples = sound(inside)
    assert len(samples) == 4 * 44100
    gains = [amplitude(samples, MUSIC_HZ, at, at + 0.02) / 0.4 for at in (0.02, 0.14, 0.26, 0.32)]
    assert gains == pytest.approx([0.1, 0.5, 0.9, 1.0], abs=0.02)
    whole = sound(reel_of(film, tmp_path, [Segment(0, 4)], suffix=".wav", soundtrack=steps)[0])
    assert amplitude(whole, MUSIC_HZ, 0.02, 0.04) == pytest.approx(0.1, rel=0.03)
    assert np.abs(whole[-20:]).max() < 0.001
    assert np.abs(samples).max() < 0.61


def test_a_soundtrack_that_ends_before_its_start_is_refused(film, steps):
    config = ReelConfig(soundtrack=steps, soundtrack_start_seconds=6)
    with pytest.raises(InputError, match=r"it lasts 0:06.0, it cannot start at 0:06.0"):
        plan_reel(probe(film), "reel.mp4", config)


def test_a_silent_film_gets_the_soundtrack_in_every_mode(music, tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=4, size=SIZE, audio=False)
    for mode in ("replace", "duck", "auto"):
        options = {"soundtrack": music, "soundtrack_mode": mode}
        samples = sound(reel_of(film, tmp_path, [Segment(0, 4)], **options)[0])
        assert amplitude(samples, MUSIC_HZ, 0.2, 1.2) == pytest.approx(0.4, rel=0.05)


KINDS = {
    "variable rate": {"frame_times": [*np.arange(0, 5, 0.05), *np.arange(5, 10, 0.125)]},
    "rotated": {"rotation": 90},
    "slow": {"frame_rate": 5},
    "webm": {"suffix": ".webm"},
    "gif": {"suffix": ".gif"},
    "sound alone": {"video": False, "suffix": ".m4a"},
    "ten bits": {"codec": "libx265", "pixel_format": "yuv420p10le", "audio": False},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_film_can_be_composed(tmp_path, kind):
    options = dict(KINDS[kind])
    suffix = options.pop("suffix", ".mp4")
    name = "film.m4a" if suffix == ".m4a" else "film.mp4"
    film = make_film(tmp_path / name, **{"seconds": 10, "size": SIZE, **options})
    title = None if suffix == ".m4a" else "title"
    reel, report = reel_of(film, tmp_path, suffix=suffix, crossfade_seconds=0.6, title=title)
    for seconds in (report.video_seconds, report.audio_seconds):
        assert seconds == 0 or seconds == pytest.approx(4.8, abs=0.2)
        assert seconds <= 4.8 + SAMPLE
    assert reel.stat().st_size > 1000


BAD = [
    ({"crossfade_seconds": 1.1}, OutputError, "too long for these runs; at most 1 s"),
    ({"soundtrack": Path("nowhere.mp3")}, InputError, "nowhere.mp3"),
    ({"title": "x", "title_font": Path(__file__)}, OutputError, "not a font"),
    ({"title": "x " * 400}, OutputError, "too long for a picture of 192 x 96"),
]


@pytest.mark.parametrize(("composition", "kind", "message"), BAD)
def test_what_cannot_be_composed_is_one_line_and_leaves_nothing(
    film, tmp_path, composition, kind, message
):
    with pytest.raises(kind, match=message) as caught:
        write_reel(plan_reel(probe(film), tmp_path / "r.mp4", ReelConfig(**composition)), RUNS)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_soundtrack_without_sound_is_said(film, tmp_path):
    silent = make_film(tmp_path / "silent.mp4", seconds=1, size=SIZE, audio=False)
    with pytest.raises(NoSignalError, match=r"silent\.mp4: there is no sound in it"):
        write_reel(plan_reel(probe(film), tmp_path / "r.mp4", ReelConfig(soundtrack=silent)), RUNS)


def test_a_container_without_sound_or_picture_is_said(film, music, tmp_path):
    with pytest.raises(OutputError, match="holds no sound"):
        write_reel(plan_reel(probe(film), tmp_path / "r.gif", ReelConfig(soundtrack=music)), RUNS)
    with pytest.raises(OutputError, match="no picture to put a title on"):
        write_reel(plan_reel(probe(film), tmp_path / "r.m4a", ReelConfig(title="x")), RUNS)


def test_the_soundtrack_is_never_replaced(film, music):
    with pytest.raises(OutputError, match="the input itself"):
        plan_reel(probe(film), music, ReelConfig(soundtrack=music), overwrite=True)


@pytest.mark.parametrize(
    "options",
    [
        ["--crossfade", "-1"],
        ["--title", " "],
        ["--soundtrack-mode", "duck"],
        ["--soundtrack-start", "1:05"],
        ["--soundtrack-fade", "3"],
        ["--cut-to-beats"],
        ["--title-font", "x.ttf"],
    ],
)
def test_wrong_usage_exits_with_two(film, options, capsys):
    assert main(["summarize", str(film), *options]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_missing_soundtrack_is_said_before_the_work_starts(film, capsys, monkeypatch):
    monkeypatch.setattr("vsumm.batch.job.summarize_media", None)  # calling it would be a TypeError
    assert main(["summarize", str(film), "--soundtrack", "nowhere.mp3"]) == 1
    assert "nowhere.mp3" in capsys.readouterr().err


def test_moviepy_is_loaded_only_to_compose_pictures(film, music, tmp_path):
    folder = Path(__file__).parent
    code = f"""if True:
    import sys
    sys.path[:0] = {[str(folder), str(folder / "support")]!r}
    from test_vsumm_reel_compose import RUNS, reel_of
    reel_of({str(film)!r}, {str(tmp_path)!r}, soundtrack={str(music)!r})
    assert not any(name.startswith("moviepy") for name in sys.modules)
    reel_of({str(film)!r}, {str(tmp_path)!r}, crossfade_seconds=0.2)
    assert any(name.startswith("moviepy") for name in sys.modules)
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
