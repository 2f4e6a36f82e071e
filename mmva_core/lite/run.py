"""Train `mmva-lite`, the model that comes with the package, from the open sets.

`mmva train --preset mmva-lite` runs `train_preset`, in five steps:

1. train the music tower from scratch (`music_train.py`);
2. fit the picture heads in closed form (`fit_images.py`);
3. train the other heads together by Eq. 4 on the features of the frozen towers (`recipe.py`);
4. train the similarity predictor alone (`similarity.py`);
5. replace the VA predictor of pictures by one that knows the names of what they show
   (`class_names.py`).

The result is a function of the data and the seed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from safetensors.torch import save_file

from mmva_core.device import local_device
from mmva_core.errors import DataError
from mmva_core.lite.class_names import fit_picture_predictor, load_class_names
from mmva_core.lite.music_rows import load_recordings
from mmva_core.lite.music_train import MusicRecipe, train_music_tower
from mmva_core.lite.recipe import LITE_TRAINING, build_lite, fit_lite
from mmva_core.lite.tables import load_lite_tables
from mmva_core.store import write_whole
from mmva_core.towers import LiteMusicTower

DATA_VARIABLE = "VSUMM_DATA"
"""Environment variable with the folder of the open sets."""
CACHE_FOLDER = "features"
"""Folder of cached features inside a run."""
TOWER_NAME = "music-tower.safetensors"
"""Weights of the trained music tower inside a run."""
RENDERED_FOLDER = "rendered"
"""Folder of rendered keyboard pieces inside a run."""


def train_preset(
    folder: Path,
    *,
    data_folder: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    with_similarity: bool = True,
    device: str = "auto",
    resume: bool = False,
    progress: bool = False,
) -> Iterator[str]:
    """Train `mmva-lite` from the open sets; yield lines about the data and the model.

    Args:
        folder: folder of the run; the finished model is in its sub-folder "model".
        data_folder: folder of the open sets; by default the variable VSUMM_DATA names it.
        overrides: changes to `LITE_TRAINING`, by field.
        with_similarity: False leaves the similarity predictor out.
        device: "auto", "cpu" or "cuda".
        resume: continue the run in the folder.
        progress: show progress bars on stderr.

    Raises:
        DataError: a data set is missing or damaged.
        MissingExtraError: the extra "text" is not installed.
    """
    root = find_data(data_folder)
    config = replace(LITE_TRAINING, **(overrides or {}))
    model = build_lite(config.seed, with_similarity=with_similarity)
    tables = load_lite_tables(model, root, folder / CACHE_FOLDER, progress=progress)
    recordings = load_recordings(
        root, folder / RENDERED_FOLDER, seed=config.seed, progress=progress
    )
    weights = folder / TOWER_NAME
    if not (resume and weights.exists()):
        tower = train_music_tower(
            recordings.clips, recordings.pieces, MusicRecipe(seed=config.seed)
        )
        write_whole(weights, lambda path: save_file(tower.state_dict(), path))
    model.load_music_tower(weights)
    music_tower = cast(LiteMusicTower, model.tower("music").get_submodule("network"))
    data = tables.encode_music(music_tower, recordings, seed=config.seed).all_data()
    yield (
        f"{len(tables.image)} pictures, {len(tables.captions)} clips with captions "
        f"in {len(data.music)} windows, {len(tables.sentences)} sentences"
    )
    model.to(local_device(device))
    result = fit_lite(model, data, config, folder, resume=resume, progress=progress)
    fit_picture_predictor(model, tables.image, load_class_names())
    model.save_pretrained(result.folder, half=True)
    yield f"model: {result.folder}"


def find_data(data_folder: str | Path | None) -> Path:
    """Return the folder of the open sets: `data_folder`, or that of VSUMM_DATA.

    Raises:
        DataError: neither names a folder that exists.
    """
    named = data_folder or os.environ.get(DATA_VARIABLE)
    if not named:
        raise DataError(
            f"name the folder of the open sets: {{do}}, or {DATA_VARIABLE} in the environment",
            argument="data_folder=...",
            option="--data FOLDER",
        )
    root = Path(named)
    if not root.is_dir():
        raise DataError(
            f"no such folder: {root}; name that of the open sets: {{do}}",
            argument="data_folder=...",
            option="--data FOLDER",
        )
    return root
