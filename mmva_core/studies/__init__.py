"""mmva_core/studies."""
