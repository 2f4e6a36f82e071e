"""vsumm/workers."""
