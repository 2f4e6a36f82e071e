"""eval/protocol."""
