"""What a model computes of a text: what can be read off in its layers, what it would say there, what it looks at."""
