"""The command line: what it writes, prints and returns."""

import argparse
import json
import shutil
import subprocess
import sys

import av
import numpy as np
import pytest
from films import make_film
from foretold import BrightLoudModel

from vsumm.cli.options import fields_in
from vsumm.cli.program import main
from vsumm.config import SummaryConfig
from vsumm.score.highlights import weighted_mean
from vsumm.summary import Summary

FLASH = 12.8


@pytest.fixture(scope="module")
def made_film(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "film.mp4"
    return make_film(path, seconds=20.0, size=(160, 90), flashes=[FLASH])


@pytest.fixture
def film(made_film, tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.setattr("vsumm.score.model_source.load_model", lambda config: BrightLoudModel())
    monkeypatch.setattr(
        "vsumm.score.model_source.model_fingerprint", lambda name: "bright and loud"
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    return shutil.copy(made_film, tmp_path / "my film.mp4")


def duration(path):
    with av.open(str(path)) as container:
        return container.duration / av.time_base


def test_summarize_leaves_a_reel_and_a_summary_beside_the_input(film, capsys):
    options = [
        "--by",
        "image",
        "--frames-per-segment",
        "10",
        "--smoothing-segments",
        "1",
        "--motion-weight",
        "0",
        "--cut-at",
        "grid",
    ]
    assert main(["summarize", str(film), *options]) == 0
    reel, summary = film.with_name("my film.summary.mp4"), film.with_name("my film.summary.json")
    assert duration(reel) == pytest.approx(2.0, abs=0.05)
    assert Summary.from_json(summary.read_text()).media.path == film
    printed = capsys.readouterr()
    assert "my film.summary.mp4" in printed.out
    assert "0:12.0" in printed.out
    assert printed.err == ""


def test_the_output_decides_name_and_container(film, tmp_path):
    assert main(["summarize", str(film), "--quiet", "-o", str(tmp_path / "cut.mkv")]) == 0
    with av.open(str(tmp_path / "cut.mkv")) as container:
        assert "matroska" in container.format.name
    assert (tmp_path / "cut.json").exists()


def test_json_prints_the_whole_result(film, capsys):
    assert main(["summarize", str(film), "--no-reel", "--json"]) == 0
    printed = capsys.readouterr().out
    assert Summary.from_json(printed).input_sha256 == json.loads(printed)["input_sha256"]
    assert not film.with_name("my film.summary.mp4").exists()


def test_nothing_is_replaced_without_force(film, capsys):
    kept = film.with_name("my film.summary.json")
    kept.write_text("mine")
    assert main(["summarize", str(film), "--no-reel"]) == 1
    assert kept.read_text() == "mine"
    assert "--force" in capsys.readouterr().err
    assert main(["summarize", str(film), "--no-reel", "--force", "--quiet"]) == 0
    assert kept.read_text() != "mine"


def test_the_input_is_never_replaced(film, capsys):
    before = film.read_bytes()
    assert main(["summarize", str(film), "--force", "-o", str(film)]) == 1
    assert film.read_bytes() == before
    assert "the input itself" in capsys.readouterr().err


def test_a_failing_input_does_not_stop_the_others(film, tmp_path, capsys):
    bad = tmp_path / "bad.mp4"
    bad.write_text("this is no film")
    code = main(["summarize", str(bad), str(film), "--no-reel", "--quiet"])
    assert code == 1
    assert film.with_name("my film.summary.json").exists()
    error = capsys.readouterr().err.strip()
    assert "bad.mp4" in error
    assert len(error.splitlines()) == 1


def test_several_inputs_go_into_a_folder(film, tmp_path):
    other = shutil.copy(film, tmp_path / "other.mp4")
    folder = tmp_path / "out"
    folder.mkdir()
    arguments = [str(film), str(other), "--no-reel", "--quiet", "-o", str(folder)]
    assert main(["summarize", *arguments]) == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "my film.summary.json",
        "other.summary.json",
    ]


@pytest.mark.parametrize(
    "options",
    [["--budget", "0%"], ["--by", "smell"], ["--smoothing-segments", "4"], ["--audio-track", "-1"]],
)
def test_wrong_usage_exits_with_two(options, capsys):
    with pytest.raises(SystemExit) as stop:
        raise SystemExit(main(["summarize", "film.mp4", *options]))
    assert stop.value.code == 2
    assert "error" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--weights", "colour=1"], "no signal colour; there are motion"),
        (["--weights", "motion"], "cannot read 'motion': write NAME=WEIGHT"),
        (["--weights", "motion=inf"], "weights must be finite"),
        (["--spread", "2"], "spread must be in [0, 1]"),
    ],
)
def test_wrong_settings_of_the_score_are_wrong_usage(options, said, capsys):
    with pytest.raises(SystemExit) as stop:
        raise SystemExit(main(["summarize", "film.mp4", *options]))
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_settings_of_the_score_reach_the_summary(film):
    options = ["--weights", "motion=1,about=0", "--about", "a dance", "--spread", "0.5"]
    assert main(["summarize", str(film), "--no-reel", "--quiet", *options]) == 0
    summary = Summary.from_json(film.with_name("my film.summary.json").read_text())
    assert summary.by == "highlights"
    assert summary.config.weights == {"motion": 1.0, "about": 0.0}
    assert (summary.config.about, summary.config.spread) == ("a dance", 0.5)


def test_a_query_is_looked_for_and_named(made_film, tmp_path, capsys):
    film = shutil.copy(made_film, tmp_path / "film.mp4")
    options = ["--no-reel", "--no-cache", "--query", "a fast car"]
    assert main(["summarize", str(film), *options]) == 0
    assert 'by the query "a fast car"' in capsys.readouterr().out
    summary = Summary.from_json((tmp_path / "film.summary.json").read_text())
    closeness = np.array([row.signals["about"] for row in summary.segments])
    scores = [row.score for row in summary.segments]
    assert np.argmax(scores) == np.argmax(weighted_mean(closeness))


def test_an_unknown_extension_is_said_before_the_work_starts(film, capsys, monkeypatch):
    monkeypatch.setattr("vsumm.batch.job.summarize_media", None)  # calling it would be a TypeError
    assert main(["summarize", str(film), "-o", "reel.xyz"]) == 1
    assert ".xyz" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--encoder", "nope"], "no encoder is named 'nope'"),
        (["--encoder", "libx265", "--preset", "nope"], "preset=nope"),
        (["--title", "x", "--title-font", "no.ttf"], "no.ttf"),
    ],
)
def test_what_only_an_encoder_can_judge_is_said_before_the_work_starts(
    film, options, said, capsys, monkeypatch
):
    monkeypatch.setattr("vsumm.batch.job.summarize_media", None)  # calling it would be a TypeError
    assert main(["summarize", str(film), *options]) == 1
    assert said in capsys.readouterr().err
    assert [path.name for path in film.parent.iterdir()] == ["my film.mp4"]


def test_skip_existing_leaves_what_is_there_and_makes_the_rest(film, tmp_path, capsys):
    arguments = ["summarize", str(film.parent), "--no-reel", "--quiet", "--skip-existing"]
    arguments += ["-o", f"{tmp_path}/new/folder/"]
    assert main(arguments) == 0
    made = tmp_path / "new" / "folder" / "my film.summary.json"
    made.write_text("mine")
    other = shutil.copy(film, tmp_path / "other.mp4")
    capsys.readouterr()
    assert main(arguments) == 0
    assert capsys.readouterr().err == f"vsumm: {film}: its results are there, skipped\n"
    assert made.read_text() == "mine"
    assert made.with_name(f"{other.stem}.summary.json").exists()


def test_an_interrupt_exits_with_130_and_leaves_nothing(film, monkeypatch, capsys):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("vsumm.reel.write_reel", interrupt)
    assert main(["summarize", str(film)]) == 130
    assert [path.name for path in film.parent.iterdir()] == ["my film.mp4"]


def test_an_interrupt_between_films_exits_with_130(film, tmp_path, monkeypatch):
    other = shutil.copy(film, tmp_path / "other.mp4")

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("vsumm.reel.write_reel", interrupt)
    assert main(["summarize", str(film), str(other), "--jobs", "2"]) == 130
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my film.mp4", "other.mp4"]


def test_what_is_added_to_the_reel_reaches_it(film, tmp_path, caplog):
    options = ["--budget", "8s", "--title", "日", "--soundtrack", str(film), "--quiet"]
    options += ["--cut-at", "grid"]
    assert main(["summarize", str(film), *options, "-o", str(tmp_path / "r.mp4")]) == 0
    assert "font has no 日" in caplog.text
    assert duration(tmp_path / "r.mp4") == pytest.approx(8.0, abs=0.05)


def test_fast_says_when_nothing_could_be_copied(film, tmp_path, caplog):
    assert main(["summarize", str(film), "--fast", "--quiet", "-o", str(tmp_path / "r.webm")]) == 0
    assert "encoded anew: the reel is encoded by libvpx-vp9" in caplog.text


def test_names_that_would_break_a_line_do_not(film, tmp_path, capsys):
    name = b"a\nb\xff.mkv".decode("utf-8", "surrogateescape")
    path = str(film.rename(tmp_path / name))
    assert main(["summarize", path, "--budget", "1s"]) == 0
    output, errors = capsys.readouterr()
    assert errors.splitlines()[0].startswith("vsumm: ")
    assert "a\\nb\\udcff.mkv" in errors.splitlines()[0]
    assert "'a\\nb\\udcff.mkv'" in output.splitlines()[0]
    assert main(["summarize", str(tmp_path / "c\nd.mp4")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    (output + errors).encode()


def test_an_option_of_zero_is_no_option_left_out():
    args = argparse.Namespace(motion_weight=0.0, seed=0, spread=None, strict=False)
    assert fields_in(args, SummaryConfig) == {"motion_weight": 0.0, "seed": 0}


def test_a_timeline_and_chapters_are_written_with_the_reel_or_without(film, tmp_path):
    outputs = [tmp_path / name for name in ("a.otio", "a.edl", "a.vtt")]
    named = [text for path in outputs for text in ("-o", str(path))]
    assert main(["summarize", str(film), "--quiet", *named]) == 0
    assert all(path.exists() for path in outputs)
    assert not (tmp_path / "my film.summary.mp4").exists()
    reel = tmp_path / "reel.mp4"
    assert main(["summarize", str(film), "--quiet", "--force", *named, "-o", str(reel)]) == 0
    assert reel.exists()
    again = tmp_path / "again.mp4"
    assert main(["render", str(tmp_path / "a.edl"), "--quiet", "-o", str(again)]) == 0
    assert again.read_bytes() == reel.read_bytes()


def test_two_reels_or_one_timeline_of_two_films_are_wrong_usage(film, capsys):
    assert main(["summarize", str(film), "-o", "a.mp4", "-o", "b.mp4"]) == 2
    assert main(["summarize", str(film), str(film), "-o", "a.otio"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize("decoder", ["pyav", "decord"])
def test_the_decoder_is_the_one_that_was_named(film, decoder):
    if decoder == "decord":
        pytest.importorskip("decord")
    options = ["--by", "image", "--decoder", decoder, "--no-reel", "--quiet"]
    assert main(["summarize", str(film), *options]) == 0
    summary = Summary.from_json(film.with_name("my film.summary.json").read_text())
    assert summary.image_report.decoder == decoder


def test_without_a_home_folder_nothing_is_cached_and_the_work_is_done(film, capsys, monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("vsumm.files.cache.Path.home", no_home)
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert main(["summarize", str(film), "--no-reel", "--quiet"]) == 0
    assert "nothing is cached" in capsys.readouterr().err


def test_the_printed_length_is_that_of_the_reel_with_cross_fades(film, tmp_path, capsys):
    film = make_film(tmp_path / "two.mp4", seconds=20.0, size=(160, 90), flashes=[4.8, FLASH])
    reel = tmp_path / "faded.mp4"
    options = ["--by", "image", "--smoothing-segments", "1", "--motion-weight", "0"]
    options += [
        "--frames-per-segment",
        "10",
        "--budget",
        "4s",
        "--crossfade",
        "0.5",
        "--cut-at",
        "grid",
    ]
    options += ["-o", str(reel)]
    assert main(["summarize", str(film), *options]) == 0
    printed = capsys.readouterr().out.splitlines()[0]
    minutes, seconds = printed.split(": ")[1].split(" of ")[0].split(":")
    assert 60 * int(minutes) + float(seconds) == pytest.approx(duration(reel), abs=0.06)
    assert duration(reel) == pytest.approx(3.5, abs=0.05)


@pytest.mark.parametrize(("options", "cut_at"), [([], "grid"), (["--cut-at", "shots"], "shots")])
def test_a_quick_look_cuts_on_the_grid_unless_asked(film, options, cut_at):
    assert main([str(film), "--quick", "--no-reel", *options]) == 0
    summary = Summary.from_json(film.with_name("my film.summary.json").read_text())
    assert (summary.config.quick, summary.config.cut_at) == (True, cut_at)


HEAVY = (
    "torch scipy pandas PIL av cv2 ortools onnxruntime matplotlib jinja2 opentimelineio moviepy "
    "tomllib vsumm.reel.export"
)
"""What a film whose measurements are cached does not need, if nothing but a summary is written."""


def test_a_film_that_is_cached_needs_no_process_beside_this_one(film, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("vsumm.files.unchanged.SETTLED_SECONDS", 0.0)
    command = [str(film), "--no-reel", "--force", "--cut-at", "grid"]
    assert main(command) == 0

    def start(*_):
        pytest.fail("no process is needed")

    monkeypatch.setattr("vsumm.workers.start._running_server", start)
    monkeypatch.setattr("vsumm.workers.start._Started", start)
    assert main([*command, "--budget", "3s"]) == 0
    film.touch()
    with pytest.raises(BaseException, match="no process"):
        main(command)


@pytest.mark.slow
def test_a_film_is_summarised_without_what_takes_long_to_load(made_film, tmp_path):
    film = shutil.copy(made_film, tmp_path / "a dog on a beach.mp4")
    heavy = "torch onnx transformers scipy pandas moviepy matplotlib av"
    code = (
        "import sys; from vsumm.cli import main; assert main(sys.argv[1:]) == 0; "
        f"print({{*{heavy!r}.split()}} & {{*sys.modules}}, file=sys.stderr)"
    )
    command = [str(film), "-o", str(tmp_path / "out.mp4"), "--no-cache"]
    done = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip().splitlines()[-1:]) == (0, ["set()"])


@pytest.mark.slow
def test_what_is_cached_is_selected_from_anew_without_heavy_imports(
    made_film, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    command = ["summarize", str(made_film), "-o", str(tmp_path / "out.mp4"), "--no-reel", "--force"]
    assert main(command) == 0
    code = (
        "import sys; from vsumm.cli import main; assert main(sys.argv[2:]) == 0; "
        "print(*{*sys.argv[1].split()} & {*sys.modules}, file=sys.stderr)"
    )
    for options in (["--budget", "5s"], ["--by", "both"], ["--weights", "motion=2"]):
        done = subprocess.run(
            [sys.executable, "-c", code, HEAVY, *command, *options],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr.strip()) == (0, "")
