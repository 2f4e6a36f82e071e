"""mmva_core/data/open."""
