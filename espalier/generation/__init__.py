"""What a model says, and how likely it finds what others said."""
