"""`vsumm --soundtrack-from`, from the command line to the sound of the reel."""

import json

import av
import numpy as np
import pytest
from films import make_film
from music import make_index, make_tone

from mmva_core.retrieval.encoder import Encoder
from vsumm.cli.program import main
from vsumm.summary import Summary

LOW_HZ, HIGH_HZ, FILM_HZ = 500, 3000, 110
LEVEL = 0.3


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def film(tmp_path):
    return make_film(tmp_path / "film.mp4", seconds=20, size=(192, 96), loudness=0.2)


@pytest.fixture
def music(tmp_path):
    """An index of two tracks; the picture of made films is calm, as the low one is from 6 s on."""
    folder = tmp_path / "music"
    folder.mkdir()
    make_tone(folder / "low.flac", 18, hertz=LOW_HZ, level=LEVEL, tags={"artist": "Somebody"})
    make_tone(folder / "high.flac", 12, hertz=HIGH_HZ, level=LEVEL)
    arousal = {"high.flac": [0.99, 0.99], "low.flac": [0.9, 0.3, 0.3]}
    return make_index(tmp_path / "index", folder, arousal)


def run(*arguments):
    return main(["summarize", *map(str, arguments), "--budget", "6s", "--quiet", "--force"])


def sound(path):
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    assert {frame.sample_rate for frame in frames} == {48000}
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)[0]


def amplitude(samples, hertz):
    return 2 * abs(np.mean(samples * np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / 48000)))


def test_the_reel_has_the_sound_of_the_chosen_track_alone(film, music, tmp_path, capsys):
    reel = tmp_path / "reel.mkv"
    assert run(film, "--soundtrack-from", music, "-o", reel) == 0
    said = capsys.readouterr().err
    assert f"{film}: soundtrack: {tmp_path / 'music' / 'low.flac'} from 0:12.0: score" in said
    assert "Somebody" in said
    middle = sound(reel)[48000:144000]
    assert amplitude(middle, LOW_HZ) == pytest.approx(LEVEL, rel=0.03)
    assert amplitude(middle, HIGH_HZ) < 0.01
    assert amplitude(middle, FILM_HZ) < 0.01
    document = json.loads(reel.with_suffix(".json").read_text(encoding="utf-8"))
    assert document["soundtracks"][0]["start_seconds"] == 12
    assert document["reel"]["soundtrack_start_seconds"] == 12
    assert [match["file"] for match in document["soundtracks"]] == [
        str(tmp_path / "music" / name) for name in ("low.flac", "high.flac")
    ]


def test_the_reel_is_the_same_again_and_by_render(film, music, tmp_path):
    reels = [tmp_path / f"{name}.mp4" for name in ("first", "second", "rendered")]
    for reel in reels[:2]:
        assert run(film, "--soundtrack-from", music, "-o", reel) == 0
    assert main(["render", str(reels[0].with_suffix(".json")), "-o", str(reels[2]), "--quiet"]) == 0
    assert len({reel.read_bytes() for reel in reels}) == 1


def test_the_sound_is_as_long_as_the_reel_and_not_clipped(film, music, tmp_path):
    reel = tmp_path / "reel.mov"
    assert run(film, "--soundtrack-from", music, "-o", reel) == 0
    summary = Summary.from_json(reel.with_suffix(".json").read_text(encoding="utf-8"))
    with av.open(str(reel)) as container:
        lengths = [float(s.duration * s.time_base) for s in container.streams]
    assert lengths == pytest.approx([summary.reel_seconds] * 2, abs=1 / 25)
    assert lengths[0] == lengths[1]
    assert np.abs(sound(reel)).max() < LEVEL * 1.1


def test_a_timeline_alone_gets_the_track_and_its_place(film, music, tmp_path):
    timeline = tmp_path / "reel.edl"
    assert run(film, "--soundtrack-from", music, "-o", timeline) == 0
    text = timeline.read_text(encoding="utf-8")
    assert f"VSUMM SOUNDTRACK REPLACES: {tmp_path / 'music' / 'low.flac'}" in text
    assert "VSUMM SOUNDTRACK START: 300" in text


def test_a_choice_from_an_index_encodes_nothing(film, music, tmp_path, monkeypatch):
    def fail(*_args):
        raise AssertionError("something was encoded")

    monkeypatch.setattr(Encoder, "encode", fail)
    assert run(film, "--soundtrack-from", music, "-o", tmp_path / "reel.mp4") == 0


def test_what_cannot_get_music_is_said_in_one_line(film, music, tmp_path, capsys):
    tone = make_tone(tmp_path / "tone.wav", 20)
    for arguments, said in (
        ([tone], "there is no picture that music could go along with"),
        ([film, "--by", "music"], "use --by highlights"),
        ([film, "-o", tmp_path / "reel.gif"], "holds no sound"),
    ):
        assert run(*arguments, "--soundtrack-from", music) == 1
        errors = capsys.readouterr().err
        assert said in errors
        assert len(errors.splitlines()) == 1
    assert run(film, "--soundtrack-from", tmp_path / "nowhere") == 1
    assert "nowhere: is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--soundtrack", "a.mp3"], "leave out --soundtrack-from"),
        (["--soundtrack-start", "1:05"], "--soundtrack-start needs --soundtrack"),
    ],
)
def test_options_that_exclude_each_other_are_wrong_usage(film, music, options, said, capsys):
    assert run(film, "--soundtrack-from", music, *options) == 2
    assert said in capsys.readouterr().err


def test_a_track_shorter_than_the_reel_plays_again_and_is_said_in_one_line(film, tmp_path, capsys):
    folder = tmp_path / "short"
    folder.mkdir()
    make_tone(folder / "short.flac", 2.5, hertz=LOW_HZ, level=LEVEL)
    reel = tmp_path / "reel.mkv"
    assert run(film, "--soundtrack-from", folder, "-o", reel) == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "soundtrack:" in line]
    assert "plays again from its beginning" in line
    samples = sound(reel)
    summary = Summary.from_json(reel.with_suffix(".json").read_text(encoding="utf-8"))
    assert summary.reel_seconds > 2.5
    # The encoder's last block may be longer than what is left.
    assert len(samples) == pytest.approx(summary.reel_seconds * 48000, abs=1100)
    assert amplitude(samples[96000:144000], LOW_HZ) == pytest.approx(LEVEL, rel=0.2)


def test_an_empty_folder_is_one_line(film, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run(film, "--soundtrack-from", tmp_path / "empty", "-o", tmp_path / "reel.mp4") == 1
    error = capsys.readouterr().err
    assert "empty holds no music" in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "reel.mp4").exists()
