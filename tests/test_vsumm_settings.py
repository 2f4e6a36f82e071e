"""Settings as keywords: what is taken, and how what is wrong is named."""

from dataclasses import fields

import pytest
from films import make_film
from foretold import BrightLoudModel

import vsumm
from vsumm.config import SummaryConfig
from vsumm.files.outputs import check_output
from vsumm.settings import Settings, with_settings


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "film.mp4"
    return make_film(path, seconds=12.0, size=(160, 90), flashes=[6.8])


def test_every_field_is_a_keyword():
    names = {field.name for field in fields(SummaryConfig)}
    assert Settings.__annotations__.keys() | {"model"} == names | {"budget"}


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ("60s", SummaryConfig(budget_seconds=60)),
        (60, SummaryConfig(budget_seconds=60)),
        (0.2, SummaryConfig(budget_fraction=0.2)),
        ("20%", SummaryConfig(budget_fraction=0.2)),
    ],
)
def test_a_budget_is_taken_as_people_write_it(budget, expected):
    assert with_settings(None, {"budget": budget}) == expected


def test_keywords_take_the_place_of_the_fields_of_a_config():
    config = SummaryConfig(by="image", budget_seconds=5, seed=3)
    assert with_settings(config, {"budget": "10%", "by": "music"}) == SummaryConfig(
        by="music", budget_fraction=0.1, seed=3
    )


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (("a.mp4", "image"), {}, r"config must be a SummaryConfig.* got 'image' \(str\)"),
        ((3,), {}, r"path must be a str or os.PathLike.* got 3 \(int\)"),
        ((["a.mp4"],), {"cache": "here"}, r"cache must be a RecordCache; got 'here' \(str\)"),
        (("a.mp4",), {"model": 7}, r"model must be the name of a model.* got 7 \(int\)"),
        (("a.mp4",), {"buget": "60s"}, "no setting 'buget'; did you mean budget"),
        (("a.mp4",), {"budget": None}, "budget must be a text such as '60s'.* got None"),
        (("a.mp4",), {"spread": "0.5"}, r"spread must be a number; got '0.5' \(str\)"),
        (("a.mp4",), {"seed": 1.5}, r"seed must be a whole number; got 1.5 \(float\)"),
        (("a.mp4",), {"strict": 1}, r"strict must be True or False; got 1 \(int\)"),
        (("a.mp4",), {"weights": ["motion"]}, r"weights must be numbers by name.* \(list\)"),
    ],
)
def test_a_wrong_type_names_argument_value_and_what_is_allowed(arguments, settings, said):
    with pytest.raises(TypeError, match=said):
        vsumm.summarize(*arguments, **settings)


def test_a_wrong_value_is_a_value_error_before_any_file_is_read():
    with pytest.raises(ValueError, match="no signal colour"):
        vsumm.summarize("missing.mp4", weights={"colour": 1})


def test_several_films_share_a_model_and_a_summary_is_one_line(film):
    settings = {"model": BrightLoudModel(), "by": "image", "budget": "4s", "cut_at": "grid"}
    both = vsumm.summarize([film, str(film)], **settings)
    assert both == [vsumm.summarize(film, **settings)] * 2
    assert repr(both[0]) == "<Summary of 'film.mp4': 4.0 of 12.0 s in 1 run, by image>"


def test_errors_advise_in_python_here_and_in_options_on_the_command_line(tmp_path):
    taken = tmp_path / "taken.txt"
    taken.touch()
    with pytest.raises(vsumm.OutputError, match="use overwrite=True to replace it") as caught:
        check_output(taken)
    assert "use --force to replace it" in caught.value.on_command_line
