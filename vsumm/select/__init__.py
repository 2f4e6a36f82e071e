"""vsumm/select."""
