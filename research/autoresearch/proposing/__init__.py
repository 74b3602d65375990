"""Who thinks of the next experiment: a coding agent, a model behind an endpoint, or a search that needs neither."""
