"""Words, and the languages they are of: one way for all that compares texts."""
