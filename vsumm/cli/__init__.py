"""vsumm/cli."""
