"""vsumm/media."""
