"""mmva_core/inputs."""
