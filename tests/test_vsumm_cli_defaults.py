"""Defaults from vsumm.toml: what they set, and how what is wrong in them is named."""

import pytest

from vsumm.cli.program import _parser, main, with_defaults


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "settings" / "vsumm").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    return tmp_path


def parsed(*arguments):
    return _parser().parse_args(with_defaults(["summarize", "film.mp4", *arguments]))


def test_the_file_sets_options_and_the_command_line_takes_their_place(folders):
    (folders / "here" / "vsumm.toml").write_text(
        'budget = "60s"\nby = "image"\nfast = true\nstrict = false\nmotion_weight = 0.25\n'
        'exclude = ["*.ts", "raw/*"]\nweights = { motion = 1, about = 2.5 }\n'
    )
    args = parsed("--by", "music")
    assert args.budget.budget_seconds == 60
    assert (args.by, args.is_fast, args.strict, args.motion_weight) == ("music", True, False, 0.25)
    assert args.exclude == ["*.ts", "raw/*"]
    assert args.weights == {"motion": 1.0, "about": 2.5}


def test_the_file_in_the_working_folder_comes_before_the_users(folders):
    (folders / "settings" / "vsumm" / "vsumm.toml").write_text("jobs = 2\n")
    assert parsed().jobs == 2
    (folders / "here" / "vsumm.toml").write_text("jobs = 3\n")
    assert parsed().jobs == 3


def test_a_batch_takes_what_it_knows_of_the_same_file(folders):
    (folders / "here" / "vsumm.toml").write_text(
        'budget = "60s"\norder = "newest"\npreview = "a.gif"\n'
    )
    args = _parser().parse_args(with_defaults(["batch", "films", "-o", "out", "--order", "name"]))
    assert (args.budget.budget_seconds, args.order) == (60, "name")
    (folders / "here" / "vsumm.toml").write_text("nosuch = 1\n")
    assert main(["batch", "films", "-o", "out"]) == 2


def test_without_a_file_nothing_is_set():
    assert with_defaults(["summarize", "film.mp4"]) == ["summarize", "film.mp4"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("buget = 3", "vsumm.toml: there is no option buget; did you mean budget?"),
        ("fast = 1", "vsumm.toml: fast must be true or false, got 1"),
        ("budget = true", "vsumm.toml: budget must be no truth value, got True"),
        ("budget = ", "vsumm.toml: cannot be read"),
    ],
)
def test_what_is_wrong_in_the_file_is_wrong_usage(folders, text, said, capsys):
    (folders / "here" / "vsumm.toml").write_text(text)
    assert main(["summarize", "film.mp4"]) == 2
    assert said in capsys.readouterr().err
