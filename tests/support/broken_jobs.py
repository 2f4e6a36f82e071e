"""Jobs of workers that crash, hang or fail where the test says; none in the product does.

A worker finds them by the name of this module where PYTHONPATH leads to it, see `conftest.py`.
"""

import ctypes
import sys

from vsumm.decode import pick_frames, sound
from vsumm.soundtrack import tags_job


def crash(*_, **__):
    """End as a wild pointer in native code would."""
    ctypes.string_at(0)


def hang(messages, **_):
    """Say that it begins, and keep the interpreter's lock for ever, as decord can."""
    messages.send("hanging")
    ctypes.PyDLL(None).sleep(1000)


def fail(messages):
    """Meet a bug."""
    return 1 / 0


def tell_modules(messages):
    """Send the names of all modules that were loaded."""
    messages.send("modules", names=sorted(sys.modules))


def read_frames_to_4_seconds(messages, **request):
    """Read frames, and crash at the one of 4 seconds."""
    pick_one = pick_frames.FramePicker._pick_one

    def pick_or_crash(self, index):
        if 4 <= float(self._targets[index] * self._ahead.time_base) < 4.5:
            crash()
        return pick_one(self, index)

    pick_frames.FramePicker._pick_one = pick_or_crash
    pick_frames.run_frames(messages, **request)


def read_first_sound(messages, **request):
    """Read sound, and crash at the second block."""
    resample = sound._Resampler.resample

    def resample_or_crash(self, rate, samples):
        if self._position:
            crash()
        return resample(self, rate, samples)

    sound._Resampler.resample = resample_or_crash
    sound.run_sound(messages, **request)


def read_tags_or_crash(messages, *, paths):
    """Read tags, and crash at a file whose name says so."""
    for path in paths:
        if path.endswith("crash.flac"):
            crash()
        tags_job.run_tags(messages, paths=[path])
