"""Damaged films, and films whose headers promise absurd things, for `make_odd_films.py`."""

from __future__ import annotations

import random
import struct

import av
from odd_folder import OddFolder

DAMAGED = {
    "moov first.mp4": True, "fragments.mp4": True, "plain.mkv": True, "plain.ts": False,
    "plain.flv": True, "b-frames.avi": True, "vfr.webm": True, "theora.ogv": False,
    "wmv2.wmv": True, "mpeg1.mpg": False, "alpha qtrle.mov": False, "loop.gif": False,
    "only.mp3": True, "only.flac": True, "only.wav": True, "only.ogg": False, "only.wma": True,
}  # fmt: skip
"""Films that are damaged, and whether a cut shows: the container says how long they are."""


def damage_films(folder: OddFolder) -> None:
    """Cut and damage films in all the usual containers."""
    for name, shows_cut in DAMAGED.items():
        data = folder.read(name)
        for share in sorted(folder.random.uniform(0.02, 0.97) for _ in range(3)):
            cut = int(len(data) * share)
            expected = {"damaged": True} if shows_cut and share < 0.9 else {}
            folder.write(f"cut {share:.3f} {name}", data[:cut], **expected)
        for way in (hole, noise, head, loss, doubled):
            folder.write(f"{way.__name__} {name}", way(data, folder.random), spoilt=True)
        folder.write(f"tail of {name}", data[int(len(data) * folder.random.uniform(0.1, 0.6)) :])
        folder.write(f"followed by noise {name}", data + folder.random.randbytes(len(data) // 3))
    data = folder.read("moov last.mp4")
    index = data.rindex(b"moov") - 4
    folder.write("no index.mp4", data[:index], refused=True)
    folder.write("empty index.mp4", data[: index + 8] + bytes(len(data) - index - 8), refused=True)


def break_sound(folder: OddFolder) -> None:
    """Fill some seconds of the sound with noise, and leave the picture as it is."""
    for name in ("plain.mp4", "plain.mkv", "plain.flv", "fragments.mp4", "b-frames.avi"):
        data = folder.read(name)
        begin = folder.random.uniform(1, 4)
        with av.open(str(folder.path / name)) as container:
            for packet in container.demux(audio=0):
                if packet.size and begin < packet.pts * packet.time_base < begin + 2:
                    data = data.replace(bytes(packet), folder.random.randbytes(packet.size), 1)
        folder.write(f"broken sound {name}", data, damaged=True, spoilt=True)


def exaggerate(folder: OddFolder) -> None:
    """Write films whose headers promise absurd sizes and durations."""
    for marker, at, value in (
        (b"mvhd", 16, 2**32 - 1), (b"mvhd", 12, 0), (b"mdhd", 16, 2**32 - 1), (b"mdhd", 12, 1),
        (b"tkhd", 20, 2**32 - 1), (b"tkhd", 76, 2**32 - 1), (b"stsz", 8, 2**32 - 1),
        (b"stsz", 4, 2**31), (b"stts", 8, 2**32 - 1), (b"stts", 12, 2**31), (b"stco", 4, 2**31),
        (b"stsc", 12, 2**31), (b"ctts", 4, 2**30), (b"elst", 8, 2**31), (b"elst", 12, 2**31 - 1),
        (b"avc1", 24, 2**32 - 1), (b"mp4a", 20, 2**32 - 1), (b"mdat", -4, 2**31),
    ):  # fmt: skip
        _promise(folder, "moov first.mp4", f"{marker.decode()} {at} {value}", marker, at, value)
    _promise(folder, "moov first.mp4", "side 65535", b"avc1", 28, 0xFFFFFFFF)
    _promise(folder, "b-frames.avi", "frames", b"avih", 20, 0x7FFFFFFF)
    _promise(folder, "b-frames.avi", "microseconds", b"avih", 8, 1)
    _promise(folder, "b-frames.avi", "sides", b"avih", 40, 0x7F7F7F7F)
    _promise(folder, "plain.mkv", "duration", b"\x44\x89\x88", 3, 0x7F7F7F7F)
    _promise(folder, "plain.mkv", "width", b"\xb0\x82", 1, 0x84FFFFFF)
    _promise(folder, "only.wav", "sample rate", b"fmt ", 8, 0xFFFFFF7F)
    _promise(folder, "only.wav", "channels", b"fmt ", 4, 0x01FFFFFF)
    _promise(folder, "only.flac", "samples", b"fLaC", 20, 0xFFFFFFFF)
    gif = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0xF0, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x44\x01\x00"
    folder.write("sides.gif", gif + 4 * frame + b";", refused=True)


def hole(data: bytes, rng: random.Random) -> bytes:
    """Fill a tenth with zeros."""
    length = len(data) // 10
    place = rng.randrange(len(data) // 4, len(data) - length)
    return data[:place] + bytes(length) + data[place + length :]


def noise(data: bytes, rng: random.Random) -> bytes:
    """Change bytes here and there, but not in the headers."""
    noisy = bytearray(data)
    for _ in range(80):
        noisy[rng.randrange(len(data) // 20, len(data))] = rng.randrange(256)
    return bytes(noisy)


def head(data: bytes, rng: random.Random) -> bytes:
    """Change the first bytes."""
    length = rng.choice((16, 64, 512))
    return rng.randbytes(length) + data[length:]


def loss(data: bytes, rng: random.Random) -> bytes:
    """Leave out a piece, as a broken download does."""
    length = rng.choice((188, 1000, len(data) // 20))
    place = rng.randrange(len(data) // 4, len(data) - length)
    return data[:place] + data[place + length :]


def doubled(data: bytes, rng: random.Random) -> bytes:
    """Repeat a piece."""
    length = len(data) // 20
    place = rng.randrange(len(data) // 4, len(data) - length)
    return data[: place + length] + data[place:]


def _promise(folder: OddFolder, film: str, what: str, marker: bytes, at: int, value: int) -> None:
    """Overwrite four bytes of a film's headers, `at` bytes after the end of a marker."""
    data = bytearray(folder.read(film))
    place = data.index(marker) + len(marker) + at
    data[place : place + 4] = struct.pack(">I", value)
    folder.write(f"promises {what} {film}", bytes(data), spoilt=True)
