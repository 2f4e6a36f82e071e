"""Which track goes under which reel, and what is said of it."""

from dataclasses import replace

import pytest
from music import make_index, make_tone
from summaries import make_summary

from vsumm.errors import InputError
from vsumm.soundtrack.choose import NUM_BEST, choose_soundtrack
from vsumm.summary import Summary

RISING = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


def summary_of(arousal=RISING):
    flat = [0.5] * len(arousal)
    signals = {"image_valence": flat, "image_arousal": arousal, "motion": flat}
    return make_summary(flat, range(len(arousal)), signals=signals)


def index_of(tmp_path, root, tracks, **facts):
    for name in tracks:
        make_tone(root / name, tags={"artist": "Somebody"})
    return make_index(tmp_path / "index", root, tracks, **facts)


def test_the_track_that_rises_with_the_reel_is_taken_from_where_it_does(tmp_path, root):
    tracks = {
        "falling.flac": [0.9, 0.6, 0.3],
        "rising.flac": [0.9, 0.2, 0.2, 0.5, 0.8, 0.9],
        "flat.flac": [0.55] * 3,
    }
    choice = choose_soundtrack(summary_of(), index_of(tmp_path, root, tracks))
    best = choice.best[0]
    assert (best.file, best.start_seconds) == (root / "rising.flac", 12)
    assert best.correlation > 0.9
    assert choice.line.startswith(f"soundtrack: {best.file} from 0:12.0: score {best.score:.2f}")
    assert "median of 3" in choice.line
    assert "by Somebody; licence: none named" in choice.line


def test_the_best_five_are_kept_in_the_json_of_the_summary(tmp_path, root):
    tracks = {f"{number}.flac": [number / 10] * 3 for number in range(8)}
    choice = choose_soundtrack(summary_of(), index_of(tmp_path, root, tracks))
    assert len(choice.best) == NUM_BEST
    scores = [match.score for match in choice.best]
    assert scores == sorted(scores, reverse=True)
    made = replace(summary_of(), soundtracks=choice.best)
    back = Summary.from_json(made.to_json())
    assert back.soundtracks == choice.best


def test_speech_is_not_taken(tmp_path, root):
    tracks = {"podcast.flac": [0.2, 0.5, 0.8], "song.flac": [0.9, 0.5, 0.1]}
    index = index_of(tmp_path, root, tracks, speech={"podcast.flac": 0.9, "song.flac": 0.3})
    assert [m.file.name for m in choose_soundtrack(summary_of(), index).best] == ["song.flac"]


def test_files_that_are_gone_are_passed_over(tmp_path, root):
    index = index_of(tmp_path, root, {"best.flac": [0.2, 0.5, 0.8], "song.flac": [0.9, 0.5, 0.1]})
    (root / "best.flac").unlink()
    assert choose_soundtrack(summary_of(), index).best[0].file.name == "song.flac"
    (root / "song.flac").unlink()
    with pytest.raises(InputError, match="none of the music"):
        choose_soundtrack(summary_of(), index)


def test_a_track_shorter_than_the_reel_is_said_to_play_again(tmp_path, root):
    index = index_of(tmp_path, root, {"short.flac": [0.5]})
    assert "plays again from its beginning" in choose_soundtrack(summary_of(), index).line


def test_a_folder_that_is_no_index_is_refused(tmp_path):
    with pytest.raises(InputError, match="no index"):
        choose_soundtrack(summary_of(), tmp_path)
