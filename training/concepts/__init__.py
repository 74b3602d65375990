"""Concepts that training is not to change: found in a model's states, kept there, and measured while it trains."""
