"""mmva_core/lite."""
