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

from vsumm.decode import read_audio, read_frames
from vsumm.decode.frame_reader import JOBS
from vsumm.errors import InputError
from vsumm.media.info import probe
from vsumm.workers import client, start
from vsumm.workers.client import Worker, WorkerLostError, run_in_worker
from vsumm.workers.server import IDLE_SECONDS
from vsumm.workers.start import end_server, load_when_idle, prepare_server

WAIT_SECONDS = 20


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


def test_a_crash_is_told(broken_jobs):
    with pytest.raises(WorkerLostError, match=r"the worker process crashed \(exit status -11\)"):
        run_in_worker("broken_jobs:crash")


def test_a_hang_that_holds_the_interpreter_is_ended(broken_jobs, monkeypatch):
    monkeypatch.setattr(client, "STALL_SECONDS", 0.5)
    with pytest.raises(WorkerLostError, match="hung"):
        run_in_worker("broken_jobs:hang")


def test_a_bug_is_one_line_and_logs_its_traceback(broken_jobs, caplog):
    caplog.set_level("DEBUG")
    with pytest.raises(WorkerLostError, match=r"failed \(ZeroDivisionError: division by zero\)$"):
        run_in_worker("broken_jobs:fail")
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("job", ["vsumm.nowhere:run", "vsumm.decode.probe:run_nothing"])
def test_a_job_that_does_not_exist_is_told(job):
    with pytest.raises(WorkerLostError, match=r"failed \((ModuleNotFound|Attribute)Error: "):
        run_in_worker(job)


def test_decord_goes_on_where_pyav_crashes(broken_jobs, film, monkeypatch):
    monkeypatch.setitem(JOBS, "pyav", "broken_jobs:read_frames_to_4_seconds")
    with read_frames(probe(film), range(8)) as reader:
        numbers = [read_frame_number(frame.pixels) for frame in reader]
    assert numbers == [25 * second for second in range(8)]
    assert reader.report.decoder == "pyav, then decord"
    assert reader.report.unreadable_seconds == 0


def test_the_place_where_all_decoders_fail_is_left_out(broken_jobs, film, monkeypatch):
    monkeypatch.setitem(JOBS, "pyav", "broken_jobs:read_frames_to_4_seconds")
    monkeypatch.setitem(JOBS, "decord", "broken_jobs:crash")
    with read_frames(probe(film), range(8)) as reader:
        seconds = [frame.index for frame in reader]
    assert seconds == [0, 1, 2, 3, 5, 6, 7]
    assert reader.report.unreadable_seconds == pytest.approx(1)
    assert "crashed" in reader.report.reasons[0]


def test_no_decoder_at_all_is_an_input_error(broken_jobs, film, monkeypatch):
    for decoder in JOBS:
        monkeypatch.setitem(JOBS, decoder, "broken_jobs:crash")
    with pytest.raises(InputError, match=r"cannot read the picture of .*film.mp4"):
        list(read_frames(probe(film), range(8)))


def test_a_probe_that_crashes_is_an_input_error(broken_jobs, film, monkeypatch):
    broken_jobs("vsumm.media.info.run_in_worker", "crash")
    with pytest.raises(InputError, match="the worker process crashed"):
        probe(film)


def test_sound_after_a_crash_is_counted_as_lost(broken_jobs, film):
    broken_jobs("vsumm.decode.audio_reader.Answers", "read_first_sound")
    with read_audio(probe(film)) as reader:
        seconds = sum(len(block.samples) for block in reader) / 16000
    assert 3 < seconds < 5
    assert reader.report.unreadable_seconds == pytest.approx(8 - seconds, abs=0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_hanging_worker_dies_with_its_parent(broken_jobs):
    code = (
        "import time; from vsumm.workers.client import Worker;"
        "worker = Worker('broken_jobs:hang'); next(worker.messages());"
        "print(worker.process_id, flush=True); time.sleep(1000)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
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
        process_id = reader._lanes[0]._answers._worker.process_id
        assert is_running(process_id)
    assert not is_running(process_id)


@pytest.fixture
def server():
    """Process id of the server of workers."""
    if not start.HAS_SERVER:
        pytest.skip("no server on this system")
    prepare_server("vsumm.decode.probe")
    return start._server._process.pid


def test_all_workers_come_from_one_server(server):
    for _ in range(3):
        worker = Worker("vsumm.decode.probe:run_probe", path=__file__)
        with pytest.raises(InputError):
            list(worker.messages())
        status = Path(f"/proc/{worker.process_id}/status").read_text()
        worker.kill()
        assert f"PPid:\t{server}\n" in status


def test_the_server_has_no_thread_when_it_forks(server, film):
    probe(film)
    assert len(list(Path(f"/proc/{server}/task").iterdir())) == 1


def loaded_by_server():
    if not start.HAS_SERVER:
        pytest.skip("no server on this system")
    (answer,) = run_in_worker("broken_jobs:tell_modules")
    return answer.header["names"]


def test_what_can_wait_is_loaded_when_nobody_asks_for_anything(broken_jobs):
    end_server()
    load_when_idle("mailbox")
    assert start._server is None  # none is started for that
    assert "mailbox" not in loaded_by_server()
    load_when_idle("no_such_module", "mailbox")
    time.sleep(10 * IDLE_SECONDS)
    assert "mailbox" in loaded_by_server()
    end_server()


def test_a_server_that_is_lost_is_no_reason_to_stop(server, monkeypatch):
    monkeypatch.setattr(start._Server, "is_running", lambda _: True)
    start._server._process.kill()
    start._server._process.wait()
    load_when_idle("mailbox")
    monkeypatch.undo()
    run_in_worker("builtins:callable")


def test_what_is_needed_next_is_loaded_beside_a_job(broken_jobs):
    end_server()
    run_in_worker("broken_jobs:tell_modules", then=["mailbox"])
    assert "mailbox" in loaded_by_server()
    end_server()


def test_what_workers_leave_does_not_pile_up_in_the_server(server, film):
    probe(film)
    num_open = len(list(Path(f"/proc/{server}/fd").iterdir()))
    for _ in range(3):
        list(read_frames(probe(film), [0.0]))
    # It closes its end of a socket just after it has answered: one of the first may be counted.
    wait_until(lambda: len(list(Path(f"/proc/{server}/fd").iterdir())) <= num_open)
    assert Path(f"/proc/{server}/task/{server}/children").read_text() == ""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # unclosed sockets
def test_a_worker_ends_when_nobody_holds_it(server, broken_jobs):
    worker = Worker("broken_jobs:hang")
    next(worker.messages())
    process_id = worker.process_id
    del worker
    wait_until(lambda: not is_running(process_id))


def test_ending_one_worker_leaves_the_others_alone(broken_jobs, film):
    workers = [Worker("broken_jobs:hang") for _ in range(3)]
    for worker in workers:
        next(worker.messages())
    workers[1].kill()
    assert [is_running(worker.process_id) for worker in workers] == [True, False, True]
    assert probe(film).video is not None
    for worker in workers:
        worker.kill()
        assert not is_running(worker.process_id)


def test_a_server_that_died_is_replaced(server, film):
    probe(film)
    os.kill(server, signal.SIGKILL)
    wait_until(lambda: not is_running(server))
    assert probe(film).video is not None
    assert start._server._process.pid != server


def test_the_death_of_the_server_is_told(broken_jobs):
    worker = Worker("broken_jobs:hang")
    messages = worker.messages()
    next(messages)
    os.kill(start._server._process.pid, signal.SIGKILL)
    with pytest.raises(WorkerLostError, match="crashed"):
        next(messages)
    worker.kill()
    wait_until(lambda: not is_running(worker.process_id))


FORK = """
import os, sys
from vsumm.workers import start
from vsumm.media.info import probe
probe(sys.argv[1])
server = start._server._process.pid
child = os.fork()
if child == 0:
    status = 1
    try:
        probe(sys.argv[1])
        status = 0 if start._server._process.pid != server else 2
        start.end_server()
    finally:
        os._exit(status)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert start._server._process.pid == server
assert probe(sys.argv[1]).video is not None
"""
"""In a process of its own: the one of the tests has threads, which a child may wait for in vain."""


def test_a_forked_child_gets_a_server_of_its_own(server, film):
    subprocess.run([sys.executable, "-c", FORK, str(film)], check=True, timeout=120)


PROBE = "from vsumm.media.info import probe; print(probe({film!r}).duration_seconds)"
IN_A_POOL = """
import multiprocessing
from vsumm.media.info import probe
probe({film!r})  # the workers of the pool are forked from a process with a server
with multiprocessing.get_context("fork").Pool(1) as pool:
    print(pool.apply(probe, ({film!r},)).duration_seconds)
"""
IN_A_REMOVED_FOLDER = "import os, tempfile\nwith tempfile.TemporaryDirectory() as f: os.chdir(f)\n"


@pytest.mark.parametrize("way", ["file", "command", "input"])
@pytest.mark.parametrize("code", [PROBE, IN_A_POOL, IN_A_REMOVED_FOLDER + PROBE])
def test_any_program_may_start_workers_unguarded(film, tmp_path, way, code):
    code = code.format(film=str(film))
    script = tmp_path / "script.py"
    script.write_text(code)
    arguments = {"file": [str(script)], "command": ["-c", code], "input": ["-"]}[way]
    long_path = tmp_path / ("long" * 30)  # no address of a Unix socket has room for it
    long_path.mkdir()
    environment = {**os.environ, "TMPDIR": str(long_path)}
    done = subprocess.run(
        [sys.executable, *arguments],
        input=code, capture_output=True, text=True, timeout=120, env=environment,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("8.0\n", "")


def test_workers_are_started_one_by_one_where_there_is_no_server(film, monkeypatch):
    end_server()
    monkeypatch.setattr(start, "HAS_SERVER", False)
    info = probe(film)
    with read_frames(info, range(8)) as reader:
        assert len(list(reader)) == 8
    assert start._server is None


def test_a_server_does_not_load_the_model_library(broken_jobs):
    (message,) = run_in_worker("broken_jobs:tell_modules")
    assert not {"torch", "decord", "pandas"} & set(message.header["names"])


def test_importing_decode_loads_no_decoder():
    code = (
        "import sys, vsumm.decode.frame_reader; print({'av', 'decord', 'torch'} & {*sys.modules})"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert output.strip() == b"set()"


def test_a_foreign_folder_cannot_slip_code_into_a_worker(tmp_path, film, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('foreign code')")
    monkeypatch.chdir(tmp_path)
    end_server()
    assert probe(film).video is not None


LIMITED = """
import resource
five = 5 << 30
resource.setrlimit(resource.RLIMIT_AS, (five, five))
from vsumm.workers.child import limit_resources
limit_resources()
print(resource.getrlimit(resource.RLIMIT_AS) == (five, five))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux")
def test_a_limit_of_the_user_that_is_lower_stays():
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, check=False)
    assert done.stdout == b"True\n", done.stderr.decode()
