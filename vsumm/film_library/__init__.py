"""A library of films: every segment of many films in one embedded store that can be searched.

In: films. Out: their stretches that fit words, a picture, a sound or a mood; reels and pages.
Open `store.py` first (what is kept, and how it survives), then `add.py` and `search.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
