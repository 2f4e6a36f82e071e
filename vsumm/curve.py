"""Draw scores over time as a small picture in SVG, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

WIDTH, HEIGHT = 640, 96
"""Size of the picture, in pixels."""
PICK_COLOUR, LINE_COLOUR = "#f2b705", "#35608d"


def curve_svg(
    times: Sequence[tuple[float, float]],
    scores: Sequence[float | None],
    picks: Iterable[tuple[float, float]],
    *,
    title: str,
) -> str:
    """Return the curve of the scores, with what was picked behind it.

    Args:
        times: start and end of every segment, chronological, seconds.
        scores: one per segment, in [0, 1]; the line is broken where there is None.
        picks: start and end of what was picked, seconds.
        title: shown when the mouse rests on it.
    """
    length = max((end for _, end in times), default=0.0) or 1.0
    bars = "".join(
        f'<rect x="{start / length * WIDTH:.1f}" y="0" height="{HEIGHT}" '
        f'width="{(end - start) / length * WIDTH:.1f}" fill="{PICK_COLOUR}" fill-opacity="0.5"/>'
        for start, end in picks
    )
    path = ""
    is_drawing = False
    for (start, end), score in zip(times, scores, strict=True):
        if score is not None:
            x, y = (start + end) / 2 / length * WIDTH, (1 - score) * (HEIGHT - 4) + 2
            path += f"{'L' if is_drawing else 'M'}{x:.1f} {y:.1f}"
        is_drawing = score is not None
    line = f'<path d="{path}" fill="none" stroke="{LINE_COLOUR}" stroke-width="1.5"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img"><title>{escape(title)}</title>'
        f"{bars}{line}</svg>"
    )
