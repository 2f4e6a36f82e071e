"""eval/speed."""
