"""One page that shows what was picked, what nearly was, and why: no server, no second file.

Everything that can be read is in the HTML; a short script adds playing and editing. The page's own
security policy forbids every request but the one for the film.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup
from PIL import Image

from vsumm._version import __version__
from vsumm.files import atomic_output
from vsumm.report.content import Cells, Pictures, page_content
from vsumm.report.frames import fit_width, images_at, jpeg_bytes
from vsumm.report.moments import Moment, picks_of, runners_up_of
from vsumm.report.poster import best_of
from vsumm.summary import Summary

WIDTHS = ((60, 320), (120, 240), (300, 160))
"""Widths of thumbnails, pixels, for up to so many of them; more keep the page small by less."""
SMALLEST_WIDTH = 104
"""Width of thumbnails where there are still more."""
COVER_SIDE = 360
"""Short side of the picture in the player before it plays, pixels."""
THUMBNAIL_QUALITY = 72
"""JPEG quality of all pictures in the page."""


def write_report(
    summary: Summary,
    path: str | os.PathLike[str],
    *,
    summary_path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the page; the film is linked by its path relative to it.

    Args:
        summary: what to show; thumbnails are read from its film.
        path: where to write.
        summary_path: the JSON form of the summary, for the command line that the page offers;
            beside the page, with the name of the film, if left out.
        overwrite: whether a file that is there already may be replaced.

    Raises:
        OutputError: the file cannot be written.
    """
    text = render_report(summary, path, summary_path=summary_path)
    with atomic_output(path, overwrite=overwrite) as partial:
        partial.write_text(text, encoding="utf-8")
    return Path(path)


def render_report(
    summary: Summary,
    path: str | os.PathLike[str],
    *,
    summary_path: str | os.PathLike[str] | None = None,
) -> str:
    """Return the page that `write_report` writes; the same summary and film give the same text."""
    picks, runners_up = picks_of(summary), runners_up_of(summary)
    beside = Path(path).with_name(f"{summary.media.path.stem}.summary.json")
    content = page_content(
        summary,
        picks,
        runners_up,
        pictures=_pictures(summary, [*picks, *runners_up]),
        folder=Path(path).parent,
        summary_path=Path(summary_path or beside),
    )
    return render_page("report.html.j2", content, script=_resource("report.js"))


def _pictures(summary: Summary, moments: Sequence[Moment]) -> Pictures:
    """Read a thumbnail of every moment, and a larger picture of the best one."""
    count = len(moments)
    width = next((width for most, width in WIDTHS if count <= most), SMALLEST_WIDTH)
    times = [moment.best_seconds for moment in moments]
    images = images_at(summary.media, times, short_side=width)
    thumbnails = {time: fit_width(image, width) for time, image in images.items()}
    scores = {moment.best_seconds: moment.score for moment in moments}
    best = [best_of(images, scores)] if images else []
    covers = images_at(summary.media, best, short_side=COVER_SIDE)
    return Pictures(
        thumbnails={time: (data_uri(image), *image.size) for time, image in thumbnails.items()},
        cover=next((data_uri(image) for image in covers.values()), None),
    )


def data_uri(image: Image.Image) -> str:
    """Return a picture as the address that an HTML page shows without another file."""
    data = jpeg_bytes(image, quality=THUMBNAIL_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"


def render_page(template: str, content: Cells, *, script: str = "") -> str:
    """Return a page that asks no server for anything.

    Args:
        template: name of a template in `vsumm/report/page`.
        content: the values of its variables, which it escapes.
        script: our own script, the only one that the page may run.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("vsumm.report", "page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The order of the signals is that of the columns: it must not be sorted.
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    css = _resource("report.css")
    text = environment.get_template(template).render(
        **content,
        version=__version__,
        css=Markup(css),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=_policy(f"\n{script}"),
    )
    # A file name that is no UTF-8 cannot be written as it is; its odd bytes become question marks.
    return text.encode("utf-8", "replace").decode("utf-8")


def _resource(name: str) -> str:
    return (Path(__file__).parent / "page" / name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    """Allow our own script and nothing from anywhere but the film."""
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return "; ".join(
        [
            "default-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "img-src data:",
            "media-src 'self' file:",
            "style-src 'unsafe-inline'",
            f"script-src 'sha256-{digest}'",
        ]
    )
