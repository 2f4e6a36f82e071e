"""Measure music under films: `vsumm eval soundtrack`, `beats` and `ducking`.

In: films with labelled zones, and open music with labels of arousal. Out: how well the labels of
the chosen music follow those of the film, beside loudness and chance.
Open `study.py` first; `pieces.py` cuts the films. `beats.py` judges beats, `cuts.py` cuts on them,
`voices.py` the speech that music masks.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
