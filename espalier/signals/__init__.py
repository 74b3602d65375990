"""What a run said of itself while it was trained: signals of its monitors, answers, self-play, and what was done."""
