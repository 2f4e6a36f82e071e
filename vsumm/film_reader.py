"""Let `mmva prompt` read films.

The dependency points from vsumm to mmva_core, never back, and mmva_core knows nothing of films. So
this function is registered under the entry point group `mmva_core.film_reader`, and what goes from
here to there is the summary's JSON text.
"""

from __future__ import annotations

from pathlib import Path

from mmva_core.errors import DataError
from vsumm.config import SummaryConfig
from vsumm.errors import VsummError
from vsumm.files import RecordCache, default_cache_folder
from vsumm.pipeline import summarize


def summary_json(path: Path, model_name: str, progress: bool) -> str:
    """Summarise a film by its picture.

    Args:
        path: the film.
        model_name: embedded model, folder or hub id.
        progress: whether to show a progress bar on stderr.

    Returns:
        The JSON text of the `Summary`.

    Raises:
        DataError: the film cannot be read, or shows nothing.
    """
    # What would be cut is of no interest here, so no film is too short for a budget.
    config = SummaryConfig(by="image", budget_fraction=1.0, model=model_name)
    try:
        cache = RecordCache(default_cache_folder())
        return summarize(path, config, cache=cache, progress=progress).to_json()
    except VsummError as error:
        raise DataError(str(error)) from error
