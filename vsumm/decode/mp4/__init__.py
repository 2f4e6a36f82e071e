"""vsumm/decode/mp4."""
