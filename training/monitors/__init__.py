"""Monitors: what a run looks at in its model while it trains. A file here is a monitor, taken by its name."""
