"""Do the parts of an analysis one after the other, and say what CPU time each takes.

    python -m eval.speed.parts FILM

prints one line of JSON: "parts", a list of the fields of `Cost`, and "tower", the CPU seconds that
the image tower alone takes for as many pictures. Imports are inside the functions, as in
`eval.speed.tasks`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eval.speed.tasks import some_frames


@dataclass(frozen=True)
class Cost:
    """CPU seconds of one part."""

    name: str
    """What is done."""
    own: float
    """Of the process itself, all threads."""
    workers: float
    """Of the processes that decode for it."""


class _Parts:
    """Keeps what each part cost."""

    def __init__(self) -> None:
        self.costs = [Cost("start", time.process_time(), 0.0)]

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        own, workers = time.process_time(), _workers_seconds()
        yield
        own, workers = time.process_time() - own, _workers_seconds() - workers
        self.costs.append(Cost(name, own, workers))


def _workers_seconds() -> float:
    """Return the CPU time of the server of workers, and of those that have ended."""
    import psutil

    children = psutil.Process().children()
    return sum(sum(child.cpu_times()[:4]) for child in children)  # own and of its children


def run_parts(film: Path) -> dict[str, Any]:
    """Analyse a film part by part, see the module."""
    parts = _Parts()
    with parts.part("import"):
        from mmva_core import content, towers
        from vsumm.analysis import film_to_measure
        from vsumm.config import SummaryConfig
        from vsumm.files import RecordCache
        from vsumm.media import probe
        from vsumm.pipeline import summarize_media
        from vsumm.score import ModelSource, measure, measurements_of
        from vsumm.workers import prepare_server

        config = SummaryConfig()
        prepare_server("vsumm.decode.probe")
    with parts.part("probe"):
        info = probe(film)
    with parts.part("load the model"):
        source = ModelSource(config)
        _ = source.fingerprint  # only known until the model is loaded; records are kept under it
        content.PictureReader.of(source.model)
        towers.load_sound_kinds()
    measured, signals = film_to_measure(info, config, source)
    todo = measurements_of(signals, measured.config)
    with parts.part("hash"):
        from mmva_core.store import sha256_file

        key = sha256_file(film)
    with TemporaryDirectory() as folder:
        cache = RecordCache(Path(folder))
        for need in ("picture", "sound"):
            wanted = [measurement for measurement in todo if measurement.needs == need]
            if wanted:
                with parts.part(need):
                    measure(measured, wanted, content=key, cache=cache)
        with parts.part("select, look for cuts"):
            summarize_media(info, config, source=source, cache=cache)
    return {
        "parts": [asdict(cost) for cost in parts.costs],
        "tower": _tower_seconds(film, source.model, measured.num_segments) if info.video else None,
    }


def _tower_seconds(film: Path, model: Any, num_pictures: int) -> float:
    """Return what the image tower takes for some pictures, CPU seconds."""
    pictures = [frame.pixels for frame in some_frames(str(film))]
    model.image_features(pictures[:1])
    start = time.process_time()
    model.image_features(pictures)
    return (time.process_time() - start) / len(pictures) * num_pictures


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run_parts(Path(sys.argv[1]))) + "\n")
