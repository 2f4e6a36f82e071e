"""The job that reads the tags of sound files.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from mmva_core.inputs import read_sound_tags

if TYPE_CHECKING:
    from vsumm.workers import Messages


def run_tags(messages: Messages, *, paths: list[str]) -> None:
    """Send a "tags" message for each file, with the fields of `mmva_core.inputs.Tags`."""
    for path in paths:
        messages.send("tags", tags=asdict(read_sound_tags(path)))
