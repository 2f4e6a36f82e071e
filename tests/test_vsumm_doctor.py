import pytest
from films import make_film, run_ffmpeg
from subtitles import film_with_subtitles, srt_text

from vsumm.doctor import examine
from vsumm.errors import InputError


def test_doctor_describes_a_film(tmp_path):
    path = make_film(
        tmp_path / "film.mkv", num_audio_tracks=2, languages=["eng", "deu"], gop_seconds=1.0
    )
    diagnosis = examine(path)
    text = str(diagnosis)
    assert "h264, 320 x 180, 25 frames/s (constant), yuv420p, key frames up to 1.0 s" in text
    assert "sound 1  aac, 44100 Hz, 1 channel, deu" in text
    assert "no problems found" in text
    assert diagnosis.picture.num_packets == 150
    assert diagnosis.picture.decoded_end_seconds == pytest.approx(6, abs=0.01)


def test_doctor_tells_a_variable_rate(tmp_path):
    path = make_film(tmp_path / "film.mp4", frame_times=[0, 0.1, 0.5, 2, 2.04, 3, 5.5])
    diagnosis = examine(path)
    assert diagnosis.picture.is_variable_rate
    assert "(variable)" in str(diagnosis)


def test_doctor_tells_what_is_missing_from_a_cut_film(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=12, container_options={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    diagnosis = examine(path)
    assert any("the file ends early" in problem for problem in diagnosis.problems)
    assert 2 < diagnosis.picture.report.unreadable_seconds < 6
    assert diagnosis.picture.decoded_end_seconds < 10


def test_doctor_notes_late_and_missing_streams(tmp_path):
    late = make_film(tmp_path / "late.mp4", video_start_seconds=1.5)
    silent = make_film(tmp_path / "silent.mp4", audio=False)
    sound = make_film(tmp_path / "sound.m4a")
    assert examine(late).notes == ("the picture starts 1.50 s after the sound",)
    assert examine(silent).notes == ("no sound: it can be summarised by its picture only",)
    assert examine(sound).notes == ("no picture: it can be summarised by its sound only",)


def test_doctor_names_subtitles_and_what_a_reel_leaves_out(tmp_path):
    tags = ["-metadata:s:s:#", "language=deu", "-disposition:s:#", "forced"]
    film = film_with_subtitles(tmp_path / "film.mkv", (srt_text(), tags))
    (tmp_path / "font.ttf").write_bytes(b"a font")
    attached = tmp_path / "attached.mkv"
    attach = "-attach", tmp_path / "font.ttf", "-metadata:s:t", "mimetype=font/ttf"
    run_ffmpeg("-i", film, "-map", "0", "-c", "copy", *attach, attached)
    lines = str(examine(attached)).splitlines()
    assert "  subtitle subrip, deu, forced" in lines
    assert "  besides  1 font: kept with ASS subtitles in MKV" in lines


def test_doctor_refuses_what_is_no_film(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_text("no film")
    with pytest.raises(InputError, match=r"film\.mp4"):
        examine(path)
