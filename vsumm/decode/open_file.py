"""Open a media file for FFmpeg so that it can reach nothing but the file itself.

FFmpeg gets an open descriptor, so it cannot interpret the name of the file, and no other protocol
is allowed, so a playlist inside the file cannot name another file or host.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av
from av.container import InputContainer

from vsumm.decode.mp4 import Overlay, start_of_cut_fragment
from vsumm.decode.transport import find_restart
from vsumm.errors import InputError
from vsumm.files import open_regular_file

CONTAINERS = (
    "mov", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo", "flv", "live_flv", "ogg",
    "asf", "asf_o", "mxf", "gxf", "nut", "rm", "dv", "wtv", "ivf", "obu", "av1", "h261", "h263",
    "h264", "hevc", "vvc", "m4v", "vc1", "dirac", "mjpeg", "mjpeg_2000", "yuv4mpegpipe", "swf",
    "gif", "apng", "nsv", "nuv", "bink", "smk", "roq", "mlv", "dhav", "amr",
    "wav", "w64", "rf64", "aiff", "au", "caf", "mp3", "aac", "ac3", "eac3", "ac4", "dts", "dtshd",
    "truehd", "mlp", "flac", "ape", "wv", "tta", "tak", "mpc", "mpc8", "dsf", "iff", "voc", "spdif",
)  # fmt: skip
"""Demuxers that read one self-contained film or sound file; playlists, scripts, devices, number
patterns and text are left out."""

STILL_PICTURES = (
    "png_pipe", "jpeg_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe", "gif_pipe", "svg_pipe",
    "jpegxl_pipe", "j2k_pipe", "psd_pipe", "exr_pipe", "dds_pipe", "ppm_pipe", "pgm_pipe",
    "qoi_pipe", "sgi_pipe", "ico", "jpegxl_anim",
)  # fmt: skip
"""Demuxers of still pictures: recognised only for the error message."""

MAX_PIXELS = 1 << 27
"""Largest picture that is decoded, in pixels: 16384 x 8192."""

METADATA: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}
)
"""How PyAV reads tags that are no UTF-8; version 19 has no choice and keeps the odd bytes as
surrogates, which `tags_of` replaces."""


@contextmanager
def open_media(path: str) -> Iterator[InputContainer]:
    """Open `path` for demuxing and close it afterwards.

    Raises:
        InputError: it is no regular file, cannot be opened, or holds no film or sound.
    """
    descriptor = open_regular_file(path)
    try:
        with _open_descriptor(descriptor) as container:
            yield container
    finally:
        os.close(descriptor)


def tags_of(container: InputContainer) -> dict[str, str]:
    """Return the tags of a file by name in lower case; what is no UTF-8 shows as U+FFFD."""
    return {
        name.lower(): text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for name, text in container.metadata.items()
    }


def _open_descriptor(descriptor: int) -> InputContainer:
    try:
        container = open_container("fd:", {"fd": str(descriptor)})
        restart = find_restart(descriptor) if container.format.name == "mpegts" else None
        if restart is None:
            return container
        # Times come twice in it: only the first recording is shown.
        container.close()
        return open_container(Overlay(descriptor, end=restart.place), {})
    except InputError:
        cut = start_of_cut_fragment(descriptor)
        if not cut:
            raise
        return open_container(Overlay(descriptor, end=cut), {})


def open_container(source: Any, options: dict[str, str]) -> InputContainer:
    """Open an address of the protocol "fd", or an object that reads like a file.

    Raises:
        InputError: as `open_media`.
    """
    options = options | {
        "protocol_whitelist": "fd",
        "format_whitelist": ",".join(CONTAINERS + STILL_PICTURES),
    }
    try:
        container: InputContainer = av.open(source, options=options, **METADATA)
    except MemoryError as error:
        raise InputError("its header asks for more memory than allowed") from error
    except (av.FFmpegError, ValueError, UnicodeError) as error:
        raise InputError("it is no film or sound file, or a damaged one") from error
    if container.format.name in STILL_PICTURES or container.format.name.endswith("_pipe"):
        name = container.format.name
        container.close()
        raise InputError(f"it is a still picture ({name.removesuffix('_pipe')}), not a film")
    return container
