"""MMVA: images, music and musical captions on one valence/arousal plane.

The paper is in six files: `model.py` (the three towers on one plane), `heads.py` (projections and
predictors), `matching_score.py` (Eq. 1), `train/matching.py` (sigma, random matching),
`train/losses.py` (Eq. 2 to 4) and `train/loop.py`. Names are loaded on first use, so that `import
mmva_core` does not import torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
