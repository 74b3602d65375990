"""A page on which one watches a run, talks to its checkpoints, and looks inside, while it trains and afterwards."""
