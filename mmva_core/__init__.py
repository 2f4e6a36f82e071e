"""MMVA: images, music and musical captions on one valence/arousal plane."""
