"""Read and encode sources with one model, in this process or by an engine.

Torch is loaded through the lazy faces, with the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

import mmva_core
from mmva_core import retrieval
from mmva_core.engines import ATTEMPTS, Engine, run_tasks
from mmva_core.errors import DataError
from mmva_core.retrieval.index import ItemRows
from mmva_core.retrieval.sources import Source

if TYPE_CHECKING:
    from mmva_core.model import MMVA
    from mmva_core.retrieval.encode import Content

Encoded: TypeAlias = tuple[ItemRows, float | None]
"""The rows of a content and, of music, its share of speech."""


class Encoder:
    """A model that encodes sources; the first one that is read or encoded loads it.

    Args:
        model_name: embedded model, folder or hub id.
        device: where to run it: "auto", "cpu" or "cuda".
    """

    def __init__(self, model_name: str, device: str) -> None:
        self.model_name, self.device = model_name, device
        self._model: MMVA | None = None
        self._loading = Lock()  # two threads may be the first to need it

    @property
    def model(self) -> MMVA:
        """The model.

        Raises:
            CheckpointError: it cannot be loaded.
        """
        with self._loading:
            if self._model is None:
                self._model = mmva_core.MMVA.from_pretrained(self.model_name, device=self.device)
            return self._model

    def read(self, source: Source) -> Content:
        """Read the content of a source.

        Raises:
            DataError: it cannot be read.
        """
        rate = self.model.music_sample_rate if source.modality == "music" else 0
        return retrieval.read_content(source.modality, source.path or source.name, rate)

    def encode(self, source: Source, content: Content) -> Encoded:
        """Encode the content of a source.

        Raises:
            DataError: the sound has values that are not finite.
        """
        rows = retrieval.encode_content(self.model, source.modality, content)
        if source.modality != "music":
            return rows, None
        samples = np.asarray(content, np.float32)
        return rows, retrieval.speech_share(samples, self.model.music_sample_rate)


def encode_by(
    engine: Engine, encoder: Encoder, sources: Mapping[str, Source]
) -> Iterator[tuple[str, Encoded | DataError]]:
    """Have sources read and encoded by an engine.

    Args:
        engine: who does it.
        encoder: names the model, which is not loaded here.
        sources: by what they are told from each other.

    Yields:
        The name of each source with what came of it, as it ends.

    Raises:
        CheckpointError: the model cannot be loaded.
    """
    tasks = [
        _Task(name, source, encoder.model_name, encoder.device) for name, source in sources.items()
    ]
    for task, future in run_tasks(engine, _encode, tasks):
        try:
            yield task.name, future.result()
        except DataError as error:
            yield task.name, error
        except engine.lost as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            yield task.name, DataError(f"{ATTEMPTS} processes died that encoded it: {reason}")


@dataclass(frozen=True)
class _Task:
    name: str
    source: Source
    model_name: str
    device: str


_encoders: dict[tuple[str, str], Encoder] = {}
"""The models of this process, where it works for another one."""


def _encode(task: _Task) -> Encoded:
    model = task.model_name, task.device
    encoder = _encoders.setdefault(model, Encoder(*model))
    return encoder.encode(task.source, encoder.read(task.source))
