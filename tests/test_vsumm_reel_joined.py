"""Reels of several films: what they will be, exact cuts in any order, one frame, rate and sound."""

import logging

import av
import numpy as np
import pytest
from films import find_beeps, is_flash, make_film, read_frame_number
from pictures import film_of
from sounds import read_sound

from vsumm.errors import InputError, NoSignalError, OutputError
from vsumm.media.info import probe
from vsumm.media.segments import Segment
from vsumm.reel import FilmPiece, ReelConfig, write_joined_reel
from vsumm.reel.joined import JoinedRequest, encode_joined, plan_joined_reel

SIZE = (192, 96)
SAMPLE = 0.001
"""Seconds by which a container may round a length."""
CODEC_BLUR = 0.02
"""Seconds by which a lossy codec smears the onset of a tone."""
BLACK = 30
"""Brightest value, of 255, that counts as black behind a lossy codec."""
COLOUR_ERROR = 10
"""Of 255, by which a lossy codec changes an even colour; the wrong matrix changes green by 15."""


@pytest.fixture
def film(tmp_path):
    return make_film(tmp_path / "film.mp4", seconds=5, size=SIZE, flashes=[1.4], beeps=[1.4])


@pytest.fixture
def other(tmp_path):
    return make_film(tmp_path / "other.mkv", seconds=5, size=SIZE, flashes=[3.8], beeps=[3.8])


def piece(path, start, end, **rest):
    return FilmPiece(probe(path), Segment(start, end), **rest)


def joined(pieces, path, **settings):
    """Encode in the process of the test; return the report."""
    plan = plan_joined_reel(pieces, path, ReelConfig(**settings), overwrite=True)
    return encode_joined(JoinedRequest(plan, path))


def pictures(path):
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [(float(f.pts * f.time_base), f.to_ndarray(format="rgb24")) for f in frames]


def lengths(path):
    with av.open(str(path)) as container:
        return {s.type: float(s.duration * s.time_base) for s in container.streams}


def test_pieces_hold_exactly_their_frames_in_any_order(film, other, tmp_path):
    pieces = [piece(film, 3, 4), piece(other, 1, 2.6), piece(film, 2.5, 3.5)]
    assert write_joined_reel(pieces, tmp_path / "reel.mp4") == tmp_path / "reel.mp4"
    numbers = [read_frame_number(shown) for _, shown in pictures(tmp_path / "reel.mp4")]
    assert numbers == [*range(75, 100), *range(25, 65), *range(63, 88)]
    assert lengths(tmp_path / "reel.mp4") == pytest.approx({"video": 3.6, "audio": 3.6}, abs=SAMPLE)


def test_picture_and_sound_of_each_film_stay_together(film, other, tmp_path):
    joined([piece(other, 3, 4.6), piece(film, 1, 2)], tmp_path / "reel.mp4")
    shown = [(time, is_flash(picture)) for time, picture in pictures(tmp_path / "reel.mp4")]
    before = [False, *(is_on for _, is_on in shown)]
    flashes = [t for (t, is_on), was_on in zip(shown, before, strict=False) if is_on > was_on]
    samples, rate = read_sound(tmp_path / "reel.mp4")
    assert flashes == pytest.approx([0.8, 2.0])
    assert find_beeps(samples[0], rate) == pytest.approx([0.8, 2.0], abs=CODEC_BLUR)


def test_frame_and_rate_are_those_of_most_seconds(film, tmp_path):
    fast = make_film(tmp_path / "fast.mp4", seconds=3, size=(128, 128), frame_rate=50)
    plan = plan_joined_reel([piece(film, 0, 1), piece(fast, 0, 2)], tmp_path / "reel.mp4")
    assert (plan.size, plan.frame_rate) == ((128, 128), 50)
    plan = plan_joined_reel([piece(film, 0, 2), piece(fast, 0, 1)], tmp_path / "reel.mp4")
    assert (plan.size, plan.frame_rate) == (SIZE, 25)


@pytest.mark.parametrize("seconds", [0.8, 2])
def test_rates_differ_and_nothing_is_missed(film, tmp_path, seconds):
    fast = make_film(tmp_path / "fast.mp4", seconds=3, size=SIZE, frame_rate=50)
    report = joined([piece(film, 0, 1), piece(fast, 0, seconds)], tmp_path / "reel.mp4")
    assert report.held_seconds == 0
    assert report.video_seconds == pytest.approx(1 + seconds)
    num_frames = len(pictures(tmp_path / "reel.mp4"))
    assert num_frames == round((1 + seconds) * (25 if seconds < 1 else 50))


def test_pictures_of_another_shape_lie_between_black_bars(film, tmp_path):
    upright = make_film(tmp_path / "upright.mp4", seconds=2, size=SIZE, rotation=90)
    joined([piece(film, 0, 2), piece(upright, 0, 1)], tmp_path / "reel.mp4")
    wide, narrow = (pictures(tmp_path / "reel.mp4")[place][1] for place in (10, 60))
    assert wide.shape == narrow.shape == (*SIZE[::-1], 3)
    assert wide[-20:, :60].max() > 2 * BLACK
    assert narrow[:, :60].max() < BLACK
    assert narrow[:, -60:].max() < BLACK
    assert narrow[:, 72:120].max() > 2 * BLACK


def test_a_film_of_high_definition_keeps_its_colours_in_a_small_frame(film, tmp_path):
    red = np.full((1280, 720, 3), (200, 40, 40), np.uint8)
    large = film_of(tmp_path / "large.mp4", [red.transpose(1, 0, 2)] * 25)
    joined([piece(film, 0, 2), piece(large, 0, 1)], tmp_path / "reel.mp4")
    (_, shown) = pictures(tmp_path / "reel.mp4")[60]
    inside = shown[40:56, 80:112].reshape(-1, 3).mean(axis=0)
    with av.open(str(large)) as container:  # untagged: of high definition, so BT.709
        frame = next(container.decode(video=0)).reformat(format="rgb24", src_colorspace="ITU709")
    source = frame.to_ndarray().reshape(-1, 3).mean(axis=0)
    assert inside == pytest.approx(source, abs=COLOUR_ERROR)


def test_a_film_without_sound_is_silent_and_one_without_picture_black(film, tmp_path):
    silent = make_film(tmp_path / "silent.mp4", seconds=2, size=SIZE, audio=False)
    sound = make_film(tmp_path / "sound.wav", seconds=2, layout="stereo", loudness=0.2)
    joined([piece(film, 0, 2), piece(silent, 0, 1), piece(sound, 0, 1)], tmp_path / "reel.mp4")
    samples, rate = read_sound(tmp_path / "reel.mp4")
    assert (len(samples), rate) == (2, 44_100)
    assert np.abs(samples[:, round(2.2 * rate) : round(2.8 * rate)]).max() < 1e-3
    assert np.abs(samples[:, round(3.2 * rate) : round(3.8 * rate)]).max() > 0.1
    assert pictures(tmp_path / "reel.mp4")[85][1].max() < BLACK


def test_what_goes_on_in_one_film_goes_on_in_the_reel(tmp_path):
    film = make_film(tmp_path / "film.wav", seconds=4, loudness=0.3)
    joined([piece(film, 1, 2), piece(film, 2, 3)], tmp_path / "reel.wav")
    samples, rate = read_sound(tmp_path / "reel.wav")
    source, _ = read_sound(film)
    near = slice(rate // 2, rate * 3 // 2)
    assert samples[0, near] == pytest.approx(source[0, rate:][near], abs=1e-3)


def test_a_soundtrack_replaces_the_sound_of_all_films(film, other, tmp_path):
    music = make_film(tmp_path / "music.wav", seconds=4, loudness=0.3)
    pieces = [piece(film, 1, 2), piece(other, 3, 4)]
    joined(pieces, tmp_path / "reel.wav", soundtrack=music)
    samples, rate = read_sound(tmp_path / "reel.wav")
    assert samples.shape[1] == 2 * rate
    assert not find_beeps(samples[0], rate)


def test_the_sound_comes_to_a_loudness(film, other, tmp_path):
    report = joined([piece(film, 1, 3), piece(other, 3, 5)], tmp_path / "reel.mp4", loudness=-20)
    assert report.sound_note is None


def test_chapters_name_the_films(film, other, tmp_path):
    pieces = [piece(film, 1, 2), piece(other, 3, 4)]
    joined(pieces, tmp_path / "reel.mkv", with_chapters=True)
    titles = [chapter.title for chapter in probe(tmp_path / "reel.mkv").chapters]
    assert titles == ["0:01.0 of film.mp4", "0:03.0 of other.mkv"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"aspect": "1:1"}, "another shape: only for a reel of one film"),
        ({"crossfade_seconds": 0.5, "title": "x"}, "cross-fades, a title: only for"),
        ({"is_fast": True}, "copied pictures: only for"),
        ({"encoder": "nonsense"}, "no encoder is named 'nonsense'"),
    ],
)
def test_settings_that_cannot_be_had_leave_the_old_reel(film, tmp_path, settings, message):
    (tmp_path / "reel.mp4").write_bytes(b"old")
    with pytest.raises(OutputError, match=message) as caught:
        write_joined_reel(
            [piece(film, 0, 1)], tmp_path / "reel.mp4", ReelConfig(**settings), overwrite=True
        )
    assert "\n" not in str(caught.value)
    assert (tmp_path / "reel.mp4").read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} == {"film.mp4", "reel.mp4"}


def test_a_gif_is_of_one_film(film, tmp_path):
    with pytest.raises(OutputError, match="a GIF: only for a reel of one film"):
        plan_joined_reel([piece(film, 0, 1)], tmp_path / "reel.gif")


def test_films_and_soundtrack_are_never_replaced(film, other):
    pieces = [piece(film, 0, 1), piece(other, 0, 1)]
    with pytest.raises(OutputError, match="the input itself"):
        plan_joined_reel(pieces, other, overwrite=True)


def test_what_is_wrong_with_the_pieces_is_said(film, tmp_path):
    reel = tmp_path / "reel.mp4"
    with pytest.raises(NoSignalError, match="nothing was selected"):
        plan_joined_reel([], reel)
    with pytest.raises(NoSignalError, match="no audio track 1; they are 0 to 0"):
        plan_joined_reel([piece(film, 0, 1, audio_track=1)], reel)
    with pytest.raises(ValueError, match="pieces must end within 5"):
        plan_joined_reel([piece(film, 0, 99)], reel)
    gone = piece(film, 0, 1)
    film.unlink()
    with pytest.raises(InputError, match="is not there any more"):
        plan_joined_reel([gone], reel)


def test_sound_alone_has_no_picture_and_silence_no_reel(film, tmp_path):
    silent = make_film(tmp_path / "silent.mp4", seconds=2, size=SIZE, audio=False)
    with pytest.raises(NoSignalError, match="none of the films has sound"):
        plan_joined_reel([piece(silent, 0, 1)], tmp_path / "reel.mp3")
    report = joined([piece(film, 0, 1)], tmp_path / "reel.wav")
    assert (report.video_encoder, report.audio_seconds) == (None, 1)


def test_damage_is_warned_of(film, tmp_path, caplog):
    data = bytearray(film.read_bytes())
    middle = len(data) // 2
    info = probe(film)
    data[middle : middle + len(data) // 3] = bytes(len(data) // 3)
    film.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        write_joined_reel([FilmPiece(info, Segment(0, 5))], tmp_path / "reel.mp4")
    assert "could not be read in the reel" in caplog.text
