import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from films import make_film, read_frame_number

from vsumm.decode.readers import read_audio, read_frames
from vsumm.errors import InputError
from vsumm.media.info import probe
from vsumm.workers import client as worker_client
from vsumm.workers import start as worker_process
from vsumm.workers.client import Worker, WorkerLostError, run_job
from vsumm.workers.start import end_server, prepare_server

WAIT_SECONDS = 20

BROKEN_DECODERS = """
import ctypes
from vsumm.decode import sound as decode_audio
from vsumm.decode import decord_frames as decode_decord
from vsumm.decode import pick_frames as decode_frames
from vsumm.decode import jobs as decode_jobs
def crash(): ctypes.string_at(0)
def hang(): ctypes.PyDLL(None).sleep(1000)  # keeps the interpreter's lock, as decord can
decode_jobs.run_crash = lambda messages: crash()
decode_jobs.run_hang = lambda messages: hang()
decode_jobs.run_nothing = lambda messages: None
def fail_at(seconds, how):
    real = decode_frames.FramePicker._pick_one
    def pick_one(self, index):
        if seconds <= float(self._targets[index] * self._ahead.time_base) < seconds + 0.5:
            how()
        return real(self, index)
    decode_frames.FramePicker._pick_one = pick_one
def no_decord(*args, **options):
    crash()
    yield
"""
"""Put in front of the server's own code; nothing in the product makes a decoder fail."""
NO_DECORD = "decode_jobs.pick_with_decord = no_decord"


@pytest.fixture
def break_decoders(monkeypatch):
    """Make the server of this test's workers run some code first."""

    def use(code):
        end_server()
        find, run = worker_process._BOOT.rsplit("; ", 1)
        monkeypatch.setattr(worker_process, "_BOOT", f"{find}\n{BROKEN_DECODERS}\n{code}\n{run}")

    yield use
    end_server()


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_film(tmp_path_factory.mktemp("films") / "film.mp4", seconds=8, size=(160, 90))


def wait_until(condition):
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_running(process_id):
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
        return status.rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_crash_is_told(break_decoders):
    break_decoders("")
    with pytest.raises(WorkerLostError, match=r"the decoder crashed \(exit status -11\)"):
        run_job("crash")


def test_a_hang_that_holds_the_interpreter_is_ended(break_decoders, monkeypatch):
    break_decoders("")
    monkeypatch.setattr(worker_client, "STALL_SECONDS", 0.5)
    with pytest.raises(WorkerLostError, match="hung"):
        run_job("hang")


def test_a_bug_is_one_line_and_logs_its_traceback(break_decoders, caplog):
    break_decoders("decode_jobs.run_bug = lambda messages: 1 / 0")
    caplog.set_level("DEBUG")
    with pytest.raises(WorkerLostError, match=r"failed \(ZeroDivisionError: division by zero\)$"):
        run_job("bug")
    assert "Traceback" in caplog.text


def test_decord_goes_on_where_pyav_crashes(break_decoders, film):
    info = probe(film)
    break_decoders("fail_at(4, crash)")
    with read_frames(info, range(8)) as reader:
        numbers = [read_frame_number(frame.pixels) for frame in reader]
    assert numbers == [25 * second for second in range(8)]
    assert reader.report.decoder == "pyav, then decord"
    assert reader.report.unreadable_seconds == 0


def test_the_place_where_all_decoders_fail_is_left_out(break_decoders, film):
    info = probe(film)
    break_decoders("fail_at(4, crash)\n" + NO_DECORD)
    with read_frames(info, range(8)) as reader:
        seconds = [frame.index for frame in reader]
    assert seconds == [0, 1, 2, 3, 5, 6, 7]
    assert reader.report.unreadable_seconds == pytest.approx(1)
    assert "crashed" in reader.report.reasons[0]


def test_no_decoder_at_all_is_an_input_error(break_decoders, film):
    info = probe(film)
    break_decoders("decode_jobs.FramePicker = lambda *a, **k: crash()\n" + NO_DECORD)
    with pytest.raises(InputError, match=r"cannot read the picture of .*film.mp4"):
        list(read_frames(info, range(8)))


def test_a_probe_that_crashes_is_an_input_error(break_decoders, film):
    break_decoders("decode_jobs.probe_media = lambda *args: crash()")
    with pytest.raises(InputError, match="the decoder crashed"):
        probe(film)


def test_sound_after_a_crash_is_counted_as_lost(break_decoders, film):
    info = probe(film)
    break_decoders(
        "real = decode_audio._Resampler.resample\n"
        "def resample(self, rate, samples):\n"
        "    if self._position: crash()\n"
        "    return real(self, rate, samples)\n"
        "decode_audio._Resampler.resample = resample"
    )
    with read_audio(info) as reader:
        seconds = sum(len(block.samples) for block in reader) / 16000
    assert 3 < seconds < 5
    assert reader.report.unreadable_seconds == pytest.approx(8 - seconds, abs=0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_hanging_worker_dies_with_its_parent(break_decoders):
    break_decoders("decode_jobs.run_hang = lambda messages: (messages.send('hanging'), hang())")
    code = (
        "import sys, time; from vsumm import worker_process; worker_process._BOOT = sys.argv[1];"
        "from vsumm.workers.client import Worker; worker = Worker('hang'); next(worker.messages());"
        "print(worker.process_id, flush=True); time.sleep(1000)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, worker_process._BOOT], stdout=subprocess.PIPE, text=True
    )
    with parent:
        process_id = int(parent.stdout.readline())
        assert is_running(process_id)
        parent.kill()
    wait_until(lambda: not is_running(process_id))


def test_a_worker_outlives_the_thread_that_asked_for_it(film):
    end_server()
    readers = []
    info = probe(film)
    thread = threading.Thread(target=lambda: readers.append(read_frames(info, range(8))))
    thread.start()
    thread.join()
    assert len(list(readers[0])) == 8


def test_closing_a_reader_early_ends_its_worker(film):
    info = probe(film)
    with read_frames(info, np.arange(0, 8, 0.01)) as reader:
        frames = iter(reader)
        next(frames)
        process_id = reader._lanes[0]._job._worker.process_id
        assert is_running(process_id)
    assert not is_running(process_id)


@pytest.fixture
def server():
    """Process id of the server of workers."""
    if not worker_process.HAS_SERVER:
        pytest.skip("no server on this system")
    prepare_server()
    return worker_process._server._process.pid


def test_all_workers_come_from_one_server(server):
    for _ in range(3):
        worker = Worker("probe", path=__file__)
        with pytest.raises(InputError):
            list(worker.messages())
        status = Path(f"/proc/{worker.process_id}/status").read_text()
        worker.kill()
        assert f"PPid:\t{server}\n" in status


def test_the_server_has_no_thread_when_it_forks(server, film):
    probe(film)
    assert len(list(Path(f"/proc/{server}/task").iterdir())) == 1


def test_what_workers_leave_does_not_pile_up_in_the_server(server, film):
    probe(film)
    num_open = len(list(Path(f"/proc/{server}/fd").iterdir()))
    list(read_frames(probe(film), [0.0]))
    assert len(list(Path(f"/proc/{server}/fd").iterdir())) == num_open
    assert Path(f"/proc/{server}/task/{server}/children").read_text() == ""


def test_a_server_that_died_is_replaced(server, film):
    probe(film)
    os.kill(server, signal.SIGKILL)
    wait_until(lambda: not is_running(server))
    assert probe(film).video is not None
    assert worker_process._server._process.pid != server


def test_the_death_of_the_server_is_told(server, break_decoders):
    break_decoders("decode_jobs.run_hang = lambda messages: (messages.send('hanging'), hang())")
    worker = Worker("hang")
    messages = worker.messages()
    next(messages)
    os.kill(worker_process._server._process.pid, signal.SIGKILL)
    with pytest.raises(WorkerLostError, match="crashed"):
        next(messages)
    worker.kill()
    wait_until(lambda: not is_running(worker.process_id))


FORK = """
import os, sys
from vsumm.workers import start as worker_process
from vsumm.media.info import probe
probe(sys.argv[1])
server = worker_process._server._process.pid
child = os.fork()
if child == 0:
    status = 1
    try:
        probe(sys.argv[1])
        status = 0 if worker_process._server._process.pid != server else 2
        worker_process.end_server()
    finally:
        os._exit(status)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert worker_process._server._process.pid == server
assert probe(sys.argv[1]).video is not None
"""
"""In a process of its own: the one of the tests has threads, which a child may wait for in vain."""


def test_a_forked_child_gets_a_server_of_its_own(server, film):
    subprocess.run([sys.executable, "-c", FORK, str(film)], check=True, timeout=120)


def test_workers_are_started_one_by_one_where_there_is_no_server(film, monkeypatch):
    end_server()
    monkeypatch.setattr(worker_process, "HAS_SERVER", False)
    info = probe(film)
    with read_frames(info, range(8)) as reader:
        assert len(list(reader)) == 8
    assert worker_process._server is None


def test_a_server_does_not_load_the_model_library(break_decoders):
    break_decoders(
        "decode_jobs.run_modules = lambda messages: messages.send('m', names=sorted(sys.modules))"
    )
    (message,) = run_job("modules")
    assert not {"torch", "decord", "pandas"} & set(message.header["names"])


def test_importing_decode_loads_no_decoder():
    code = "import sys, vsumm.decode.readers; print({'av', 'decord', 'torch'} & {*sys.modules})"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert output.strip() == b"set()"


def test_a_foreign_folder_cannot_slip_code_into_a_worker(tmp_path, film, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('foreign code')")
    monkeypatch.chdir(tmp_path)
    end_server()
    assert probe(film).video is not None
