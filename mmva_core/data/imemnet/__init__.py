"""mmva_core/data/imemnet."""
