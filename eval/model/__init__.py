"""eval/model."""
