"""The families of tasks: a folder each, which defines one `Family`."""
