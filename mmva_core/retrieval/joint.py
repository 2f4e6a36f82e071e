"""A joint space of music and captions on top of a model's embeddings, in a file beside its weights.

Eq. 4 leaves the embeddings of different modalities unrelated. Two linear maps, fitted on pairs by
`mmva_core.retrievers`, place both in one space where cosines mean something; they change nothing
that the model predicts. Pictures have no place in it. Nothing here imports torch.

Letters in shapes: N embeddings, D their size, W the size of the joint space.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from mmva_core.config import Modality
from mmva_core.errors import CheckpointError, DataError
from mmva_core.retrieval.rank import Array, unit_rows
from mmva_core.store import WEIGHTS_NAME, find_folder, sha256_file, write_whole

JOINT_NAME = "joint.safetensors"
"""Name of the file in a model's folder."""
JOINT_MODALITIES: tuple[Modality, ...] = ("music", "caption")

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class JointHead:
    """Maps from embeddings of unit length into the joint space."""

    means: dict[Modality, Floats]
    """(D,) what is subtracted first, by modality."""
    maps: dict[Modality, Floats]
    """(D, W) by modality."""

    def place(self, modality: Modality, unit_embeds: Array) -> Floats:
        """Return places of unit length (N, W) of embeddings of unit length (N, D).

        Raises:
            DataError: pictures have no place.
        """
        if modality not in self.maps:
            raise DataError(f"the joint space is of music and captions, not of an {modality}")
        return unit_rows((unit_embeds - self.means[modality]) @ self.maps[modality])


def save_joint_head(head: JointHead, path: Path, model_name: str | Path) -> None:
    """Write a head for a model, as half floats."""
    tensors = {
        f"{modality}.{name}": np.ascontiguousarray(values[modality], dtype=np.float16)
        for name, values in (("mean", head.means), ("map", head.maps))
        for modality in JOINT_MODALITIES
    }
    write_whole(path, lambda temporary: save_file(tensors, temporary, _facts(model_name)))


def load_joint_head(model_name: str | Path) -> JointHead:
    """Read the head of a model.

    Raises:
        CheckpointError: the model has none, or it is damaged or was fitted to other weights.
    """
    path = find_folder(model_name) / JOINT_NAME
    if not path.is_file():
        raise CheckpointError(
            f"model {str(model_name)!r} has no joint space: mmva build joint makes {JOINT_NAME}"
        )
    try:
        with safe_open(path, "numpy") as file:
            facts = file.metadata()
            means, maps = (
                {m: file.get_tensor(f"{m}.{name}").astype(np.float32) for m in JOINT_MODALITIES}
                for name in ("mean", "map")
            )
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"cannot read {path}: {error}") from error
    if facts != _facts(model_name):
        raise CheckpointError(f"{path} was fitted to other weights: make it again")
    return JointHead(means, maps)


def _facts(model_name: str | Path) -> dict[str, str]:
    return {"weights": sha256_file(find_folder(model_name) / WEIGHTS_NAME)}
