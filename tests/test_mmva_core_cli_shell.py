"""The shell of the command lines: what ends a command becomes an exit code and one line."""

import gc
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mmva_core.cli.shell import Shell, UsageError


class OurError(Exception):
    pass


@pytest.fixture(autouse=True)
def kept_handler():
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("error", "code", "printed"),
    [
        (UsageError("no such option"), 2, "tool: error: no such option\n"),
        (OurError("a\nb.mp4: is no film"), 1, "tool: error: a\\nb.mp4: is no film\n"),
        (KeyboardInterrupt(), 130, "tool: interrupted\n"),
        (
            MemoryError(),
            1,
            "tool: error: there is not enough memory, or `ulimit -v` allows too little\n",
        ),
        (
            ModuleNotFoundError("No module named 'scipy'", name="scipy.stats"),
            1,
            "tool: error: this needs scipy: pip install 'vsumm[eval]'\n",
        ),
    ],
)
def test_an_early_end_is_a_code_and_one_line(capsys, error, code, printed):
    with Shell("tool", OurError) as shell:
        raise error
    assert shell.exit_code == code
    assert capsys.readouterr().err == printed


def test_a_package_that_is_always_installed_is_a_bug_when_it_is_missing():
    with pytest.raises(ModuleNotFoundError), Shell("tool", OurError):
        raise ModuleNotFoundError("No module named 'numpy'", name="numpy")


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), Shell("tool", OurError):
        raise ZeroDivisionError


def test_a_command_that_goes_on_sets_the_code_itself(capsys):
    with Shell("tool", OurError) as shell:
        shell.complain("one of two failed")
        shell.exit_code = 1
    assert shell.exit_code == 1
    assert capsys.readouterr().err == "tool: error: one of two failed\n"


def test_the_end_of_a_command_searches_nothing_for_garbage():
    searches = []
    gc.collect()
    gc.callbacks.append(lambda phase, info: searches.append(phase))
    try:
        with Shell("tool", OurError):
            made = [[] for _ in range(5_000)]
        made.append([])
    finally:
        gc.callbacks.pop()
    assert not searches


def be_terminated(cleaned):
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        cleaned.append(True)


def test_sigterm_cleans_up_and_exits_with_143():
    cleaned = []
    with pytest.raises(SystemExit) as stop, Shell("tool"):
        be_terminated(cleaned)
    assert cleaned
    assert stop.value.code == 143


CLOSED_PIPE = """
import sys
from pathlib import Path
from mmva_core.cli.shell import Shell
with Shell("tool") as shell:
    while True:
        print("result", flush=True)
sys.exit(shell.exit_code)
"""


def test_a_reader_that_goes_away_is_no_traceback():
    with subprocess.Popen(
        [sys.executable, "-c", CLOSED_PIPE], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"result\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


PRINT_ONE = """
import sys
from pathlib import Path
from mmva_core.cli.shell import Shell
with Shell("tool") as shell:
    print("result")
    shell.say("said")
sys.exit(shell.exit_code)
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_results_that_cannot_be_printed_are_an_error_in_one_line(unbuffered):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", PRINT_ONE],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    last = done.stderr.decode().splitlines()[-1]
    assert last == "tool: error: the results cannot be printed: no space left on device"
    assert done.returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize(("closing", "printed"), [("2>&-", b"result\n"), ("1>&-", b"")])
def test_a_closed_stream_is_no_traceback_and_no_other_file(closing, printed):
    command = f'"$0" -c "$1" {closing}'
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, PRINT_ONE], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, printed)
    assert done.stderr in (b"", b"tool: said\n")


def test_a_warning_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    Shell("tool").log_to_stderr()
    logging.getLogger("there").warning("a\nb.mp4: is odd")
    assert capsys.readouterr().err == "there: a\\nb.mp4: is odd\n"
