"""Files to look at a summary by: which ones, where to, and writing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vsumm import embeddings, report
from vsumm.errors import NoSignalError
from vsumm.files import check_output, shown
from vsumm.media import MediaInfo
from vsumm.progress import Watch
from vsumm.score import ModelSource
from vsumm.summary import Summary, check_table


@dataclass(frozen=True)
class Views:
    """Where to write what shows a summary; None: not wanted."""

    report: Path | None = None
    """HTML page."""
    contact_sheet: Path | None = None
    """JPEG file with a picture of every pick."""
    poster: Path | None = None
    """JPEG file of the best frame."""
    preview: Path | None = None
    """GIF or WebP file of a few seconds."""
    table: Path | None = None
    """CSV or Parquet file with the signals of every segment."""
    embeddings: Path | None = None
    """NPZ or Parquet file with the embeddings of every segment."""

    @property
    def pictures(self) -> dict[str, Path]:
        """Those of them that need a film with a picture, by their names."""
        paths = {
            "contact sheet": self.contact_sheet,
            "poster": self.poster,
            "preview": self.preview,
        }
        return {name: path for name, path in paths.items() if path is not None}


def check_views(
    views: Views, info: MediaInfo, *, overwrite: bool, inputs: Iterable[Path] = ()
) -> None:
    """Check before the work starts what can be written.

    Raises:
        NoSignalError: a picture is wanted of a file that has none.
        OutputError: see `check_output` and `check_preview`.
    """
    if views.pictures and info.video is None:
        name = next(iter(views.pictures))
        raise NoSignalError(f"{shown(info.path)}: there is no picture to make a {name} from")
    if views.preview is not None:
        report.check_preview(views.preview)
    if views.table is not None:
        check_table(views.table)
    if views.embeddings is not None:
        embeddings.check_embeddings(views.embeddings)
    others = (views.report, views.table, views.embeddings)
    for path in (*others, *views.pictures.values()):
        if path is not None:
            check_output(path, overwrite=overwrite, inputs=inputs)


def write_views(
    views: Views,
    summary: Summary,
    summary_path: Path,
    *,
    overwrite: bool,
    source: ModelSource,
    watch: Watch,
) -> None:
    """Write all files that are wanted.

    Args:
        views: which.
        summary: what they show.
        summary_path: where it lies.
        overwrite: whether files that are there already may be replaced.
        source: the model, for embeddings.
        watch: is told how far those are.

    Raises:
        NoSignalError: nothing was picked that could be shown, or no frame can be read.
        OutputError: a file cannot be written.
    """
    if views.report:
        report.write_report(summary, views.report, summary_path=summary_path, overwrite=overwrite)
    if views.contact_sheet:
        report.write_contact_sheet(summary, views.contact_sheet, overwrite=overwrite)
    if views.poster:
        report.write_poster(summary, views.poster, overwrite=overwrite)
    if views.preview:
        report.write_preview(summary, views.preview, overwrite=overwrite)
    if views.table:
        summary.write_table(views.table, overwrite=overwrite)
    if views.embeddings:
        found = embeddings.embed(summary, model=source, progress=watch)
        found.write(views.embeddings, overwrite=overwrite)
