"""mmva_core/retrieval."""
