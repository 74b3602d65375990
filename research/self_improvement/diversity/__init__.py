"""Against collapse: how different challenges and performances are, what repeats what, and what is kept to draw from."""
