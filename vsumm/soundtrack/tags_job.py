"""The job that reads the tags of a sound file.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsumm.decode import open_media, tags_of

if TYPE_CHECKING:
    from vsumm.workers import Messages


def run_tags(messages: Messages, *, path: str) -> None:
    """Send one "tags" message: the tags of a file and of its first sound, by name in lower case."""
    with open_media(path) as container:
        found = tags_of(container)
        for stream in container.streams.audio[:1]:
            found |= tags_of(stream)
    messages.send("tags", found=found)
