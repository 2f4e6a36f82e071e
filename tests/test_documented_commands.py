"""Every command of this package that the documents name is one that its parser understands."""

import re
import shlex
from pathlib import Path

import pytest
from commands import parse_command

REPOSITORY = Path(__file__).resolve().parent.parent
DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
INDENTED = re.compile(r"^ {4}((?:vsumm|mmva) .*)$", re.MULTILINE)
INSIDE_YAML = re.compile(r"command: \[sh, -c, \"(.*)\"\]")
OPERATORS = {"&&", "||", "|", ";"}


def commands_in(document):
    """Yield the commands of this package, as lists of words, as a shell reads them."""
    text = document.read_text(encoding="utf-8")
    for pattern in (BLOCK, INDENTED, INSIDE_YAML):
        for code in pattern.findall(text):
            for line in code.replace("\\\n", " ").splitlines():
                yield from filter(None, map(ours_in, split(line)))


def split(line):
    """Yield the commands of a line, as lists of words."""
    words = []
    for word in [*shlex.split(line, comments=True), ";"]:
        if word in OPERATORS:
            yield words
            words = []
        else:
            words.append(word)


def ours_in(words):
    """Return a command of this package, also one that Slurm or Ray starts; or None."""
    if words[:1] == ["srun"]:
        words = words[words.index("--") + 1 :] if "--" in words else words[1:]
    return words if words[:1] in (["vsumm"], ["mmva"]) else None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_is_understood(document):
    for words in commands_in(document):
        try:
            parse_command(words)
        except SystemExit:
            pytest.fail(shlex.join(words))


def test_what_slurm_kubernetes_and_ray_start_is_among_them():
    found = "\n".join(map(shlex.join, commands_in(REPOSITORY / "docs" / "batch.md")))
    assert "vsumm batch /archive -o /shared/reels --jobs 8 --quiet" in found
    assert "vsumm batch /films -o /reels --jobs 4 --quiet" in found
    assert "vsumm batch /archive -o /shared/reels --engine ray --address auto" in found


def test_every_trial_that_is_named_is_there():
    texts = [document.read_text(encoding="utf-8") for document in DOCUMENTS]
    named = {name for text in texts for name in re.findall(r"tests/trials/\w+\.py", text)}
    assert named
    assert not [name for name in named if not (REPOSITORY / name).is_file()]
