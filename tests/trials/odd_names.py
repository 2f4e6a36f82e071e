"""Files that are no films, and films under odd names, for `make_odd_films.py`."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from films import make_film
from odd_folder import SECONDS, OddFolder

NAMES = (
    "-lead.mkv", "--help.mkv", "a%d%05d.mkv", "it's \"quoted\".mkv", "new\nline.mkv",
    "\U0001f600 é.mkv", "x" * 235 + ".mkv", "$(x);&|.mkv", "tab\t.mkv", "[a]{b}*?.mkv",
    "http:x.mkv", "concat:a|b.mkv", " space .mkv", "back\\slash.mkv", "no extension",
    ".hidden.mkv", "many.dots...mkv", "\udcff\udce9.mkv", "UPPER.MKV", "file:x.mkv", "~.mkv",
)  # fmt: skip
"""Names that mean something to shells, FFmpeg or terminals; one is no UTF-8."""

TEXTS = {
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{film}\n#EXT-X-ENDLIST\n",
    "list.m3u": "#EXTM3U\n{film}\n",
    "list.pls": "[playlist]\nFile1={film}\n",
    "concat.txt": "file '{film}'\n",
    "concat.ffconcat": "ffconcat version 1.0\nfile '{film}'\n",
    "list.xspf": '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/">'
    "<trackList><track><location>file://{film}</location></track></trackList></playlist>",
    "dash.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
    '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1">'
    "<BaseURL>file://{film}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\n",
    "picture.svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="file://{film}"/></svg>',
    "words.srt": "1\n00:00:01,000 --> 00:00:02,000\n{film}\n",
    "script.sh": "#!/bin/sh\ncat {film}\n",
}
"""Texts that name other files, which must not be read."""


def pretend(folder: OddFolder) -> None:
    """Write files that are no films, under names of films, and films under wrong names."""
    target = (folder.path / "plain.mp4").resolve()
    for name, text in TEXTS.items():
        for suffix in ("", ".mp4"):
            folder.write(f"{name}{suffix}", text.format(film=target).encode(), refused=True)
    for name, data in (
        ("zero.mp4", b""), ("one byte.mkv", b"\0"), ("zeros.avi", bytes(70000)),
        ("random.webm", folder.random.randbytes(70000)), ("archive.mp4", b"PK\3\4" + bytes(3000)),
        ("words.mov", b"no film\n" * 999),
    ):  # fmt: skip
        folder.write(name, data, refused=True)
    folder.convert("picture.jpg", "-f", "lavfi", "-i", "color", "-frames:v", "1", refused=True)
    folder.copy("picture.jpg", "picture.mp4", refused=True)
    for name, wrong in (("plain.mp4", "avi"), ("wmv2.wmv", "mp4"), ("only.mp3", "mkv")):
        folder.copy(name, f"wrong {Path(name).suffix[1:]}.{wrong}", seconds=SECONDS)
    (folder.path / "folder.mp4").mkdir()
    os.mkfifo(folder.path / "pipe.mp4")
    (folder.path / "loop.mp4").symlink_to("loop.mp4")
    (folder.path / "nowhere.mp4").symlink_to("nothing.mp4")
    (folder.path / "device.mp4").symlink_to("/dev/zero")
    (folder.path / "process.mp4").symlink_to("/proc/self/mem")
    descriptor = os.open(folder.path, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(f"/proc/self/fd/{descriptor}/socket.mp4")  # whose path must be short
    os.close(descriptor)
    for name in ("folder", "pipe", "loop", "nowhere", "device", "process", "socket"):
        folder.expect(f"{name}.mp4", refused=True)
    if os.geteuid() != 0:  # who may read everything
        folder.copy("plain.mp4", "no permission.mp4", refused=True)
        (folder.path / "no permission.mp4").chmod(0)
    (folder.path / "link.mp4").symlink_to("plain.mp4")
    folder.expect("link.mp4", seconds=SECONDS)


def name_films(folder: OddFolder) -> None:
    """Give a film all sorts of names."""
    short = folder.path / "name.mkv"
    make_film(short, seconds=2.4, size=(128, 72), flashes=[1], beeps=[1])
    (folder.path / "sub folder" / "é'\"").mkdir(parents=True)
    for name in (*NAMES, "sub folder/é'\"/name.mkv"):
        folder.copy("name.mkv", name, seconds=2.4)
    short.unlink()
