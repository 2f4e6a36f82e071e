"""eval/output."""
