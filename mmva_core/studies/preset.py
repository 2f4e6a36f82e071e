"""Evaluate `mmva-lite` and its recipe on held-out data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from mmva_core.lite import LITE_TRAINING, find_data
from mmva_core.model import MMVA
from mmva_core.studies.lite_folds import recipe_rows, sentence_rows
from mmva_core.studies.report import Row, paper_rows


def evaluate_preset(
    name_or_path: str | Path,
    *,
    data_folder: Path | None = None,
    with_ablations: bool = False,
    with_baselines: bool = False,
    device: str = "auto",
    progress: bool = False,
) -> Iterator[Row]:
    """Measure a model and its recipe on held-out data, and yield rows of figures.

    The model itself is measured on EmoBank's test split. It was trained on every picture and clip,
    so their figures come from copies of the recipe, one for each fold; that takes minutes.

    Args:
        name_or_path: "mmva-lite" or the folder of a model that `train_preset` made.
        data_folder: folder of the open sets; by default the variable VSUMM_DATA names it.
        with_ablations: also measure the ablations, see `mmva_core.studies.folds.ABLATIONS`.
        with_baselines: also measure the baselines of Table 1, trained on the same features.
        device: "auto", "cpu" or "cuda"; copies are trained on the CPU.
        progress: show progress bars on stderr.

    Raises:
        CheckpointError: the model cannot be loaded.
        DataError: a data set is missing or damaged.
    """
    root = find_data(data_folder)
    model = MMVA.from_pretrained(name_or_path, device=device)
    with TemporaryDirectory() as scratch:
        yield from sentence_rows(model, root, Path(scratch), str(name_or_path))
        yield from recipe_rows(
            root,
            Path(scratch),
            LITE_TRAINING,
            with_ablations=with_ablations,
            with_baselines=with_baselines,
            progress=progress,
        )
    yield from paper_rows()
