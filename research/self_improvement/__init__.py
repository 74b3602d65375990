"""A model that improves itself on tasks in which better can be told from worse."""
