"""The loop of self-improvement: its configuration, its steps, its rounds, and what of them is taken."""
