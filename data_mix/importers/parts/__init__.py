"""What importers share: turns, speakers, contents, weights, the keys that are read and counted."""
