"""How a process shares its memory among its threads."""

import re
import subprocess
import sys

import pytest

COUNT_HEAPS = """
import ctypes, sys, threading
from vsumm.workers import share_heaps

if sys.argv[1] == "shared":
    share_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
barrier = threading.Barrier(6)

def allocate():
    libc.malloc(3000)
    barrier.wait()

threads = [threading.Thread(target=allocate) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.fdopen.restype = ctypes.c_void_p
output = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, output)
libc.fflush(output)
"""


def num_heaps(how):
    command = [sys.executable, "-c", COUNT_HEAPS, how]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return len(re.findall("<heap nr=", output))


@pytest.mark.skipif(sys.platform != "linux", reason="heaps are those of glibc")
def test_the_threads_of_a_process_may_share_their_heaps():
    assert num_heaps("own") > 2
    assert num_heaps("shared") <= 2
