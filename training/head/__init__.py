"""A model's output layer and the loss above it, of which the logits are never all there at once."""
