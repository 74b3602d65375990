"""The language task: a byte-level model of a mix's text."""
