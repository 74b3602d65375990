"""Watching a run: check-ins, self-play and monitors at their steps, what a policy does about what they find, a journal."""
