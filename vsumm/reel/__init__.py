"""vsumm/reel."""
