"""vsumm/batch."""
