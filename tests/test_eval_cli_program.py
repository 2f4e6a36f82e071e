import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from benchmarks import make_video, write_h5, write_scores, write_summe_mat, write_tvsum_mat
from films import make_film

from eval.__main__ import main
from eval.cli.program import METHOD_NAMES, PROTOCOL_NAMES
from eval.protocol.selection import summarise_frames
from eval.protocol.shots import PROTOCOLS

BORDERS = np.array([0, 80, 130, 210, 300])


@pytest.fixture
def folder(tmp_path):
    """An annotation, an h5 file and scores for its two videos."""
    videos = []
    for number in (1, 2):
        made = make_video(f"v{number}", key=f"video_{number}", seed=number, shot_borders=BORDERS)
        summaries = summarise_frames(made.user_importance, BORDERS)
        videos.append(replace(made, user_summaries=summaries))
    write_tvsum_mat(tmp_path / "ydata-tvsum50.mat", videos)
    write_h5(tmp_path / "data.h5", videos)
    rng = np.random.default_rng(0)
    write_scores(tmp_path / "scores.json", {v.key: rng.random(300) for v in videos})
    return tmp_path


def run(folder, *arguments):
    places = {name: str(folder / name) for name in ("data.h5", "scores.json", "ydata-tvsum50.mat")}
    return main([places.get(argument, argument) for argument in arguments])


def test_parsing_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from eval.cli.program import add_arguments\n"
        "from mmva_core.cli import Parser\n"
        "parser = Parser()\n"
        "add_arguments(parser)\n"
        "parser.parse_args(['tvsum', '--annotations', 'x'])\n"
        "heavy = {'torch', 'pandas', 'scipy', 'numpy', 'h5py'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_tvsum_is_evaluated_without_scipy(folder):
    code = (
        "import sys\n"
        "from eval.__main__ import main\n"
        f"main(['tvsum', '--annotations', {str(folder / 'ydata-tvsum50.mat')!r}, '--quiet'])\n"
        "sys.exit('scipy' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_parsers_names_are_those_of_the_library():
    from eval.summarisers.methods import SUMMARISERS

    assert PROTOCOL_NAMES == PROTOCOLS
    assert tuple(SUMMARISERS) == METHOD_NAMES


def test_given_scores_are_evaluated_on_an_annotation(folder, capsys):
    arguments = ["tvsum", "--annotations", "ydata-tvsum50.mat", "--scores", "scores.json"]
    assert run(folder, *arguments, "--seeds", "2") == 0
    text = capsys.readouterr().out
    assert "protocol: uniform-2s" in text
    assert "scores.json" in text
    assert "note: 2 of 50 videos" in text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_videos_that_a_cluster_scores_have_the_same_figures(folder, capsys):
    pytest.importorskip("ray")
    for name, flash in (("v1", 3.0), ("v2", 8.0)):
        make_film(folder / f"{name}.mp4", seconds=12, size=(64, 36), flashes=[flash])
    arguments = ["tvsum", "--data", str(folder), "--seeds", "2", "--json", "--no-cache"]
    arguments += ["--protocol", "uniform-2s", "kts"]
    figures = []
    for engine in ("local", "ray"):
        assert main([*arguments, "--engine", engine]) == 0
        figures.append(capsys.readouterr().out)
    assert figures[0] == figures[1]
    assert "v1" in figures[0]
    assert "v2" in figures[0]


def test_an_engine_needs_videos_and_an_address_a_cluster(folder, capsys):
    annotation = ["tvsum", "--annotations", "ydata-tvsum50.mat"]
    assert run(folder, *annotation, "--engine", "ray") == 2
    assert "--engine is who scores the videos of --data" in capsys.readouterr().err
    assert run(folder, *annotation, "--address", "auto") == 2
    assert "needs --engine ray" in capsys.readouterr().err


def test_an_h5_file_is_evaluated_on_its_own_shots(folder, capsys):
    assert run(folder, "tvsum", "--h5", "data.h5", "--scores", "scores.json", "--seeds", "2") == 0
    text = capsys.readouterr().out
    assert "protocol: kts (change points of data.h5)" in text
    assert "random F mean 54.4" in text
    assert "MMVA F mean 58.2" in text


def test_two_protocols_give_two_tables(folder, capsys):
    arguments = ["--annotations", "ydata-tvsum50.mat", "--protocol", "two-peak", "uniform-60"]
    assert run(folder, "tvsum", *arguments, "--seeds", "2") == 0
    assert capsys.readouterr().out.count("over all videos") == 2


def test_json_is_one_record_per_protocol(folder, capsys):
    arguments = ["--annotations", "ydata-tvsum50.mat", "--h5", "data.h5", "--protocol", "all"]
    assert run(folder, "tvsum", *arguments, "--seeds", "2", "--json") == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["protocol"] for record in records] == list(PROTOCOLS)
    assert "8 of 8 published user summaries are rebuilt bit for bit" in records[0]["notes"]


def test_csv_goes_to_stdout_alone(folder, capsys):
    assert run(folder, "tvsum", "--annotations", "ydata-tvsum50.mat", "--csv", "--seeds", "2") == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("benchmark,protocol,video,")
    assert captured.err == ""


def test_summe_is_evaluated_likewise(tmp_path, capsys):
    picks = np.zeros((3, 500))
    picks[0, 10:80], picks[1, 30:90], picks[2, 300:360] = 1, 2, 7
    write_summe_mat(tmp_path / "Jumps.mat", picks, 25.0)
    assert main(["summe", "--annotations", str(tmp_path), "--seeds", "2"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("SumMe, 1 videos, 3 users each")
    assert "F max*" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["tvsum"], "--data"),
        (["tvsum", "--annotations", "nowhere"], "github.com/yalesong/tvsum"),
        (["tvsum", "--h5", "nowhere.h5"], "nowhere.h5"),
        (["summe", "--data", "nowhere"], "gyglim"),
        (["tvsum", "--h5", "data.h5", "--protocol", "uniform-2s"], "--annotations"),
        (["tvsum", "--annotations", "ydata-tvsum50.mat", "--protocol", "kts"], "--h5"),
    ],
)
def test_missing_data_is_one_line_and_exit_code_one(folder, capsys, arguments, told):
    assert run(folder, *arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err
    assert captured.err.count("\n") == 1


def test_wrong_lengths_name_the_video_and_both_numbers(folder, capsys):
    write_scores(folder / "scores.json", {"v1": np.ones(17)})
    arguments = ["tvsum", "--annotations", "ydata-tvsum50.mat", "--scores", "scores.json"]
    assert run(folder, *arguments, "--seeds", "2") == 1
    assert "video v1: 17 scores fit none of 300 frames" in capsys.readouterr().err


def test_wrong_usage_is_exit_code_two(folder):
    with pytest.raises(SystemExit, match="2"):
        run(folder, "tvsum", "--seeds", "0")


def test_a_summariser_is_trained_and_evaluated(tmp_path, capsys):
    rng = np.random.default_rng(0)
    videos, features = [], {}
    for number in range(1, 7):
        made = make_video(f"v{number}", key=f"video_{number}", seed=number, shot_borders=BORDERS)
        summaries = summarise_frames(made.user_importance, BORDERS)
        videos.append(replace(made, user_summaries=summaries))
        features[made.video_id] = rng.random((20, 6)).astype(np.float32)
    path = write_h5(tmp_path / "data.h5", videos, features=features)
    arguments = ["--method", "ca-sum", "--epochs", "2", "--runs", "2", "--seeds", "2"]
    cache = ["--cache", str(tmp_path / "cache")]
    assert main(["tvsum", "--h5", str(path), *arguments, *cache]) == 0
    text = capsys.readouterr().out
    assert "note: ca-sum (Apostolidis et al., ICMR 2022): 2 epochs, last epoch" in text
    assert text.count("SD over seeds") == 2


def test_a_summariser_without_features_says_what_to_name(folder, capsys):
    arguments = ["tvsum", "--annotations", "ydata-tvsum50.mat", "--method", "ca-sum"]
    assert run(folder, *arguments) == 1
    assert "--h5" in capsys.readouterr().err
