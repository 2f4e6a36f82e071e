"""Write label tables in the format of IMEMNet-C."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mmva_core.data.imemnet import Sample
from mmva_core.store import write_whole


def write_labels(
    path: str | Path, samples: Sequence[Sample], kind: Literal["image", "music"]
) -> None:
    """Write samples as `image_va.csv` or `music_va.csv`: row id, id, valence, arousal, caption.

    The folder of `path` is made where it is missing.
    """
    id_name = "img" if kind == "image" else "clip_id"
    names = ["", id_name, "valence", "arousal", *(["caption"] if kind == "music" else [])]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row, sample in enumerate(samples):
        cells = [row, sample.id, repr(sample.valence), repr(sample.arousal), sample.caption]
        writer.writerow(cells[: len(names)])
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_whole(
        Path(path), lambda file: file.write_text(text.getvalue(), encoding="utf-8", newline="")
    )
