"""Prompts for music generators.

In: a picture, a film or a point on the plane. Out: the sentences of the templates closest to it.
Open `search.py` first; `templates.toml` holds sentences and words.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
