"""What a reward model is worth: what its rewards mean, and how far they hold on what it was not taught by."""
