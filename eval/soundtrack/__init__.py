"""Measure how music follows films: `vsumm eval soundtrack`.

In: films with labelled zones, and open music with labels of arousal. Out: how well the labels of
the chosen music follow those of the film, beside loudness and chance.
Open `study.py` first; `pieces.py` cuts the films.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
