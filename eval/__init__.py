"""Measure summaries and valence/arousal predictions the way the field does."""
