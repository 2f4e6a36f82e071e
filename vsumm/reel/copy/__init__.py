"""vsumm/reel/copy."""
