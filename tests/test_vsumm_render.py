"""`vsumm render`: the same reel from every form of file, and from those of other programs."""

import hashlib
import json
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from films import make_film, read_frame_number
from timelines import summary_of_runs

from vsumm.cli import main
from vsumm.media import probe
from vsumm.reel import ReelConfig, export_reel
from vsumm.render import load_picks, render
from vsumm.timeline import FORMATS

RUNS = [(1.0, 2.0), (4.0, 5.3), (7.0, 9.0)]
FAST = ["--preset", "ultrafast", "--quiet"]
FILMS = {
    "f24": {"frame_rate": 24},
    "f25 & turned": {"frame_rate": 25, "rotation": 90},
    "f29.97": {"frame_rate": Fraction(30000, 1001)},
    "f59.94": {"frame_rate": Fraction(60000, 1001)},
    "f23.976.mkv": {"frame_rate": Fraction(24000, 1001)},
    "offset": {"frame_rate": 25, "start_offset_seconds": 1.4},
    "variable": {"frame_times": [k * 0.04 + 0.013 * (k % 3) for k in range(250)]},
}


def frame_numbers(path):
    """Numbers of the frames of a reel; pictures of turned films are turned back."""
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    upright = [np.rot90(p) if p.shape[0] > p.shape[1] else p for p in pictures]
    return [read_frame_number(picture) for picture in upright]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module", params=FILMS)
def made(request, tmp_path_factory):
    """A folder with a film, the JSON of its summary, and its reel."""
    folder = tmp_path_factory.mktemp("made")
    name = request.param if "." in request.param[-4:] else f"{request.param}.mp4"
    name = name if name.endswith(("mp4", "mkv")) else f"{name}.mp4"
    film = make_film(folder / name, seconds=10.0, size=(160, 90), **FILMS[request.param])
    sha256 = digest(film)
    summary = summary_of_runs(probe(film), RUNS, sha256=sha256)
    (folder / "film.json").write_text(summary.to_json(), encoding="utf-8")
    export_reel(summary, folder / "reel.mp4", ReelConfig(preset="ultrafast"))
    return folder


@pytest.fixture(scope="module")
def film25(tmp_path_factory):
    """A film of 25 frames/s, and the JSON of its summary."""
    folder = tmp_path_factory.mktemp("film25")
    film = make_film(folder / "film.mp4", seconds=10.0, frame_rate=25, audio=False)
    info = replace(probe(film), path=Path("film.mp4"))
    summary = summary_of_runs(info, RUNS, sha256=digest(film))
    (folder / "film.json").write_text(summary.to_json(), encoding="utf-8")
    return folder


@pytest.fixture
def project(film25, tmp_path):
    """A copy of it that may be changed."""
    return Path(shutil.copytree(film25, tmp_path / "project"))


def test_every_form_gives_the_runs_back_and_an_edl_the_reel_to_the_byte(made, tmp_path):
    picks = load_picks(made / "film.json")
    timelines = [tmp_path / f"a{suffix}" for suffix in FORMATS]
    render(picks, timelines)
    for path in timelines:
        assert load_picks(path).runs == picks.runs, path.suffix
        assert load_picks(path).info.path.samefile(picks.info.path)
    reel = tmp_path / "reel.mp4"
    assert main(["render", str(tmp_path / "a.edl"), "-o", str(reel), *FAST]) == 0
    assert digest(reel) == digest(made / "reel.mp4")


@pytest.mark.parametrize("suffix", [suffix for suffix in FORMATS if suffix != ".llc"])
def test_without_exact_notes_frames_are_those_of_the_reel(suffix, film25, tmp_path):
    path = tmp_path / f"a{suffix}"
    assert main(["render", str(film25 / "film.json"), "-o", str(path), "--quiet"]) == 0
    text = path.read_text(encoding="utf-8").replace("vsumm:", "gone:")
    path.write_text(text.replace('"run":', '"old":'), encoding="utf-8")
    reel = tmp_path / "reel.mp4"
    media = ["--media", str(film25 / "film.mp4")]
    assert main(["render", str(path), "-o", str(reel), *media, *FAST]) == 0
    assert frame_numbers(reel) == [*range(25, 50), *range(100, 133), *range(175, 224)]


def run_of(project, *options):
    reel = project / "out.mp4"
    code = main(["render", str(project / "film.json"), "-o", str(reel), "--force", *FAST, *options])
    return frame_numbers(reel) if code == 0 else code


def test_runs_are_dropped_kept_and_extended(project):
    frames = run_of(project, "--drop", "2,3", "--keep", "0:06-0:07", "--extend", "1:+1s")
    assert frames == [*range(25, 75), *range(150, 175)]


def test_a_run_is_extended_before_it_begins(project):
    assert run_of(project, "--drop", "2", "--drop", "3", "--extend", "1:-0.4")[:3] == [15, 16, 17]


def test_another_budget_chooses_again_and_keeps_what_is_to_be_kept(project):
    frames = run_of(project, "--budget", "3s", "--keep", "9:59-9:59.5")
    assert frames == 1  # that is after the end of the film
    frames = run_of(project, "--budget", "3s", "--keep", "0:06-0:07")
    assert set(range(150, 175)) <= set(frames)
    assert len(frames) <= 75


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--drop", "4"], "no run 4"),
        (["--extend", "9:+1s"], "no run 9"),
        (["--keep", "0:09-0:11"], "the film ends at"),
        (["--drop", "1,2,3"], "nothing is left"),
        (["--budget", "1s", "--keep", "0:01-0:03"], "longer than the budget"),
        (["--media", "missing.mp4"], "missing.mp4"),
    ],
)
def test_impossible_changes_are_one_line(project, capsys, options, said):
    assert run_of(project, *options) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("options", [["--keep", "x"], ["--drop", "0"], ["--extend", "1"]])
def test_options_that_cannot_be_read_are_wrong_usage(project, options):
    assert run_of(project, *options) == 2


def test_the_film_is_found_after_both_were_moved_and_it_was_renamed(project, tmp_path):
    assert main(["render", str(project / "film.json"), "-o", str(project / "a.edl")]) == 0
    (project / "film.mp4").rename(project / "holiday.mp4")
    make_film(project / "another.mp4", seconds=2.0)
    moved = project.rename(tmp_path / "moved")
    for name in ("film.json", "a.edl"):
        reel = moved / "reel.mp4"
        assert main(["render", str(moved / name), "-o", str(reel), "--force", *FAST]) == 0
        assert frame_numbers(reel)[0] == 25


def test_another_film_of_that_name_is_said(project, capsys):
    make_film(
        project / "film.mp4", seconds=10.0, frame_rate=25, audio=False, loudness=0.5, b_frames=0
    )
    assert len(run_of(project)) == 107
    assert "not the very file" in capsys.readouterr().err


def test_a_film_that_is_too_short_is_one_line(project, capsys):
    make_film(project / "short.mp4", seconds=3.0, frame_rate=25, audio=False)
    assert run_of(project, "--media", str(project / "short.mp4")) == 1
    error = capsys.readouterr().err
    assert "right film" in error
    assert error.count("\n") == 1


def test_a_missing_film_is_one_line(project, capsys):
    (project / "film.mp4").unlink()
    assert run_of(project) == 1
    error = capsys.readouterr().err
    assert "--media" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("version", [1, 2, 3])
def test_summaries_of_all_versions_are_rendered(project, version):
    document = json.loads((project / "film.json").read_text(encoding="utf-8"))
    document["schema_version"] = version
    if version == 1:
        for segment in document["segments"]:
            segment |= segment.pop("signals")
    (project / "film.json").write_text(json.dumps(document), encoding="utf-8")
    assert len(run_of(project)) == 107


def edl(*events):
    lines = ["TITLE: edited", "FCM: NON-DROP FRAME", ""]
    for number, (start, end) in enumerate(events, 1):
        lines.append(f"{number:03d}  FILM V  C  {start} {end} 00:00:00:00 00:00:01:00")
        lines.append("* FROM CLIP NAME: film.mp4")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("events", "frames", "said"),
    [
        ([("00:00:01:00", "00:00:03:00"), ("00:00:02:00", "00:00:04:00")], [25], "overlapped"),
        ([("00:00:09:00", "00:00:30:00")], [225], "after the end"),
    ],
)
def test_what_a_reel_cannot_show_is_said(project, capsys, events, frames, said):
    (project / "film.json").write_text("x", encoding="utf-8")
    (project / "edited.edl").write_text(edl(*events), encoding="utf-8")
    reel = project / "reel.mp4"
    assert main(["render", str(project / "edited.edl"), "-o", str(reel), *FAST]) == 0
    numbers = frame_numbers(reel)
    starts = [n for n, before in zip(numbers, [-9, *numbers], strict=False) if n != before + 1]
    assert starts == frames
    assert said in capsys.readouterr().err


def test_clips_are_shown_in_the_order_of_the_timeline(project, capsys):
    events = [("00:00:05:00", "00:00:06:00"), ("00:00:01:00", "00:00:02:00")]
    (project / "edited.edl").write_text(edl(*events), encoding="utf-8")
    reel = project / "reel.mp4"
    assert main(["render", str(project / "edited.edl"), "-o", str(reel), *FAST]) == 0
    assert frame_numbers(reel) == [*range(125, 150), *range(25, 50)]
    assert "order" not in capsys.readouterr().err


def test_an_edl_after_the_end_of_the_film_is_one_line(project, capsys):
    (project / "edited.edl").write_text(edl(("00:01:00:00", "00:01:10:00")), encoding="utf-8")
    assert main(["render", str(project / "edited.edl"), *FAST]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_nothing_is_replaced_without_force(project, capsys):
    text = (project / "film.json").read_text(encoding="utf-8")
    for name in ("film.json", "film.mp4"):
        target = str(project / name)
        assert main(["render", str(project / "film.json"), "-o", target, "--force"]) == 1
    assert (project / "film.json").read_text(encoding="utf-8") == text
    (project / "a.otio").write_text("mine", encoding="utf-8")
    assert main(["render", str(project / "film.json"), "-o", str(project / "a.otio")]) == 1
    assert (project / "a.otio").read_text(encoding="utf-8") == "mine"
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_the_summary_says_how_its_reel_was_made(film25, tmp_path):
    project = Path(shutil.copytree(film25, tmp_path / "project"))
    film = make_film(project / "film.mp4", seconds=10.0, frame_rate=25)
    music = make_film(project / "music.wav", seconds=3.0, video=False)
    config = ReelConfig(
        preset="ultrafast",
        crossfade_seconds=0.4,
        soundtrack=music,
        soundtrack_mode="duck",
        loudness=-16.0,
    )
    summary = summary_of_runs(replace(probe(film), path=Path("film.mp4")), RUNS)
    summary = replace(summary, input_sha256=digest(film), reel=config.to_plain())
    (project / "film.json").write_text(summary.to_json(), encoding="utf-8")
    export_reel(replace(summary, media=probe(film)), project / "first.mp4", config)
    moved = project.rename(tmp_path / "moved")
    assert load_picks(moved / "film.json").reel == replace(config, soundtrack=moved / "music.wav")
    assert main(["render", str(moved / "film.json"), "-o", str(moved / "again.mp4")]) == 0
    assert digest(moved / "again.mp4") == digest(moved / "first.mp4")
    assert main(["render", str(moved / "film.json"), "-o", str(moved / "a.fcpxml")]) == 0
    options = [*FAST, "--loudness", "-16"]
    assert main(["render", str(moved / "a.fcpxml"), "-o", str(moved / "b.mp4"), *options]) == 0
    assert digest(moved / "b.mp4") == digest(moved / "first.mp4")


def test_unknown_settings_of_a_reel_are_one_line(project, capsys):
    document = json.loads((project / "film.json").read_text(encoding="utf-8"))
    for reel in ({"unknown": 1}, {"crossfade_seconds": "x"}, {"crossfade_seconds": -1}):
        (project / "film.json").write_text(json.dumps(document | {"reel": reel}), encoding="utf-8")
        assert run_of(project) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_another_audio_track_is_said_and_can_be_chosen(tmp_path, capsys):
    film = make_film(tmp_path / "film.mkv", seconds=4.0, size=(160, 90), num_audio_tracks=2)
    summary = summary_of_runs(probe(film), [(1.0, 2.0)], sha256=digest(film))
    summary = replace(summary, config=replace(summary.config, audio_track=1))
    (tmp_path / "film.json").write_text(summary.to_json(), encoding="utf-8")
    export_reel(summary, tmp_path / "first.mp4", ReelConfig(preset="ultrafast"))
    assert main(["render", str(tmp_path / "film.json"), "-o", str(tmp_path / "a.edl")]) == 0
    assert "--audio-track 1" in capsys.readouterr().err
    again = tmp_path / "again.mp4"
    track = ["--audio-track", "1"]
    assert main(["render", str(tmp_path / "a.edl"), "-o", str(again), *track, *FAST]) == 0
    assert digest(again) == digest(tmp_path / "first.mp4")
    assert main(["render", str(tmp_path / "a.edl"), *FAST, "--audio-track", "2"]) == 1


@pytest.mark.parametrize("moves_both", [False, True])
def test_a_summary_finds_its_film_from_anywhere(tmp_path, monkeypatch, moves_both):
    films, reels, elsewhere = (tmp_path / name for name in ("films", "deep/reels", "elsewhere"))
    for folder in (films, reels, elsewhere):
        folder.mkdir(parents=True)
    make_film(films / "film.mp4", seconds=10.0)
    monkeypatch.chdir(films)
    summary = summary_of_runs(probe("film.mp4"), RUNS, sha256=digest(Path("film.mp4")))
    json = reels / "film.json"
    json.write_text(summary.placed_at(json).to_json(), encoding="utf-8")
    monkeypatch.chdir(elsewhere)
    if moves_both:
        shutil.move(films, elsewhere / "films")
        shutil.move(reels.parent, elsewhere / "deep")
        json = elsewhere / "deep" / "reels" / "film.json"
    picks = load_picks(json)
    assert picks.info.path.resolve().name == "film.mp4"
    assert picks.summary.media.path == picks.info.path
    assert [(r.start_seconds, r.end_seconds) for r in picks.runs] == RUNS
