"""Evaluate `mmva-lite` and its recipe on what they have not seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from mmva_core.lite import LITE_TRAINING, find_data
from mmva_core.model import MMVA
from mmva_core.studies.lite_folds import recipe_rows, sentence_rows
from mmva_core.studies.report import PAPER_ROWS, Row
from mmva_core.train import local_device


def evaluate_preset(
    name_or_path: str | Path,
    *,
    data_folder: Path | None = None,
    with_ablations: bool = False,
    device: str = "auto",
    progress: bool = False,
) -> Iterator[Row]:
    """Measure a model and its recipe on what they have not seen, and yield rows of figures.

    The model itself is asked about EmoBank's test split. It has seen every picture and clip, so
    for those copies of the recipe are trained, one for each fold; that takes minutes.

    Args:
        name_or_path: "mmva-lite" or the folder of a model that `train_preset` made.
        data_folder: folder of the open sets; the variable VSUMM_DATA names it by default.
        with_ablations: measure the recipe with parts left out as well, see `lite_folds.ABLATIONS`.
        device: "auto", "cpu" or "cuda"; copies are trained on the CPU.
        progress: show progress bars on stderr.

    Raises:
        CheckpointError: the model cannot be loaded.
        DataError: a data set is missing or damaged.
    """
    root = find_data(data_folder)
    model = MMVA.from_pretrained(name_or_path, device=str(local_device(device)))
    with TemporaryDirectory() as scratch:
        yield from sentence_rows(model, root, Path(scratch), str(name_or_path))
        yield from recipe_rows(
            root, Path(scratch), LITE_TRAINING, with_ablations=with_ablations, progress=progress
        )
    yield from PAPER_ROWS
