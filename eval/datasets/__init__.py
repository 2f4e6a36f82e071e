"""eval/datasets."""
