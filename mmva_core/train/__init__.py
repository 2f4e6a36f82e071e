"""mmva_core/train."""
