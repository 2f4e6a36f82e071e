"""mmva_core/cli."""
