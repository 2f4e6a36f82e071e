"""mmva_core/towers."""
