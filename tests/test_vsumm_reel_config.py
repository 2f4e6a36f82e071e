"""Settings of a reel: types and ranges are checked by name."""

from pathlib import Path

import pytest

import vsumm
from vsumm.reel.config import ReelConfig


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"crf": "18"}, r"crf must be a number; got '18' \(str\)"),
        ({"crossfade_seconds": True}, "crossfade_seconds must be a number; got True"),
        ({"encoder": 264}, "encoder must be a text; got 264"),
        ({"is_fast": "no"}, "is_fast must be True or False; got 'no'"),
        ({"soundtrack": 3}, "soundtrack must be a str or os.PathLike; got 3"),
    ],
)
def test_a_wrong_type_is_named(settings, message):
    with pytest.raises(TypeError, match=message):
        ReelConfig(**settings)


def test_a_file_may_be_named_by_text():
    assert ReelConfig(soundtrack="song.mp3") == ReelConfig(soundtrack=Path("song.mp3"))


def test_export_reel_names_the_argument_that_is_wrong(tmp_path):
    with pytest.raises(TypeError, match="summary must be a Summary"):
        vsumm.export_reel("film.mp4", tmp_path / "reel.mp4")
