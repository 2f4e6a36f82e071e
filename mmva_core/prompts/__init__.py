"""mmva_core/prompts."""
