"""Turn any video into a highlight reel within a time budget."""
