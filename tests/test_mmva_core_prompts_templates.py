"""Templates: the paper's, a user's own, and every combination of their words."""

import itertools

import pytest

from mmva_core.errors import DataError
from mmva_core.prompts.templates import DEFAULT_TEMPLATES, Templates, load_templates


@pytest.fixture(scope="module")
def paper():
    return load_templates()


def small():
    words = {"colour": ("red", "blue", "green"), "size": ("big", "small")}
    return Templates(("A {size} {colour_1} house.", "Beside it a {colour_2} one."), words)


def write(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paper_has_54912_prompts(paper):
    # 8 genres, 12 instruments of which two differ, 4 tempos, 13 moods.
    assert len(paper) == 8 * 12 * 11 * 4 * 13 == 54_912


def test_first_prompt_reads_as_in_the_paper(paper):
    assert paper.prompt(0) == (
        "This is a rock music piece. The melody is being played by the no instrument while "
        "electric guitar is playing in the background. The rhythm is fast. The atmosphere is easy "
        "going."
    )


def test_no_prompt_occurs_twice(paper):
    assert len({tuple(row) for row in paper.choices.tolist()}) == len(paper)


def test_every_combination_is_there():
    templates = small()
    expected = {
        f"A {size} {first} house. Beside it a {second} one."
        for size in ("big", "small")
        for first, second in itertools.permutations(("red", "blue", "green"), 2)
    }
    assert {templates.prompt(place) for place in range(len(templates))} == expected
    assert len(templates) == len(expected)


def test_words_of_a_prompt_are_named_by_slot():
    assert small().words_of(0) == {"size": "big", "colour_1": "red", "colour_2": "blue"}


def test_kind_is_satisfied_by_any_of_its_slots():
    templates = small()
    mask = templates.allowed({"colour": ["red"]})
    for place, allowed in enumerate(mask):
        assert allowed == ("red" in templates.prompt(place))


def test_slot_and_kind_can_be_wanted_together():
    templates = small()
    places = templates.allowed({"colour_2": ["red", "blue"], "size": ["small"]}).nonzero()[0]
    prompts = [templates.prompt(place) for place in places]
    assert len(prompts) == 4
    assert all("small" in text and "a green one" not in text for text in prompts)


def test_unknown_word_is_refused_with_those_there_are(paper):
    with pytest.raises(DataError, match="genre cannot be 'polka'; it can be rock, pop funk"):
        paper.allowed({"genre": ["polka"]})


def test_unknown_slot_is_refused_with_those_there_are(paper):
    with pytest.raises(DataError, match="no slot 'weather'"):
        paper.allowed({"weather": ["rain"]})


def test_own_templates_replace_the_papers(tmp_path):
    path = write(tmp_path, 'sentences = ["{mood} music"]\n[words]\nmood = ["sad", "glad"]\n')
    templates = load_templates(path)
    assert [templates.prompt(place) for place in range(len(templates))] == [
        "sad music",
        "glad music",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sentences = [", "cannot be used"),
        ('sentences = ["{mood}"]', "lack the entry 'words'"),
        ('sentences = ["{mood}"]\n[words]\nmood = ["a"]\ngenre = ["b"]', "no sentence has a slot"),
        ('sentences = ["{mood} {key}"]\n[words]\nmood = ["a"]', "no words for key"),
        ('sentences = ["{mood}"]\n[words]\nmood = ["a", "a"]', "differ"),
        ('sentences = ["{mood}"]\n[words]\nmood = []', "at least one"),
        ('sentences = ["no slot"]\n[words]\n', "have no slots"),
        ('sentences = "one"\n[words]\nmood = ["a"]', "list of texts"),
        ('sentences = ["{mood}"]\n[words]\nmood = "a"', "must be a list of texts"),
        ('colour = 1\nsentences = ["{mood}"]\n[words]\nmood = ["a"]', "unknown entry 'colour'"),
        ('sentences = ["{mood"]\n[words]\nmood = ["a"]', "cannot be used"),
        ('sentences = ["{mood:>9}"]\n[words]\nmood = ["a"]', "without a format"),
        ('sentences = ["{mood!r}"]\n[words]\nmood = ["a"]', "without a format"),
        ('sentences = ["{}"]\n[words]\nmood = ["a"]', "cannot be used"),
    ],
)
def test_templates_that_cannot_be_used_are_refused(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        load_templates(write(tmp_path, text))


def test_missing_templates_are_named(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load_templates(tmp_path / "none.toml")


def test_too_many_combinations_are_refused():
    words = {"a": tuple(map(str, range(2000)))}
    with pytest.raises(ValueError, match="too many"):
        Templates(("{a_1} {a_2}",), words)


def test_fingerprint_depends_on_every_word(tmp_path):
    text = DEFAULT_TEMPLATES.read_text(encoding="utf-8")
    changed = load_templates(write(tmp_path, text.replace('"dreamy"', '"sleepy"')))
    assert changed.fingerprint() != load_templates().fingerprint()
    assert load_templates().fingerprint() == load_templates().fingerprint()
