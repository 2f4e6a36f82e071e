"""From a film to a summary, on films that the tests make and with a model that foretells."""

import av
import pytest
from films import make_film
from foretold import BrightLoudModel

from vsumm.config import SummaryConfig
from vsumm.errors import InputError, NoSignalError
from vsumm.media.segments import Segment
from vsumm.pipeline import summarize
from vsumm.score import load_model

FLASH, BEEP = 12.8, 20.8


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return make_film(path, seconds=30.0, size=(160, 90), flashes=[FLASH], beeps=[BEEP])


def summarize_plainly(path, **fields):
    fields = {
        "smoothing_segments": 1,
        "frames_per_segment": 10,
        "motion_weight": 0,
        "cut_at": "grid",
        **fields,
    }
    return summarize(path, SummaryConfig(**fields), model=BrightLoudModel())


def test_by_image_the_flash_is_picked(film):
    summary = summarize_plainly(film, by="image", budget_seconds=2.0)
    assert summary.runs == [Segment(12.0, 14.0)]
    assert summary.signal_names == ["image_valence", "image_arousal", "motion"]


def test_by_music_the_beep_is_picked(film):
    summary = summarize_plainly(film, by="music", budget_seconds=2.0)
    assert summary.runs == [Segment(20.0, 22.0)]


def test_by_both_flash_with_beep_beats_either_alone(tmp_path):
    path = tmp_path / "film.mp4"
    make_film(path, seconds=20.0, size=(160, 90), flashes=[4.8, 10.8], beeps=[10.5, 16.5])
    summary = summarize_plainly(path, by="both", budget_seconds=2.0)
    assert summary.runs == [Segment(10.0, 12.0)]


def test_a_query_needs_a_picture_and_a_model_that_reads_it(film, tmp_path):
    with pytest.raises(NoSignalError, match="does not tell what a picture shows"):
        summarize_plainly(film, query="a goal")
    sound = make_film(tmp_path / "sound.m4a", seconds=8.0, video=False)
    with pytest.raises(NoSignalError, match='cannot look for "a goal": there is no picture'):
        summarize_plainly(sound, query="a goal")


def test_by_default_signals_are_fused_and_what_is_missing_is_said(film, tmp_path):
    assert summarize_plainly(film).by == "highlights"
    path = make_film(tmp_path / "mute.mp4", seconds=20.0, size=(160, 90), audio=False)
    summary = summarize_plainly(path)
    assert summary.by == "highlights"
    assert summary.notes == ("there is no sound: scored by the picture alone",)


def test_the_default_budget_is_fifteen_percent(film):
    summary = summarize_plainly(film)
    assert summary.budget_seconds == pytest.approx(0.15 * 30, abs=0.02)
    assert summary.selected_seconds == 4.0
    assert len(summary.segments) == 15


def test_twice_gives_the_same_summary(film):
    assert summarize_plainly(film) == summarize_plainly(film)


def test_a_model_that_came_loaded_gives_what_its_name_gives(film):
    config = SummaryConfig(by="both", cut_at="grid")
    assert summarize(film, config, model=load_model(config)) == summarize(film, config)


def test_both_without_sound_is_by_image_and_says_so(tmp_path):
    path = make_film(tmp_path / "mute.mp4", seconds=20.0, size=(160, 90), audio=False)
    summary = summarize_plainly(path, by="both")
    assert summary.by == "image"
    assert summary.notes == ("there is no sound: scored by the picture alone",)


def test_both_with_silent_sound_is_by_image_and_says_so(tmp_path):
    path = make_film(tmp_path / "silent.mp4", seconds=20.0, size=(160, 90), loudness=0)
    assert summarize_plainly(path).notes == ("the sound is silent: scored by the picture alone",)


def test_sound_alone_is_summarised_by_music(tmp_path):
    path = make_film(tmp_path / "song.m4a", seconds=20.0, video=False, beeps=[8.5])
    summary = summarize_plainly(path, by="both", budget_seconds=2.0)
    assert summary.by == "music"
    assert summary.runs == [Segment(8.0, 10.0)]


@pytest.mark.parametrize(
    ("by", "options"), [("music", {"audio": False}), ("music", {"loudness": 0})]
)
def test_by_music_without_anything_to_hear_is_an_error(tmp_path, by, options):
    path = make_film(tmp_path / "film.mp4", seconds=15.0, size=(160, 90), **options)
    with pytest.raises(NoSignalError, match=r"sound|silent"):
        summarize_plainly(path, by="music")


def test_a_short_film_gets_short_segments_and_says_so(tmp_path):
    path = make_film(tmp_path / "short.mp4", seconds=5.0, size=(160, 90), flashes=[3.1])
    summary = summarize_plainly(path, by="image", budget_seconds=0.5)
    assert summary.runs == [Segment(3.0, 3.5)]
    assert summary.notes == ("the budget is shorter than 2 s: segments of 0.5 s",)


def test_a_single_frame_is_too_short(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=0.04, size=(64, 36), audio=False)
    with pytest.raises(InputError, match=r"lasts 0\.04 s, too short"):
        summarize_plainly(path, budget_fraction=1.0)


def test_an_impossible_segment_length_is_an_error(film):
    with pytest.raises(InputError, match="raise the budget"):
        summarize_plainly(film, segment_seconds=5.0)


def test_a_missing_audio_track_is_an_error(film):
    with pytest.raises(InputError, match="audio track 3"):
        summarize_plainly(film, audio_track=3)


def test_the_sound_that_counts_is_the_one_that_a_player_takes(tmp_path):
    tracks = {"num_audio_tracks": 2, "default_track": 1, "silent_tracks": [0], "beeps": [7]}
    path = make_film(tmp_path / "film.mkv", seconds=10.0, size=(64, 36), **tracks)
    summary = summarize_plainly(path, by="music", budget_seconds=2.0)
    assert (summary.config.audio_track, summary.runs) == (1, [Segment(6.0, 8.0)])
    assert summary.notes == ()


def test_another_sound_counts_where_the_first_is_silent(tmp_path):
    tracks = {"num_audio_tracks": 3, "silent_tracks": [0, 1], "beeps": [7]}
    path = make_film(tmp_path / "film.mkv", seconds=10.0, size=(64, 36), **tracks)
    summary = summarize_plainly(path, by="both", budget_seconds=2.0)
    assert (summary.by, summary.config.audio_track, summary.runs) == (
        "both",
        2,
        [Segment(6.0, 8.0)],
    )
    assert summary.notes == ("sound 0 is silent: sound 2 counts",)
    chosen = summarize_plainly(path, by="both", budget_seconds=2.0, audio_track=0)
    assert (chosen.by, chosen.config.audio_track) == ("image", 0)


def test_a_film_whose_sound_cannot_be_read_is_summarised_by_its_picture(tmp_path):
    path = make_film(tmp_path / "film.mkv", seconds=6.0, size=(160, 90), flashes=[2.8])
    with av.open(str(path)) as container:
        packets = [p for p in container.demux() if p.stream_index == 1 and p.size]
        places = [(bytes(p)[:40], p.size) for p in packets]
    data = path.read_bytes()
    for head, size in places:
        data = data.replace(head, b"\xff" * min(size, len(head)))
    path.write_bytes(data)
    summary = summarize_plainly(path, by="both", budget_seconds=2.0)
    assert (summary.by, summary.runs) == ("image", [Segment(2.0, 4.0)])
    assert summary.music_report.unreadable_share == 1
    assert any("the sound cannot be read: scored by the picture" in n for n in summary.notes)
    for options in ({"by": "music"}, {"strict": True}):
        with pytest.raises(InputError, match="sound"):
            summarize_plainly(path, **options)


def test_a_cut_film_is_used_as_far_as_it_goes_and_strictly_refused(tmp_path):
    whole = make_film(tmp_path / "whole.mkv", seconds=30.0, size=(160, 90), flashes=[4.8])
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    summary = summarize_plainly(cut, by="image", budget_seconds=2.0)
    assert summary.runs == [Segment(4.0, 6.0)]
    assert summary.image_report.unreadable_seconds > 5
    assert any("could not be read" in note for note in summary.notes)
    with pytest.raises(InputError, match="could not be read"):
        summarize_plainly(cut, by="image", strict=True)
