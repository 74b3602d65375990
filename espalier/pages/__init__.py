"""Pages that this machine serves to a browser: who may come in, from where, and how they look."""
