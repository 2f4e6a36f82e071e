"""What sound files say of themselves, read where a damaged one takes nothing with it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mmva_core.inputs import Tags
from vsumm.workers import Worker, WorkerLostError

JOB = "vsumm.soundtrack.tags_job:run_tags"
"""The job that opens the files: not in this process, which a damaged one could crash."""


def read_tags(paths: Sequence[str | os.PathLike[str]]) -> list[Tags]:
    """Read the tags of files, see `mmva_core.inputs.read_sound_tags`; one process reads them all.

    Where it is lost at one of them, that one has no tags, and another process reads the rest.
    """
    names = [str(Path(path).absolute()) for path in paths]
    found: list[Tags] = []
    while len(found) < len(names):
        worker = Worker(JOB, paths=names[len(found) :])
        try:
            for message in worker.messages():
                found.append(Tags(**message.header["tags"]))
        except WorkerLostError:
            found.append(Tags())
        finally:
            worker.kill()
    return found
