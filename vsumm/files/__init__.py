"""vsumm/files."""
