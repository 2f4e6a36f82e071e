"""Measure highlights on films with labelled zones and moments: `vsumm eval highlights`.

In: a folder of films with labels. Out: AUC, share of the reel, moments hit, beside simple cues.
Open `labels.py` first (the form of the labels), then `run.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
