"""vsumm/decode."""
