"""mmva_core/data/sources."""
