"""Models behind a server: the client, its answers, what they may cost."""
