"""vsumm/reel/compose."""
