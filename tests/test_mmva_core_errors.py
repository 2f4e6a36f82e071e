"""Errors that advise in two voices."""

import pytest

from mmva_core.errors import DataError
from mmva_core.prompts.generate import check_output


def test_errors_advise_arguments_in_python_and_options_on_the_command_line(tmp_path):
    taken = tmp_path / "music.wav"
    taken.touch()
    with pytest.raises(DataError, match="use overwrite=True to replace it") as caught:
        check_output(taken, overwrite=False)
    assert caught.value.on_command_line.endswith("use --force to replace it")
    named = caught.value.about("a.wav")
    assert type(named) is DataError
    assert str(named).startswith("a.wav: ")
    assert named.on_command_line.startswith("a.wav: ")
    assert named.on_command_line.endswith("use --force to replace it")
