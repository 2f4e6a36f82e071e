"""Sound files that other programs tagged."""

import struct
from pathlib import Path

import numpy as np
import pytest

from mmva_core.inputs.audio_file import read_audio_file
from mmva_core.sounds.coding import decode

RATE = 16000
TITLE = b"caf\xe9\xff\x00"
"""Latin-1, as old programs write tags: no UTF-8."""


@pytest.fixture
def tagged(tmp_path):
    """A quarter second of sound in a WAV file with `TITLE`."""
    sound = np.tile(np.array([8192, -8192], "<i2"), RATE // 8)
    info = b"INFO" + _chunk(b"INAM", TITLE)
    form = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    chunks = _chunk(b"fmt ", form) + _chunk(b"LIST", info) + _chunk(b"data", sound.tobytes())
    path = Path(tmp_path) / "tagged.wav"
    path.write_bytes(_chunk(b"RIFF", b"WAVE" + chunks))
    return path


def _chunk(name, content):
    return name + struct.pack("<I", len(content)) + content


def test_tags_that_are_no_utf8_do_not_stop_the_sound(tagged):
    samples = read_audio_file(tagged, RATE)
    assert np.array_equal(samples, np.tile(np.float32([0.25, -0.25]), RATE // 8))


def test_recordings_are_decoded_whatever_their_tags(tagged):
    assert decode(str(tagged), None).shape == (RATE // 4,)
