"""How well a model predicts what it was not trained on, for lines that rest on its predictions."""

from __future__ import annotations

HELD_OUT = {
    "mmva-lite": "held-out r of arousal .68 for pictures and .75 for music, of valence .57 and "
    ".42: trust arousal more than valence",
}
"""By name of the embedded model; figures of its model card, `mmva_core/weights/mmva-lite`."""


def skill_line(model: str) -> str:
    """Say how well a model predicts valence and arousal.

    >>> skill_line("my-model/")
    'my-model/ says nothing of its skill on held-out data'
    """
    known = HELD_OUT.get(model)
    return f"{model}: {known}" if known else f"{model} says nothing of its skill on held-out data"
