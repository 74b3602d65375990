"""The classroom: session types, each a small class and a template file, and the sessions that are played with them."""
