"""Watching a run: check-ins, self-play and monitors, what a policy does about their findings, and the journal."""
