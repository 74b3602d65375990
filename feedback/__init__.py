"""Learning from teachers: what they rate, what models say now, rewards, preferences, and the loop over them."""
