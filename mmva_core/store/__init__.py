"""mmva_core/store."""
