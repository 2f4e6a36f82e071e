"""A page of what was found: of each stretch a picture, film, time, place on the plane and why."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmva_core.clock import clock_text
from vsumm.errors import InputError
from vsumm.files import atomic_output, shown
from vsumm.film_library.search import Found
from vsumm.media import probe
from vsumm.report import data_uri, film_href, fit_width, images_at, render_page
from vsumm.words import counted

PICTURE_WIDTH = 240
"""Width of a picture, pixels."""


def write_page(
    found: Sequence[Found],
    path: str | os.PathLike[str],
    *,
    title: str,
    overwrite: bool = False,
) -> Path:
    """Write an HTML page; films are linked by their paths relative to it.

    A film that is gone, or whose picture cannot be read, has no picture on the page.

    Args:
        found: what was found, best first.
        path: where to write.
        title: what was looked for.
        overwrite: whether a file that is there already may be replaced.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_output(path, overwrite=overwrite) as partial:
        partial.write_text(_page(found, Path(path).parent, title), encoding="utf-8")
    return Path(path)


def _page(found: Sequence[Found], folder: Path, title: str) -> str:
    pictures = _pictures(found)
    num_films = len({one.film.sha256 for one in found})
    lede = f"{counted(len(found), 'stretch', 'stretches')} of {counted(num_films, 'film')}"
    cells = [_cells(one, folder, pictures) for one in found]
    return render_page("found.html.j2", {"title": title, "lede": lede, "found": cells})


def _pictures(found: Sequence[Found]) -> dict[tuple[str, float], tuple[str, int, int]]:
    """Read the pictures, all those of a film at once."""
    times: dict[Path, list[Found]] = {}
    for one in found:
        times.setdefault(one.film.path, []).append(one)
    pictures = {}
    for path, members in times.items():
        try:
            info = probe(path)
        except InputError:  # gone, or changed since it was added: the page says no more of it
            continue
        images = images_at(info, [one.best_seconds for one in members], short_side=PICTURE_WIDTH)
        for time, image in images.items():
            small = fit_width(image, PICTURE_WIDTH)
            pictures[members[0].film.sha256, time] = (data_uri(small), *small.size)
    return pictures


def _cells(
    one: Found, folder: Path, pictures: Mapping[tuple[str, float], tuple[str, int, int]]
) -> dict[str, Any]:
    start, end = one.segment.start_seconds, one.segment.end_seconds
    place = (one.film.sha256, one.best_seconds)
    image, width, height = pictures.get(place, (None, 0, 0))
    return {
        "image": image,
        "width": width,
        "height": height,
        "href": film_href(one.film.path, folder),
        "film": shown(one.film.path.name),
        "recorded": one.film.recorded,
        "gone_since": one.film.gone_since,
        "start": repr(start),
        "end": repr(end),
        "clock": f"{clock_text(start)} – {clock_text(end)}",
        "seconds": one.segment.duration_seconds,
        "plane": ", ".join("–" if v is None else f"{v:.2f}" for v in (one.valence, one.arousal)),
        "why": one.why,
    }
