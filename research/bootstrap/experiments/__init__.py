"""Levers as controlled experiments: arms that differ from a baseline in a few keys, over seeds, at equal budgets."""
