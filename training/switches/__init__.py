"""Switches: what a model is trained in less memory by. Each is one mechanism, held to the plain path's numbers."""
