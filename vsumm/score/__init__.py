"""vsumm/score."""
