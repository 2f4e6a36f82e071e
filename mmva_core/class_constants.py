"""Constants of `mmva_core.class_predictor`. Nothing here imports torch."""

NUM_CLASSES = 1000
"""K: the classes of ImageNet."""
TEMPERATURE = 8.0
"""What class logits are divided by before they become weights: with few hundred pictures, related
classes must share what is learned."""
VALENCE_WEIGHT = 0.3
"""Weight of the linear kernel of the names' valence. It is hardly penalised at all."""
