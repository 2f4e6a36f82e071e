"""Embeddings of the segments of a film, to search, group or train with."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vsumm.config import check_type
from vsumm.files import atomic_output, check_extension
from vsumm.progress import Watch
from vsumm.score import Film, ModelSource, embeds_measurements, measure
from vsumm.summary import Summary

if TYPE_CHECKING:
    from mmva_core import MMVA
    from mmva_core.embedded import EmbeddedModel

FORMATS = (".npz", ".parquet")
"""Extensions that files of embeddings may have."""


@dataclass(frozen=True, eq=False)
class Embeddings:
    """One row per segment; N segments, D numbers (512 with `mmva-lite`)."""

    start_seconds: npt.NDArray[np.float64]
    """Where the segments begin, shape (N,)."""
    end_seconds: npt.NDArray[np.float64]
    """Where they end, shape (N,)."""
    image: npt.NDArray[np.float32] | None
    """Of the picture, shape (N, D); NaN where it is black or unreadable. None without picture."""
    music: npt.NDArray[np.float32] | None
    """Of the sound, shape (N, D); NaN where it is silent or unreadable. None without sound."""

    def __repr__(self) -> str:
        """Return in one line how many rows there are, and of what."""
        arrays = {"image": self.image, "music": self.music}
        shapes = [f"{name} {array.shape}" for name, array in arrays.items() if array is not None]
        return f"<Embeddings of {len(self.start_seconds)} segments: {', '.join(shapes) or 'none'}>"

    def write(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the arrays by their names, as the extension says: .npz or .parquet.

        Raises:
            OutputError: the extension is another one, the package that writes Parquet is missing,
                or the file cannot be written.
        """
        suffix = check_embeddings(path)
        arrays = {name: array for name, array in vars(self).items() if array is not None}
        with atomic_output(path, overwrite=overwrite) as partial:
            if suffix == ".npz":
                with partial.open("wb") as file:
                    np.savez_compressed(file, **arrays)
            else:
                import pandas as pd  # here, since it costs half a second

                columns = {name: list(array) for name, array in arrays.items()}
                pd.DataFrame(columns).to_parquet(partial, index=False)
        return Path(path)


def embed(
    summary: Summary,
    *,
    model: MMVA | EmbeddedModel | ModelSource | None = None,
    progress: bool | Watch = False,
) -> Embeddings:
    """Embed the segments of a summary; reads the film once more.

    Args:
        summary: of which film, and cut into which segments.
        model: a loaded model; the summary's if left out.
        progress: whether to show a bar on stderr, or a function that is told how far it is.

    Raises:
        InputError: the film cannot be read.
        ModelError: the model cannot be loaded.
        TypeError: `summary` is none.
    """
    check_type("summary", summary, isinstance(summary, Summary), "a Summary")
    source = model if isinstance(model, ModelSource) else ModelSource(summary.config, model)
    segments = [row.segment for row in summary.segments]
    film = Film(summary.media, segments, summary.config, source)
    todo = embeds_measurements(film)
    arrays = measure(film, todo, content=summary.input_sha256, progress=progress).arrays
    image, music = arrays.get("image_embeds"), arrays.get("music_embeds")
    return Embeddings(
        np.array([segment.start_seconds for segment in segments]),
        np.array([segment.end_seconds for segment in segments]),
        None if image is None else image.astype(np.float32),
        None if music is None else music.astype(np.float32),
    )


def check_embeddings(path: str | os.PathLike[str]) -> str:
    """Return the form of a file of embeddings by its extension, in lower case.

    Raises:
        OutputError: embeddings are not written in that form.
    """
    return check_extension(path, FORMATS, said="embeddings are written as")
