import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from films import make_film, read_frame_number

from vsumm import worker_client
from vsumm.decode import read_audio, read_frames
from vsumm.errors import InputError
from vsumm.probe import probe
from vsumm.worker_client import Worker, WorkerLostError, prepare_workers, worker_pool

WAIT_SECONDS = 20

BROKEN_DECODERS = """
import ctypes
from vsumm import decode_audio, decode_decord, decode_frames, decode_jobs
def crash(): ctypes.string_at(0)
def hang(): ctypes.PyDLL(None).sleep(1000)  # keeps the interpreter's lock, as decord can
decode_jobs.run_crash = lambda messages: crash()
decode_jobs.run_hang = lambda messages: hang()
def fail_at(seconds, how):
    real = decode_frames.FramePicker._pick_one
    def pick_one(self, index, target, *others):
        if seconds <= float(target * self._time_base) < seconds + 0.5:
            how()
        return real(self, index, target, *others)
    decode_frames.FramePicker._pick_one = pick_one
def no_decord(*args, **options):
    crash()
    yield
"""
"""Put in front of the worker's own code; nothing in the product makes a decoder fail."""
NO_DECORD = "decode_jobs.pick_with_decord = no_decord"


@pytest.fixture
def break_decoders(monkeypatch):
    """Make the workers of this test run some code first."""

    def use(code):
        boot = worker_client._BOOT.replace("main()", "")
        start = f"import sys\n{boot.strip()}\n{BROKEN_DECODERS}\n{code}\nmain()"
        monkeypatch.setattr(worker_client, "_BOOT", start)

    worker_pool().close()
    monkeypatch.setattr(worker_client, "_pool", None)
    yield use
    worker_pool().close()


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


def run_alone(job):
    worker = Worker()
    try:
        worker.ask(job)
        list(worker.messages())
    finally:
        worker.kill()


def test_a_crash_is_told(break_decoders):
    break_decoders("")
    with pytest.raises(WorkerLostError, match="crashed"):
        run_alone("crash")


def test_a_hang_that_holds_the_interpreter_is_ended(break_decoders, monkeypatch):
    break_decoders("")
    monkeypatch.setattr(worker_client, "START_SECONDS", 3.0)
    with pytest.raises(WorkerLostError, match="hung"):
        run_alone("hang")


def test_a_bug_is_one_line_and_logs_its_traceback(break_decoders, caplog):
    break_decoders("decode_jobs.run_bug = lambda messages: 1 / 0")
    caplog.set_level("DEBUG")
    with pytest.raises(WorkerLostError, match=r"failed \(ZeroDivisionError: division by zero\)$"):
        run_alone("bug")
    assert "Traceback" in caplog.text


def test_decord_goes_on_where_pyav_crashes(break_decoders, film):
    info = probe(film)
    worker_pool().close()
    break_decoders("fail_at(4, crash)")
    with read_frames(info, range(8)) as reader:
        numbers = [read_frame_number(frame.pixels) for frame in reader]
    assert numbers == [25 * second for second in range(8)]
    assert reader.report.decoder == "pyav, then decord"
    assert reader.report.unreadable_seconds == 0


def test_the_place_where_all_decoders_fail_is_left_out(break_decoders, film):
    info = probe(film)
    worker_pool().close()
    break_decoders("fail_at(4, crash)\n" + NO_DECORD)
    with read_frames(info, range(8)) as reader:
        seconds = [frame.index for frame in reader]
    assert seconds == [0, 1, 2, 3, 5, 6, 7]
    assert reader.report.unreadable_seconds == pytest.approx(1)
    assert "crashed" in reader.report.reasons[0]


def test_no_decoder_at_all_is_an_input_error(break_decoders, film):
    info = probe(film)
    worker_pool().close()
    break_decoders("decode_jobs.FramePicker = lambda *a, **k: crash()\n" + NO_DECORD)
    with pytest.raises(InputError, match=r"cannot read the picture of .*film.mp4"):
        list(read_frames(info, range(8)))


def test_a_probe_that_crashes_is_an_input_error(break_decoders, film):
    break_decoders("decode_jobs.probe_media = lambda *args: crash()")
    with pytest.raises(InputError, match="the decoder crashed"):
        probe(film)


def test_sound_after_a_crash_is_counted_as_lost(break_decoders, film):
    info = probe(film)
    worker_pool().close()
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
def test_a_hanging_worker_dies_with_its_parent(break_decoders, monkeypatch):
    break_decoders("")
    code = (
        "import sys, time; from vsumm import worker_client; worker_client._BOOT = sys.argv[1];"
        "worker = worker_client.worker_pool().acquire(); worker.ask('hang');"
        "print(worker.process_id, flush=True); time.sleep(1000)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, worker_client._BOOT], stdout=subprocess.PIPE, text=True
    )
    with parent:
        process_id = int(parent.stdout.readline())
        time.sleep(0.5)
        assert is_running(process_id)
        parent.kill()
    wait_until(lambda: not is_running(process_id))


def test_a_worker_outlives_the_thread_that_asked_for_it(film):
    worker_pool().close()
    readers = []
    info = probe(film)
    thread = threading.Thread(target=lambda: readers.append(read_frames(info, range(8))))
    thread.start()
    thread.join()
    assert len(list(readers[0])) == 8


def test_closing_a_reader_early_ends_its_worker(film):
    info = probe(film)
    with read_frames(info, np.arange(0, 8, 0.01)) as reader:
        process_id = reader._lanes[0]._job._worker.process_id
        next(iter(reader))
    wait_until(lambda: not is_running(process_id))


def test_idle_workers_are_used_again(film):
    info = probe(film)
    with read_frames(info, [0.0]) as reader:
        first = reader._lanes[0]._job._worker.process_id
        list(reader)
    with read_frames(info, [0.0]) as reader:
        assert reader._lanes[0]._job._worker.process_id == first
        list(reader)


def test_workers_prepared_early_are_used(film):
    worker_pool().close()
    prepare_workers(2)
    wait_until(lambda: len(worker_pool()._idle) == 2)
    prepared = {worker.process_id for worker in worker_pool()._idle}
    with read_frames(probe(film), [0.0]) as reader:
        assert reader._lanes[0]._job._worker.process_id in prepared
        list(reader)


def test_an_idle_worker_that_died_is_replaced(film):
    info = probe(film)
    for idle in worker_pool()._idle:
        idle.interrupt()
    assert len(list(read_frames(info, [0.0, 1.0]))) == 2


def test_a_worker_does_not_load_the_model_library(break_decoders):
    break_decoders(
        "decode_jobs.run_modules = lambda messages: messages.send('m', names=sorted(sys.modules))"
    )
    worker = Worker()
    worker.ask("modules")
    (message,) = worker.messages()
    worker.kill()
    assert not {"torch", "decord", "pandas"} & set(message.header["names"])


def test_importing_decode_loads_no_decoder():
    code = "import sys, vsumm.decode; print(sorted({'av', 'decord', 'torch'} & set(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert output.strip() == b"[]"


def test_a_foreign_folder_cannot_slip_code_into_a_worker(tmp_path, film, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('foreign code')")
    monkeypatch.chdir(tmp_path)
    worker_pool().close()
    assert probe(film).video is not None
