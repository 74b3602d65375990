"""What a reward model is taught by, and how far it has come on what is held out."""
