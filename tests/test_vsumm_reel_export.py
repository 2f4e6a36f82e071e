"""The way from the user to a whole reel: checks, the process of its own, damage, kill."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest
from films import make_film

from vsumm.errors import InputError, NoSignalError, OutputError
from vsumm.media.info import probe
from vsumm.media.segments import Segment
from vsumm.reel.config import ReelConfig
from vsumm.reel.export import write_reel
from vsumm.reel.plan import plan_reel
from vsumm.workers.client import Worker

RUNS = [Segment(0.2, 0.6), Segment(1, 1.6)]
SIZE = (128, 96)


@pytest.fixture
def film(tmp_path):
    return make_film(tmp_path / "film.mp4", seconds=2, size=SIZE)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def lengths(path: Path) -> dict[str, float]:
    with av.open(str(path)) as container:
        return {s.type: float(s.duration * s.time_base) for s in container.streams}


def test_a_reel_is_whole_and_alone(film, tmp_path):
    assert write_reel(plan_reel(probe(film), tmp_path / "reel.mp4"), RUNS) == tmp_path / "reel.mp4"
    assert lengths(tmp_path / "reel.mp4") == pytest.approx({"video": 1, "audio": 1}, abs=0.001)
    assert names(tmp_path) == {"film.mp4", "reel.mp4"}


def test_the_encoder_settings_are_passed_on(film, tmp_path):
    settings = ReelConfig(encoder="libx265", crf=40, preset="ultrafast")
    reel = write_reel(plan_reel(probe(film), tmp_path / "reel.mp4", settings), RUNS)
    with av.open(str(reel)) as container:
        assert container.streams.video[0].codec_context.name == "hevc"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (ReelConfig(encoder="nonsense"), "no encoder is named 'nonsense'"),
        (ReelConfig(encoder="aac"), "does not encode pictures"),
        (ReelConfig(encoder="mpeg4", crf=20), "mpeg4 has no crf"),
        (ReelConfig(preset="warp"), "libx264 does not take .* preset=warp"),
        (ReelConfig(encoder="libvpx"), "cannot hold what libvpx makes"),
    ],
)
def test_bad_settings_leave_the_old_reel_and_nothing_else(film, tmp_path, settings, message):
    (tmp_path / "reel.mp4").write_bytes(b"old")
    with pytest.raises(OutputError, match=message) as caught:
        write_reel(plan_reel(probe(film), tmp_path / "reel.mp4", settings, overwrite=True), RUNS)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "reel.mp4").read_bytes() == b"old"
    assert names(tmp_path) == {"film.mp4", "reel.mp4"}


def test_an_unknown_extension_is_said_with_those_that_work(film, tmp_path):
    with pytest.raises(OutputError, match=r"known for the extension \.xyz; use one of \.avi"):
        write_reel(plan_reel(probe(film), tmp_path / "reel.xyz"), RUNS)


def test_a_container_of_pictures_refuses_sound_alone(tmp_path):
    film = make_film(tmp_path / "film.wav", seconds=2)
    with pytest.raises(OutputError, match="has sound only"):
        write_reel(plan_reel(probe(film), tmp_path / "reel.gif"), RUNS)


def test_the_film_itself_is_never_replaced(film):
    before = film.read_bytes()
    with pytest.raises(OutputError, match="the input itself"):
        write_reel(plan_reel(probe(film), film, overwrite=True), RUNS)
    assert film.read_bytes() == before


def test_a_missing_track_is_named(film, tmp_path):
    with pytest.raises(NoSignalError, match="no audio track 1; they are 0 to 0"):
        write_reel(plan_reel(probe(film), tmp_path / "reel.mp4", audio_track=1), RUNS)


def test_a_film_that_is_gone_is_said(film, tmp_path):
    info = probe(film)
    film.unlink()
    with pytest.raises(InputError, match="is not there any more"):
        write_reel(plan_reel(info, tmp_path / "reel.mp4"), RUNS)


def test_a_film_that_was_replaced_is_said(film, tmp_path):
    info = probe(film)
    make_film(tmp_path / "sound.m4a", seconds=2).replace(film)
    with pytest.raises(InputError, match="the file was replaced"):
        write_reel(plan_reel(info, tmp_path / "reel.mp4"), RUNS)


def test_a_film_that_became_something_else_is_said(film, tmp_path):
    info = probe(film)
    film.write_text("no film any more")
    with pytest.raises(InputError, match=r"film\.mp4: "):
        write_reel(plan_reel(info, tmp_path / "reel.mp4"), RUNS)


@pytest.mark.parametrize(
    "runs",
    [[Segment(0, 1), Segment(0.5, 2)], [Segment(1, 2), Segment(0, 1.5)], [Segment(0, 99)]],
)
def test_impossible_runs_are_refused_before_work_starts(film, tmp_path, runs):
    with pytest.raises(ValueError, match="runs must"):
        write_reel(plan_reel(probe(film), tmp_path / "reel.mp4"), runs)


def test_a_reel_of_nothing_is_refused(film, tmp_path):
    with pytest.raises(NoSignalError, match="nothing was selected"):
        write_reel(plan_reel(probe(film), tmp_path / "reel.mp4"), [])
    assert names(tmp_path) == {"film.mp4"}


def test_odd_names_are_only_names(film, tmp_path):
    odd = tmp_path / "-y concat:a|b %d 'é\U0001f600\udcff\n.mp4"
    film.rename(odd)
    reel = tmp_path / "file:%03d -n\udcff.mp4"
    assert write_reel(plan_reel(probe(odd), reel), RUNS) == reel
    assert reel.stat().st_size > 1000


def test_damage_is_replaced_and_reported(tmp_path, caplog):
    film = make_film(tmp_path / "film.mp4", seconds=6, size=SIZE, gop_seconds=1)
    data = bytearray(film.read_bytes())
    start = data.index(b"mdat") + len(data) // 3
    data[start : start + len(data) // 4] = bytes(len(data) // 4)
    film.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        reel = write_reel(plan_reel(probe(film), tmp_path / "reel.mp4"), [Segment(0, 5.6)])
    assert lengths(reel) == pytest.approx({"video": 5.6, "audio": 5.6}, abs=0.001)
    (record,) = caplog.records
    assert "s of picture (the last good frame is held)" in record.getMessage()


def test_a_crash_of_the_encoder_is_one_line_and_leaves_nothing(film, tmp_path, broken_jobs):
    broken_jobs("vsumm.reel.export.Worker", "crash")
    with pytest.raises(InputError, match=r"film\.mp4: writing its reel failed: .*crashed"):
        write_reel(plan_reel(probe(film), tmp_path / "reel.mp4"), RUNS)
    assert names(tmp_path) == {"film.mp4"}


def test_a_hang_of_the_encoder_is_one_line(film, tmp_path, broken_jobs, monkeypatch):
    broken_jobs("vsumm.reel.export.Worker", "hang")
    monkeypatch.setattr("vsumm.reel.export.STALL_SECONDS", 0.2)
    with pytest.raises(InputError, match="hung"):
        write_reel(plan_reel(probe(film), tmp_path / "reel.mp4"), RUNS)
    assert names(tmp_path) == {"film.mp4"}


def test_a_full_disk_is_one_line_and_leaves_nothing(film, tmp_path):
    code = """if True:
    import resource, sys
    from vsumm.errors import OutputError
    from vsumm.reel import plan_reel, write_reel
    from vsumm.media.info import probe
    from vsumm.media.segments import Segment
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # before any process is started
    info = probe(sys.argv[1])
    try:
        write_reel(plan_reel(info, sys.argv[2]), [Segment(0, 2)])
    except OutputError as error:
        print(error)
    """
    reel = tmp_path / "reel.mp4"
    done = subprocess.run(
        [sys.executable, "-c", code, str(film), str(reel)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith(f"{reel}: cannot be written: ")
    assert done.stdout.count("\n") == 1
    assert names(tmp_path) == {"film.mp4"}


def test_killed_runs_leave_the_old_reel_or_a_whole_new_one(film, tmp_path):
    code = """if True:
    import sys
    from vsumm.reel import plan_reel, write_reel
    from vsumm.media.info import probe
    from vsumm.media.segments import Segment
    info = probe(sys.argv[1])
    print("go", flush=True)
    write_reel(plan_reel(info, sys.argv[2], overwrite=True), [Segment(0, 2)])
    """
    reel = tmp_path / "reel.mp4"
    reel.write_bytes(b"old")
    for delay in (0.05, 0.4, 0.7):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(film), str(reel)], stdout=subprocess.PIPE
        )
        with process:
            process.stdout.readline()
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        assert reel.read_bytes() == b"old" or lengths(reel)["video"] == pytest.approx(2)
    write_reel(plan_reel(probe(film), reel, overwrite=True), RUNS)
    assert names(tmp_path) == {"film.mp4", "reel.mp4"}


@pytest.fixture
def heeded_interrupts():
    """Heed SIGINT, which a job that was started in the background ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded_interrupts")
def test_ctrl_c_leaves_nothing(film, tmp_path, monkeypatch):
    def interrupt(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)

    encoder = type("Encoder", (Worker,), {"messages": interrupt})

    monkeypatch.setattr("vsumm.reel.export.Worker", encoder)
    with pytest.raises(KeyboardInterrupt):
        write_reel(plan_reel(probe(film), tmp_path / "reel.mp4"), RUNS)
    assert names(tmp_path) == {"film.mp4"}


REAL = ["odd", "short", "broken"]


@pytest.mark.slow
@pytest.mark.dataset
@pytest.mark.parametrize("folder", REAL)
def test_real_files_give_reels_of_the_right_length(data_folder, tmp_path, folder):
    for film in sorted((data_folder / "videos" / folder).iterdir()):
        try:
            info = probe(film)
        except InputError:
            continue
        end = min(info.duration_seconds, 6.0)
        runs = [Segment(0, end / 8), Segment(end / 3, end / 2)]
        reel = write_reel(plan_reel(info, tmp_path / "reel.mp4", overwrite=True), runs)
        rate = info.video.frame_rate if info.video else 100
        seconds = sum(run.duration_seconds for run in runs)
        for kind, length in lengths(reel).items():
            assert length == pytest.approx(seconds, abs=max(0.002, 1 / rate)), (film.name, kind)
